"""Tokens that were verified a moment ago, so that a signature is not checked for each request."""

import hashlib
from collections import OrderedDict
from dataclasses import dataclass

from stackdocs_mcp.core.identity import Identity

MAX_TOKENS = 4_096
MAX_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Verified:
    """Who a token is of, and what made that so."""

    identity: Identity
    issuer: str
    generation: int
    since: float


class VerifiedTokens:
    """Good tokens only, by their digest: neither a token nor a bad one is kept.

    What is found was verified at most 60 seconds ago and has not expired. Whether the issuer
    still has the keys of that time is for the caller to see.
    """

    def __init__(self, max_tokens: int = MAX_TOKENS) -> None:
        self._max_tokens = max_tokens
        self._entries: OrderedDict[bytes, Verified] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: bytes, now: float) -> Verified | None:
        """What was found out; None where that is too long ago, or the token has expired."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        if not 0 <= now - entry.since < MAX_SECONDS or now >= entry.identity.expires_at:
            del self._entries[key]
            return None
        self._entries.move_to_end(key)
        return entry

    def keep(self, key: bytes, entry: Verified) -> None:
        """Keep a token that was verified, instead of the one that was used longest ago."""
        self._entries[key] = entry
        self._entries.move_to_end(key)
        if len(self._entries) > self._max_tokens:
            self._entries.popitem(last=False)

    def drop(self, key: bytes) -> None:
        """Forget a token."""
        self._entries.pop(key, None)


def key_of(token: str, resource: str) -> bytes:
    """One token is another for another resource. No resource has a NUL."""
    return hashlib.sha256(f"{token}\0{resource}".encode("utf-8", "surrogatepass")).digest()
