"""What the gate knows of a request, and where the server behind it finds that."""

from dataclasses import dataclass

from starlette.types import Scope

from stackdocs_mcp.core.binding import Binding

BINDING = "stackdocs.binding"
EXPIRES_AT = "stackdocs.expires_at"
REQUEST = "stackdocs.request"


@dataclass(frozen=True, slots=True)
class Admitted:
    """A request that passed the gate: for whom it acts, and until when (seconds since 1970)."""

    binding: Binding
    expires_at: float
    request: str


def put(scope: Scope, admitted: Admitted) -> Scope:
    """The scope for the server behind the gate: with the binding, and without the token."""
    return {
        **scope,
        BINDING: admitted.binding,
        EXPIRES_AT: admitted.expires_at,
        REQUEST: admitted.request,
        "headers": [one for one in scope["headers"] if one[0] != b"authorization"],
    }
