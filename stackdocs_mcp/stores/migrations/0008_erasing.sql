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
