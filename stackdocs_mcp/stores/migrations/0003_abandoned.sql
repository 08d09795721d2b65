-- How many processes in a row ended while they read the document, with no page in between.
ALTER TABLE documents ADD COLUMN abandoned INTEGER NOT NULL DEFAULT 0 CHECK (abandoned >= 0);
