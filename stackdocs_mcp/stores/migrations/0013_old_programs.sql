-- A program of before 0007 or 0010 that was open when they were applied goes on writing as it knows
-- it: stacks without their owner among the members, and documents that nobody has added.
CREATE TRIGGER stacks_have_owners AFTER INSERT ON stacks
BEGIN
    INSERT OR IGNORE INTO members (user_id, stack_id, role, created_at)
    VALUES (NEW.user_id, NEW.id, 'owner', NEW.created_at);
END;

CREATE TRIGGER documents_have_adders AFTER INSERT ON documents WHEN NEW.added_by = ''
BEGIN
    UPDATE documents SET added_by = (SELECT user_id FROM stacks WHERE id = NEW.stack_id)
    WHERE stack_id = NEW.stack_id AND id = NEW.id;
END;

-- And what they have written so far. A stack that is being erased has no members.
INSERT OR IGNORE INTO members (user_id, stack_id, role, created_at)
SELECT user_id, id, 'owner', created_at FROM stacks WHERE deleted_at IS NULL;

-- What was reserved for such documents was charged to nobody, and is given back to nobody.
UPDATE documents SET added_by = (SELECT user_id FROM stacks WHERE id = documents.stack_id),
    reserved_pages = 0, reserved_ocr = 0
WHERE added_by = '';
DELETE FROM usage WHERE user_id = '';
