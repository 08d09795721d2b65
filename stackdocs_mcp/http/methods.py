"""What may be done with the addresses that need no token."""

from stackdocs_mcp.http.answers import not_allowed
from stackdocs_mcp.http.places import Route

_ALLOWED: dict[Route, tuple[str, ...]] = {
    "health": ("GET", "HEAD"),
    "ready": ("GET", "HEAD"),
    "metadata": ("GET", "HEAD"),
    "upload": ("PUT",),
    "export": ("GET",),  # a HEAD would spend the link
}
"""Of the others a token is asked for first, whatever the method."""


def check_method(method: str, route: Route) -> None:
    """Raise Answered 405, with what is allowed."""
    allowed = _ALLOWED.get(route)
    if allowed is not None and method not in allowed:
        raise not_allowed(allowed)
