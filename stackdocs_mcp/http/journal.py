"""One line of log for each request: what was asked, how it ended, how long it took. Never by whom.

Users and stacks stand in it as keyed hashes. They are stable, so that lines of one user can be
found again; and without the key nobody can try names until one fits, which a plain hash of names
such as ``local:1000`` or of a mail address would allow. No path, header, argument or name of a
client gets here: what is asked is named from lists that are ours.
"""

import hashlib
import logging
import secrets
import time
from collections.abc import Collection, Mapping
from contextvars import Token
from dataclasses import dataclass, field
from typing import Any

from stackdocs_mcp.core.binding import StackId, UserId
from stackdocs_mcp.logs import CURRENT, Request

log = logging.getLogger(__name__)

METHODS = frozenset(
    {
        *("initialize", "ping", "server/discover", "tools/list", "tools/call"),
        *("resources/list", "resources/read", "resources/templates/list"),
        *("resources/subscribe", "resources/unsubscribe", "subscriptions/listen"),
        *("prompts/list", "prompts/get", "completion/complete", "logging/setLevel"),
        *("notifications/initialized", "notifications/cancelled", "notifications/progress"),
        *("notifications/roots/list_changed",),
    }
)
OTHER = "other"
_POLLED = frozenset({"health", "ready"})


@dataclass(slots=True)
class Entry(Request):
    """A request, as far as is known of it."""

    route: str = OTHER
    method: str = ""
    tool: str = ""
    status: int = 0
    """0: not answered, since nobody was there any more, or too many had to be refused."""
    sent: int = 0
    """Bytes of the answer's body."""
    began: float = field(default_factory=time.perf_counter)


class Journal:
    """Writes the lines. ``key`` belongs to the data folder, ``tools`` are the names of all."""

    def __init__(self, key: bytes, tools: Collection[str]) -> None:
        self._key = key
        self._tools = frozenset(tools)

    def begin(self) -> tuple[Entry, Token[Request | None]]:
        """A request with a new id; all that is logged from here on in this task carries it."""
        entry = Entry(secrets.token_hex(8))
        return entry, CURRENT.set(entry)

    def asks(self, user: UserId, stack: StackId) -> None:
        """Note whose token the current request has, and for which stack, there or not."""
        entry = _current()
        entry.user = self.opaque("user", user)
        entry.stack = self.opaque("stack", stack)

    def calls(self, message: Mapping[str, Any]) -> None:
        """Note what the current request's JSON-RPC message asks for."""
        entry = _current()
        method = message.get("method")
        entry.method = method if isinstance(method, str) and method in METHODS else OTHER
        if entry.method == "tools/call":
            params = message.get("params")
            name = params.get("name") if isinstance(params, dict) else None
            entry.tool = name if isinstance(name, str) and name in self._tools else OTHER
        log.debug("began: %s %s", entry.method, entry.tool)

    def end(self, entry: Entry, token: Token[Request | None]) -> None:
        """Write the line."""
        level = logging.DEBUG if entry.route in _POLLED else logging.INFO
        if log.isEnabledFor(level):
            fields = {
                "route": entry.route,
                "method": entry.method,
                "tool": entry.tool,
                "status": entry.status,
                "ms": round(1e3 * (time.perf_counter() - entry.began), 1),
                "bytes": entry.sent,
                "user": entry.user,
                "stack": entry.stack,
            }
            said = " ".join(f"{name}={value}" for name, value in fields.items() if value != "")
            log.log(level, "served %s", said, extra={"fields": fields})
        CURRENT.reset(token)

    def opaque(self, kind: str, name: str) -> str:
        """The name of a user or stack that tells nothing, always the same for the same key."""
        return opaque(self._key, kind, name)


def opaque(key: bytes, kind: str, name: str) -> str:
    """The same for whoever reads the logs of a data folder, and has its key."""
    said = f"{kind}\0{name}".encode("utf-8", "surrogatepass")
    return hashlib.blake2b(said, digest_size=8, key=key, person=b"stackdocs log").hexdigest()


def _current() -> Entry:
    entry = CURRENT.get()
    assert isinstance(entry, Entry), "a request that did not begin here"
    return entry
