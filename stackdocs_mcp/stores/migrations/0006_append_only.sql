-- The history is appended to. This is against mistakes: a chain of digests shows the rest.
CREATE TRIGGER changes_stay BEFORE UPDATE OF stack_id, extraction_id, revision, ordinal,
    document_id, sequence, action, path, user_id, actor_kind, actor_client, at, undoes_revision,
    undoes_ordinal, reason, acknowledged, digest ON changes
BEGIN
    SELECT raise(ABORT, 'the history is append-only');
END;

CREATE TRIGGER changes_remain BEFORE DELETE ON changes
BEGIN
    SELECT raise(ABORT, 'the history is append-only');
END;

CREATE TRIGGER change_leaves_stay BEFORE UPDATE ON change_leaves
BEGIN
    SELECT raise(ABORT, 'the history is append-only');
END;

CREATE TRIGGER change_leaves_remain BEFORE DELETE ON change_leaves
BEGIN
    SELECT raise(ABORT, 'the history is append-only');
END;
