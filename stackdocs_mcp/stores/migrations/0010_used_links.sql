-- One-time links that were used, and for what, until nobody could use them again anyway.
-- No key refers to the stack: when that is erased, they still leave by themselves.
CREATE TABLE used_links (
    stack_id   TEXT NOT NULL,
    nonce      TEXT NOT NULL,
    use        TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (stack_id, nonce)
) STRICT, WITHOUT ROWID;

CREATE INDEX used_links_by_end ON used_links (expires_at);
