"""One-time links that were used, for as long as they could be used again."""

from stackdocs_mcp.stores.scope import Scope

_FORGET = "DELETE FROM used_links WHERE expires_at < :now"
_USE = """
INSERT INTO used_links (stack_id, nonce, use, expires_at)
VALUES (:stack, :nonce, :use, :expires_at) ON CONFLICT DO NOTHING
"""
_FIRST = "SELECT use FROM used_links WHERE stack_id = :stack AND nonce = :nonce"


def use(scope: Scope, nonce: str, use: str, expires_at: int) -> str:
    """What the link was used for first: this, unless it was used before."""
    scope.run(_FORGET, now=scope.now)
    scope.run(_USE, nonce=nonce, use=use, expires_at=expires_at)
    row = scope.one(_FIRST, nonce=nonce)
    assert row is not None, "it was just recorded"
    first: str = row["use"]
    return first
