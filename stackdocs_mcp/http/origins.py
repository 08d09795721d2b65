"""Pages in a browser: which of them may call across origins, and read what is answered (CORS)."""

from starlette.types import Scope

from stackdocs_mcp.http.answers import Headers
from stackdocs_mcp.http.headers import all_of

_SENT = (
    "Authorization, Content-Type, Last-Event-ID, MCP-Protocol-Version, Mcp-Method, Mcp-Name, "
    "Mcp-Session-Id, Traceparent, Tracestate"
)
_READ = "WWW-Authenticate, Retry-After, Mcp-Session-Id, X-Request-Id"
PREFLIGHT: Headers = (
    (b"access-control-allow-methods", b"GET, POST, PUT"),
    (b"access-control-allow-headers", _SENT.encode()),
    (b"access-control-max-age", b"600"),
)
"""What a page may send; nobody's cookies are ever asked for, so no credentials are allowed."""


def shared(scope: Scope, origins: frozenset[str]) -> Headers:
    """The headers that let the page read the answer; none for a client that is no page.

    The origin is one of the exact list, else the gate has refused the request: never ``*``.
    """
    origin = all_of(scope, b"origin")
    if len(origin) != 1 or origin[0].decode("latin-1").lower() not in origins:
        return ()
    return (
        (b"access-control-allow-origin", origin[0]),
        (b"access-control-expose-headers", _READ.encode()),
        (b"vary", b"Origin"),
    )


def asks_first(scope: Scope) -> bool:
    """A browser asks, before it sends the page's request, whether it may (a preflight)."""
    return (
        scope["method"] == "OPTIONS"
        and bool(all_of(scope, b"origin"))
        and bool(all_of(scope, b"access-control-request-method"))
    )
