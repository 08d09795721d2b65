-- How many readers in a row let their claim run out, with no new page in between.
ALTER TABLE documents ADD COLUMN abandoned INTEGER NOT NULL DEFAULT 0 CHECK (abandoned >= 0);
