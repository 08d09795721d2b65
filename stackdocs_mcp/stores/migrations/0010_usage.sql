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
