-- What changed last in each stack, for those who listen: a row for each thing, under a new number
-- with each change. Numbers only grow, in the order in which changes are committed, and none is
-- given twice. See core/events.py.
CREATE TABLE news (
    number      INTEGER PRIMARY KEY AUTOINCREMENT,
    stack_id    TEXT NOT NULL,
    about       TEXT NOT NULL
        CHECK (about IN ('documents', 'text', 'extraction', 'schema', 'members')),
    document_id TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE UNIQUE INDEX news_by_subject ON news (stack_id, about, document_id);

CREATE TRIGGER news_of_documents AFTER INSERT ON documents
BEGIN
    DELETE FROM news WHERE stack_id = NEW.stack_id AND about = 'documents' AND document_id = '';
    INSERT INTO news (stack_id, about) VALUES (NEW.stack_id, 'documents');
END;

CREATE TRIGGER news_of_text AFTER UPDATE OF pages, pages_done, readings, status ON documents
WHEN NEW.pages <> OLD.pages OR NEW.pages_done <> OLD.pages_done OR NEW.readings <> OLD.readings
    OR (NEW.status <> OLD.status
        AND (NEW.status IN ('processing', 'failed') OR OLD.status IN ('processing', 'failed')))
BEGIN
    DELETE FROM news WHERE stack_id = NEW.stack_id AND about = 'text' AND document_id = NEW.id;
    INSERT INTO news (stack_id, about, document_id) VALUES (NEW.stack_id, 'text', NEW.id);
END;

CREATE TRIGGER news_of_extraction AFTER UPDATE OF digest, status ON documents
WHEN NEW.digest <> OLD.digest OR NEW.status <> OLD.status
BEGIN
    DELETE FROM news
    WHERE stack_id = NEW.stack_id AND about = 'extraction' AND document_id = NEW.id;
    INSERT INTO news (stack_id, about, document_id) VALUES (NEW.stack_id, 'extraction', NEW.id);
END;

-- A page that was never read stands against completing.
CREATE TRIGGER news_of_reading AFTER UPDATE OF read ON document_pages WHEN NEW.read <> OLD.read
BEGIN
    DELETE FROM news
    WHERE stack_id = NEW.stack_id AND about = 'extraction' AND document_id = NEW.document_id;
    INSERT INTO news (stack_id, about, document_id)
    VALUES (NEW.stack_id, 'extraction', NEW.document_id);
END;

CREATE TRIGGER news_of_schema AFTER UPDATE OF field_schema, instructions, policy ON stacks
WHEN NEW.field_schema IS NOT OLD.field_schema OR NEW.instructions <> OLD.instructions
    OR NEW.policy <> OLD.policy
BEGIN
    DELETE FROM news WHERE stack_id = NEW.id AND about = 'schema' AND document_id = '';
    INSERT INTO news (stack_id, about) VALUES (NEW.id, 'schema');
END;

CREATE TRIGGER news_of_members_gone AFTER DELETE ON members
BEGIN
    DELETE FROM news WHERE stack_id = OLD.stack_id AND about = 'members' AND document_id = '';
    INSERT INTO news (stack_id, about) VALUES (OLD.stack_id, 'members');
END;

CREATE TRIGGER news_of_members_changed AFTER UPDATE ON members
BEGIN
    DELETE FROM news WHERE stack_id = NEW.stack_id AND about = 'members' AND document_id = '';
    INSERT INTO news (stack_id, about) VALUES (NEW.stack_id, 'members');
END;

-- Nothing of a stack that was erased is left. That one is gone is left, in a row that names none:
-- whoever listens to it may not have looked since its members went.
CREATE TRIGGER news_of_stacks_gone AFTER DELETE ON stacks
BEGIN
    DELETE FROM news WHERE stack_id IN (OLD.id, '');
    INSERT INTO news (stack_id, about) VALUES ('', 'members');
END;
