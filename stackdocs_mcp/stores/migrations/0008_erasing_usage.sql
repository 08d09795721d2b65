-- A stack with a time here is gone for everybody, and is being erased. That is never taken back.
ALTER TABLE stacks ADD COLUMN deleted_at INTEGER;

-- Its name and its folder are free for another one.
DROP INDEX stacks_by_name;
DROP INDEX stacks_by_folder;
CREATE UNIQUE INDEX stacks_by_name ON stacks (user_id, name)
    WHERE folder IS NULL AND deleted_at IS NULL;
CREATE UNIQUE INDEX stacks_by_folder ON stacks (user_id, folder)
    WHERE folder IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX stacks_deleted ON stacks (deleted_at) WHERE deleted_at IS NOT NULL;

CREATE TRIGGER stacks_stay_deleted BEFORE UPDATE OF deleted_at ON stacks
WHEN OLD.deleted_at IS NOT NULL
BEGIN
    SELECT raise(ABORT, 'a deleted stack does not come back');
END;

-- The history goes with its stack, and in no other way.
DROP TRIGGER changes_remain;
CREATE TRIGGER changes_remain BEFORE DELETE ON changes
WHEN NOT EXISTS (SELECT 1 FROM stacks WHERE id = OLD.stack_id AND deleted_at IS NOT NULL)
BEGIN
    SELECT raise(ABORT, 'the history is append-only');
END;

DROP TRIGGER change_leaves_remain;
CREATE TRIGGER change_leaves_remain BEFORE DELETE ON change_leaves
WHEN NOT EXISTS (SELECT 1 FROM stacks WHERE id = OLD.stack_id AND deleted_at IS NOT NULL)
BEGIN
    SELECT raise(ABORT, 'the history is append-only');
END;

-- Files that no document had when its stack was erased. They are removed after that is on disk.
CREATE TABLE erased_files (
    user_id TEXT NOT NULL,
    sha256  TEXT NOT NULL,
    PRIMARY KEY (user_id, sha256)
) STRICT, WITHOUT ROWID;

-- What each user has used, by month (202611), with what is reserved for work that is under way.
CREATE TABLE usage (
    user_id   TEXT NOT NULL,
    month     INTEGER NOT NULL,
    documents INTEGER NOT NULL DEFAULT 0 CHECK (documents >= 0),
    pages     INTEGER NOT NULL DEFAULT 0 CHECK (pages >= 0),
    ocr_pages INTEGER NOT NULL DEFAULT 0 CHECK (ocr_pages >= 0),
    PRIMARY KEY (user_id, month)
) STRICT, WITHOUT ROWID;

-- Who is charged for a document, and what of the usage above is reserved for it, in which month.
ALTER TABLE documents ADD COLUMN added_by TEXT NOT NULL DEFAULT '';
ALTER TABLE documents ADD COLUMN reserved_pages INTEGER NOT NULL DEFAULT 0
    CHECK (reserved_pages >= 0);
ALTER TABLE documents ADD COLUMN reserved_pages_in INTEGER NOT NULL DEFAULT 0;
ALTER TABLE documents ADD COLUMN reserved_ocr INTEGER NOT NULL DEFAULT 0
    CHECK (reserved_ocr >= 0);
ALTER TABLE documents ADD COLUMN reserved_ocr_in INTEGER NOT NULL DEFAULT 0;

UPDATE documents SET added_by = (SELECT user_id FROM stacks WHERE id = documents.stack_id);
