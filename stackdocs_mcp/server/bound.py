"""What the transport has verified of a request: whose it is, and until when."""

import secrets
from collections.abc import Callable
from typing import Any

from mcp.server import ServerRequestContext

from stackdocs_mcp.http.context import EXPIRES_AT, REQUEST
from stackdocs_mcp.workspace import Workspace

Bound = Callable[[ServerRequestContext[Any]], Workspace]
"""The workspace of a request, from what the transport has verified: never from its arguments."""


def expiry(context: ServerRequestContext[Any]) -> float | None:
    """When what the request was let in with expires, in seconds since 1970.

    None where there is nothing to expire: on standard input and output.
    """
    if context.request is None:
        return None
    expires_at: float | None = context.request.scope[EXPIRES_AT]
    return expires_at


def request_id(context: ServerRequestContext[Any]) -> str:
    """The id that the gate gave the request; without a gate, as on stdio, one made here."""
    request = context.request
    given = None if request is None else request.scope.get(REQUEST)
    return given if isinstance(given, str) else secrets.token_hex(8)
