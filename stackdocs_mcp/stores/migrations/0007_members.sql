-- Who may do what in a stack. The owner is a member too: one look-up answers for everybody.
CREATE TABLE members (
    user_id    TEXT NOT NULL,
    stack_id   TEXT NOT NULL REFERENCES stacks (id),
    role       TEXT NOT NULL CHECK (role IN ('viewer', 'editor', 'owner')),
    created_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, stack_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX members_by_stack ON members (stack_id, user_id);
CREATE UNIQUE INDEX members_one_owner ON members (stack_id) WHERE role = 'owner';

INSERT INTO members (user_id, stack_id, role, created_at)
SELECT user_id, id, 'owner', created_at FROM stacks;

-- What was refused to whom. No key refers to a stack: it is what was asked for, there or not.
CREATE TABLE denials (
    id      INTEGER PRIMARY KEY,
    at      INTEGER NOT NULL,
    user_id TEXT NOT NULL,
    stack   TEXT NOT NULL,
    request TEXT NOT NULL,
    what    TEXT NOT NULL,
    code    TEXT NOT NULL,
    subject TEXT NOT NULL
) STRICT;

CREATE INDEX denials_by_user ON denials (user_id, id);
CREATE INDEX denials_by_age ON denials (at);

-- Stacks with something to read, of whatever user; there are never many.
CREATE INDEX documents_unread ON documents (stack_id) WHERE status = 'processing';
