-- Times are microseconds since 1970 in UTC. Ids are UUIDs as text, made by the server.
-- Everything inside a stack has the stack in its key, so that no reference can cross stacks.

CREATE TABLE stacks (
    id           TEXT NOT NULL PRIMARY KEY,
    user_id      TEXT NOT NULL,
    name         TEXT NOT NULL,
    folder       TEXT,
    field_schema TEXT,
    instructions TEXT NOT NULL,
    policy       TEXT NOT NULL,
    created_at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX stacks_by_name ON stacks (user_id, name) WHERE folder IS NULL;
CREATE UNIQUE INDEX stacks_by_folder ON stacks (user_id, folder) WHERE folder IS NOT NULL;
CREATE INDEX stacks_by_user ON stacks (user_id, name, id);

CREATE TABLE documents (
    stack_id           TEXT NOT NULL REFERENCES stacks (id),
    id                 TEXT NOT NULL,
    extraction_id      TEXT NOT NULL,
    filename           TEXT NOT NULL,
    folded_name        TEXT NOT NULL,
    sha256             TEXT NOT NULL,
    size               INTEGER NOT NULL,
    media_type         TEXT,
    status             TEXT NOT NULL
        CHECK (status IN ('processing', 'ocr_complete', 'completed', 'failed')),
    pages              INTEGER NOT NULL DEFAULT 0,
    pages_done         INTEGER NOT NULL DEFAULT 0,
    pages_without_text INTEGER NOT NULL DEFAULT 0,
    failure_code       TEXT,
    failure_message    TEXT,
    failure_advice     TEXT,
    superseded_by      TEXT,
    claimed_by         TEXT,
    claimed_until      INTEGER,
    created_at         INTEGER NOT NULL,
    updated_at         INTEGER NOT NULL,
    PRIMARY KEY (stack_id, id),
    FOREIGN KEY (stack_id, superseded_by) REFERENCES documents (stack_id, id),
    FOREIGN KEY (stack_id, extraction_id) REFERENCES extractions (stack_id, id)
        DEFERRABLE INITIALLY DEFERRED,
    CHECK ((status = 'failed') = (failure_code IS NOT NULL))
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX documents_by_content ON documents (stack_id, sha256);
CREATE INDEX documents_by_age ON documents (stack_id, created_at, id);
CREATE INDEX documents_by_status ON documents (stack_id, status, created_at, id);
CREATE INDEX documents_superseded ON documents (stack_id, superseded_by)
    WHERE superseded_by IS NOT NULL;

-- What was read of some bytes by some engine is kept once for a user, whatever stacks they are in.
CREATE TABLE pages (
    id           INTEGER PRIMARY KEY,
    user_id      TEXT NOT NULL,
    sha256       TEXT NOT NULL,
    engine       TEXT NOT NULL,
    number       INTEGER NOT NULL CHECK (number > 0),
    width        REAL NOT NULL,
    height       REAL NOT NULL,
    rotation     INTEGER NOT NULL,
    source       TEXT NOT NULL,
    line_count   INTEGER NOT NULL,
    hidden_lines INTEGER NOT NULL,
    characters   INTEGER NOT NULL,
    lines        TEXT NOT NULL,
    UNIQUE (user_id, sha256, engine, number)
) STRICT;

-- The pages that count for a document. The single-column key is what the text index points at.
CREATE TABLE document_pages (
    ref         INTEGER PRIMARY KEY,
    stack_id    TEXT NOT NULL,
    document_id TEXT NOT NULL,
    number      INTEGER NOT NULL,
    page_id     INTEGER NOT NULL REFERENCES pages (id),
    read        INTEGER NOT NULL DEFAULT 0,
    UNIQUE (stack_id, document_id, number),
    FOREIGN KEY (stack_id, document_id) REFERENCES documents (stack_id, id)
) STRICT;

CREATE INDEX document_pages_by_page ON document_pages (page_id);

-- One row for each visible line; the text itself is in pages. See stores/search.py for the tokens.
CREATE VIRTUAL TABLE line_index USING fts5 (
    document, words, content = '', tokenize = 'unicode61 remove_diacritics 2'
);

CREATE TABLE extractions (
    stack_id    TEXT NOT NULL,
    id          TEXT NOT NULL,
    document_id TEXT NOT NULL,
    revision    INTEGER NOT NULL DEFAULT 0,
    fields      INTEGER NOT NULL DEFAULT 0 CHECK (fields >= 0),
    flagged     INTEGER NOT NULL DEFAULT 0 CHECK (flagged BETWEEN 0 AND fields),
    created_at  INTEGER NOT NULL,
    PRIMARY KEY (stack_id, id),
    FOREIGN KEY (stack_id, document_id) REFERENCES documents (stack_id, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX extractions_by_document ON extractions (stack_id, document_id);

-- A leaf is one JSON text: value, evidence, confidence, warnings. See stores/leaves.py.
CREATE TABLE fields (
    stack_id      TEXT NOT NULL,
    extraction_id TEXT NOT NULL,
    key           TEXT NOT NULL,
    revision      INTEGER NOT NULL,
    actor_kind    TEXT NOT NULL,
    actor_client  TEXT NOT NULL,
    at            INTEGER NOT NULL,
    leaf          TEXT NOT NULL,
    PRIMARY KEY (stack_id, extraction_id, key),
    FOREIGN KEY (stack_id, extraction_id) REFERENCES extractions (stack_id, id)
) STRICT, WITHOUT ROWID;

-- Append-only but for "standing": whether the effect of the change has not been undone.
CREATE TABLE changes (
    stack_id        TEXT NOT NULL,
    extraction_id   TEXT NOT NULL,
    revision        INTEGER NOT NULL,
    ordinal         INTEGER NOT NULL,
    document_id     TEXT NOT NULL,
    sequence        INTEGER NOT NULL,
    action          TEXT NOT NULL CHECK (action IN ('set', 'delete', 'undo', 'complete')),
    path            TEXT NOT NULL,
    actor_kind      TEXT NOT NULL,
    actor_client    TEXT NOT NULL,
    at              INTEGER NOT NULL,
    undoes_revision INTEGER,
    undoes_ordinal  INTEGER,
    reason          TEXT NOT NULL DEFAULT '',
    acknowledged    TEXT NOT NULL DEFAULT '[]',
    standing        INTEGER NOT NULL DEFAULT 1,
    PRIMARY KEY (stack_id, extraction_id, revision, ordinal),
    FOREIGN KEY (stack_id, extraction_id) REFERENCES extractions (stack_id, id),
    FOREIGN KEY (stack_id, document_id) REFERENCES documents (stack_id, id),
    FOREIGN KEY (stack_id, extraction_id, undoes_revision, undoes_ordinal)
        REFERENCES changes (stack_id, extraction_id, revision, ordinal)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX changes_by_sequence ON changes (stack_id, sequence);
CREATE INDEX changes_by_document ON changes (stack_id, document_id, sequence);
CREATE INDEX changes_to_undo ON changes (stack_id, extraction_id, revision, ordinal)
    WHERE standing = 1 AND action IN ('set', 'delete');

-- All leaves at a change's path. Where "touched" is 0 the leaf stayed and "after" is left out.
CREATE TABLE change_leaves (
    stack_id      TEXT NOT NULL,
    extraction_id TEXT NOT NULL,
    revision      INTEGER NOT NULL,
    ordinal       INTEGER NOT NULL,
    key           TEXT NOT NULL,
    touched       INTEGER NOT NULL,
    before        TEXT,
    after         TEXT,
    PRIMARY KEY (stack_id, extraction_id, revision, ordinal, key),
    FOREIGN KEY (stack_id, extraction_id, revision, ordinal)
        REFERENCES changes (stack_id, extraction_id, revision, ordinal)
) STRICT, WITHOUT ROWID;

CREATE INDEX change_leaves_by_key
    ON change_leaves (stack_id, extraction_id, key, revision, ordinal) WHERE touched = 1;

CREATE TABLE folder_files (
    stack_id    TEXT NOT NULL REFERENCES stacks (id),
    name        TEXT NOT NULL,
    size        INTEGER NOT NULL,
    modified_ns INTEGER NOT NULL,
    document_id TEXT NOT NULL,
    PRIMARY KEY (stack_id, name),
    FOREIGN KEY (stack_id, document_id) REFERENCES documents (stack_id, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX folder_files_by_document ON folder_files (stack_id, document_id);
