-- The history says whose call it was, keeps locks, and is chained: see stores/chain.py.
ALTER TABLE documents ADD COLUMN digest TEXT NOT NULL DEFAULT '';

-- A document's extractions, from 1; the last one counts.
ALTER TABLE extractions ADD COLUMN number INTEGER NOT NULL DEFAULT 1 CHECK (number > 0);
DROP INDEX extractions_by_document;
CREATE UNIQUE INDEX extractions_by_number ON extractions (stack_id, document_id, number);

-- What a person wrote, and agents leave as it is.
ALTER TABLE fields ADD COLUMN locked INTEGER NOT NULL DEFAULT 0 CHECK (locked IN (0, 1));
CREATE INDEX fields_locked ON fields (stack_id, extraction_id, key) WHERE locked = 1;

-- Append-only but for "standing": whether the effect of the change has not been undone.
CREATE TABLE chained_changes (
    stack_id        TEXT NOT NULL,
    extraction_id   TEXT NOT NULL,
    revision        INTEGER NOT NULL,
    ordinal         INTEGER NOT NULL,
    document_id     TEXT NOT NULL,
    sequence        INTEGER NOT NULL,
    action          TEXT NOT NULL CHECK (
        action IN ('set', 'delete', 'undo', 'redo', 'release', 'complete', 'start')
    ),
    path            TEXT NOT NULL,
    user_id         TEXT NOT NULL,
    actor_kind      TEXT NOT NULL,
    actor_client    TEXT NOT NULL,
    at              INTEGER NOT NULL,
    undoes_revision INTEGER,
    undoes_ordinal  INTEGER,
    reason          TEXT NOT NULL DEFAULT '',
    acknowledged    TEXT NOT NULL DEFAULT '[]',
    standing        INTEGER NOT NULL DEFAULT 1,
    digest          TEXT NOT NULL,
    PRIMARY KEY (stack_id, extraction_id, revision, ordinal),
    FOREIGN KEY (stack_id, extraction_id) REFERENCES extractions (stack_id, id),
    FOREIGN KEY (stack_id, document_id) REFERENCES documents (stack_id, id),
    FOREIGN KEY (stack_id, extraction_id, undoes_revision, undoes_ordinal)
        REFERENCES chained_changes (stack_id, extraction_id, revision, ordinal)
) STRICT, WITHOUT ROWID;

INSERT INTO chained_changes
SELECT c.stack_id, c.extraction_id, c.revision, c.ordinal, c.document_id, c.sequence, c.action,
    c.path, s.user_id, c.actor_kind, c.actor_client, c.at, c.undoes_revision, c.undoes_ordinal,
    c.reason, c.acknowledged, c.standing, ''
FROM changes AS c JOIN stacks AS s ON s.id = c.stack_id
ORDER BY c.stack_id, c.extraction_id, c.revision, c.ordinal;

-- All leaves at a change's path. Where "touched" is 0 the leaf stayed and "after" is left out.
CREATE TABLE chained_change_leaves (
    stack_id      TEXT NOT NULL,
    extraction_id TEXT NOT NULL,
    revision      INTEGER NOT NULL,
    ordinal       INTEGER NOT NULL,
    key           TEXT NOT NULL,
    touched       INTEGER NOT NULL,
    before        TEXT,
    after         TEXT,
    locked_before INTEGER NOT NULL DEFAULT 0,
    locked_after  INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (stack_id, extraction_id, revision, ordinal, key),
    FOREIGN KEY (stack_id, extraction_id, revision, ordinal)
        REFERENCES chained_changes (stack_id, extraction_id, revision, ordinal)
) STRICT, WITHOUT ROWID;

INSERT INTO chained_change_leaves
SELECT stack_id, extraction_id, revision, ordinal, key, touched, before, after, 0, 0
FROM change_leaves ORDER BY stack_id, extraction_id, revision, ordinal, key;

-- Dropping a table deletes its rows, and looks for what refers to each: by this, not one by one.
CREATE INDEX changes_by_undone
    ON changes (stack_id, extraction_id, undoes_revision, undoes_ordinal);

-- Renaming takes the references of both tables along.
DROP TABLE change_leaves;
DROP TABLE changes;
ALTER TABLE chained_changes RENAME TO changes;
ALTER TABLE chained_change_leaves RENAME TO change_leaves;

CREATE UNIQUE INDEX changes_by_sequence ON changes (stack_id, sequence);
CREATE INDEX changes_by_document ON changes (stack_id, document_id, sequence);
CREATE INDEX changes_to_undo ON changes (stack_id, extraction_id, revision, ordinal)
    WHERE standing = 1 AND action IN ('set', 'delete', 'release');
CREATE INDEX changes_to_redo ON changes (stack_id, extraction_id, revision, ordinal)
    WHERE standing = 1 AND action = 'undo';
CREATE INDEX change_leaves_by_key
    ON change_leaves (stack_id, extraction_id, key, revision, ordinal) WHERE touched = 1;
