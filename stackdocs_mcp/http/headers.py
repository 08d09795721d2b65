"""Request headers, looked at before anything else is."""

from starlette.types import Scope

from stackdocs_mcp.http.answers import Answered, refusal

MAX_AUTHORIZATION = 8 * 1024


def all_of(scope: Scope, name: bytes) -> list[bytes]:
    """Every value of a header, in order; names are in lower case (ASGI)."""
    return [value for key, value in scope["headers"] if key == name]


def check_length(scope: Scope) -> None:
    """Raise Answered 400, and end the connection, for a body whose end is said in two ways.

    A proxy in front may believe the other one, and take the rest for another user's request (RFC
    9112, 6.1).
    """
    if all_of(scope, b"transfer-encoding") and all_of(scope, b"content-length"):
        raise refusal(
            400,
            "two_lengths",
            "the request has a Content-Length and a Transfer-Encoding",
            "Send one of them.",
            [(b"connection", b"close")],
        )


def check_host_and_origin(scope: Scope, hosts: frozenset[str], origins: frozenset[str]) -> None:
    """Raise Answered 403 for a host or origin that is not exactly one of the lists.

    A page in a browser that reaches this server through a name of its own (DNS rebinding) is
    stopped by its Host; one that calls across origins, by its Origin. Other clients send none.
    """
    host = all_of(scope, b"host")
    if len(host) != 1 or host[0].decode("latin-1").lower() not in hosts:
        raise refusal(
            403,
            "host_refused",
            "this server does not answer to that host",
            "Use the server's public address; its operator sets STACKDOCS_PUBLIC_URL.",
        )
    origin = all_of(scope, b"origin")
    if origin and (len(origin) > 1 or origin[0].decode("latin-1").lower() not in origins):
        raise refusal(
            403,
            "origin_refused",
            "pages of that origin may not call this server",
            "The server's operator allows origins with STACKDOCS_ALLOWED_ORIGINS.",
        )


def bearer(scope: Scope) -> str | None:
    """The one bearer token of a request; None when it has none, or only another scheme's.

    Raises Answered for a bearer token among several headers, an empty one or more than 8 KiB,
    without saying which: the caller turns it into a challenge.
    """
    given = all_of(scope, b"authorization")
    if not any(one.partition(b" ")[0].lower() == b"bearer" for one in given):
        return None
    token = given[0].partition(b" ")[2].strip(b" ")
    if len(given) > 1 or len(given[0]) > MAX_AUTHORIZATION or not token or not token.isascii():
        raise BadAuthorization
    return token.decode("ascii")


class BadAuthorization(Answered):
    """An Authorization header that carries no usable bearer token."""

    def __init__(self) -> None:
        super().__init__(401, {})
