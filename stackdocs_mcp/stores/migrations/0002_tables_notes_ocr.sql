-- Read with the page. Lines carry their words and raw texts from now on: see stores/leaves.py.
ALTER TABLE pages ADD COLUMN tables TEXT NOT NULL DEFAULT '[]';
ALTER TABLE pages ADD COLUMN notes TEXT NOT NULL DEFAULT '[]';

-- What a paid engine has charged for.
ALTER TABLE documents ADD COLUMN billed_pages INTEGER NOT NULL DEFAULT 0
    CHECK (billed_pages >= 0);

-- How the stack's documents are read: {"engine", "mode", "languages"}, each may be missing.
ALTER TABLE stacks ADD COLUMN ocr TEXT NOT NULL DEFAULT '{}';

-- Who reads these bytes now, whatever stack they are in. There are never many.
CREATE INDEX documents_claimed ON documents (sha256, claimed_until) WHERE claimed_until IS NOT NULL;
