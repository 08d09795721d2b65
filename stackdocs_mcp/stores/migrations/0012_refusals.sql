-- Of a user's refusals in a day (UTC) only some have rows of their own; one row counts the others,
-- and is the one that has a day here.
ALTER TABLE denials ADD COLUMN count INTEGER NOT NULL DEFAULT 1 CHECK (count > 0);
ALTER TABLE denials ADD COLUMN counted_day INTEGER;

CREATE UNIQUE INDEX denials_counted ON denials (user_id, counted_day)
    WHERE counted_day IS NOT NULL;

DROP INDEX denials_by_user;
CREATE INDEX denials_by_user ON denials (user_id, at, id);
DROP INDEX denials_by_age;
CREATE INDEX denials_by_age ON denials (at, id);
