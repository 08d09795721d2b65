-- How often a document's pages were given up to be read anew.
ALTER TABLE documents ADD COLUMN readings INTEGER NOT NULL DEFAULT 0 CHECK (readings >= 0);
