-- Tables, notes and what they say is read with the page; lines carry their words and raw texts.
ALTER TABLE pages ADD COLUMN tables TEXT NOT NULL DEFAULT '[]';
ALTER TABLE pages ADD COLUMN notes TEXT NOT NULL DEFAULT '[]';

-- What a paid engine has charged for.
ALTER TABLE documents ADD COLUMN billed_pages INTEGER NOT NULL DEFAULT 0
    CHECK (billed_pages >= 0);

-- How the stack's documents are read: {"engine", "mode", "languages"}, each may be missing.
ALTER TABLE stacks ADD COLUMN ocr TEXT NOT NULL DEFAULT '{}';
