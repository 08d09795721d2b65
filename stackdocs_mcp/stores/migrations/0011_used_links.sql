-- One-time links that were used, and for what, until nobody could use them again anyway.
CREATE TABLE used_links (
    stack_id   TEXT NOT NULL REFERENCES stacks (id),
    nonce      TEXT NOT NULL,
    use        TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (stack_id, nonce)
) STRICT, WITHOUT ROWID;

CREATE INDEX used_links_by_end ON used_links (expires_at);
