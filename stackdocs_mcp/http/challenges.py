"""Telling a client how to be let in: RFC 6750 challenges and RFC 9728 metadata, for each stack."""

from collections.abc import Collection, Sequence
from typing import Any

from stackdocs_mcp.core.binding import Right, StackId
from stackdocs_mcp.http.answers import Answered, Headers, refusal
from stackdocs_mcp.http.places import Addresses


def metadata(addresses: Addresses, stack: StackId, issuers: Sequence[str]) -> dict[str, Any]:
    """A stack's protected resource metadata. Says nothing about whether there is such a stack."""
    return {
        "resource": addresses.endpoint(stack),
        **({"authorization_servers": list(issuers)} if issuers else {}),
        "scopes_supported": [right.value for right in Right],
        "bearer_methods_supported": ["header"],
    }


def unauthorized(
    addresses: Addresses,
    stack: StackId,
    needed: Collection[Right],
    issuers: Sequence[str],
    *,
    sent: bool,
) -> Answered:
    """401: no token, or (``sent``) one that is not valid here; no reason is told.

    ``needed`` is what the path alone shows to be needed; without ``issuers`` tokens come from the
    command line alone.
    """
    error = "invalid_token" if sent else None
    return refusal(
        401,
        error or "unauthorized",
        "the token is not valid here" if sent else "this needs a bearer token",
        "Get a token from the authorization server that resource_metadata names."
        if issuers
        else "Get a token with `stackdocs-mcp token` on the server's machine.",
        _challenge(addresses, stack, error, needed),
    )


def insufficient(
    addresses: Addresses, stack: StackId, needed: Collection[Right], issuers: Sequence[str]
) -> Answered:
    """403: the token is good, but the operation needs more; all that it needs is named at once."""
    return refusal(
        403,
        "insufficient_scope",
        f"this needs the scopes {' '.join(_ordered(needed))}",
        "Ask the authorization server for a token with all of them."
        if issuers
        else "Get a token with all of them with `stackdocs-mcp token` on the server's machine.",
        _challenge(addresses, stack, "insufficient_scope", needed),
    )


def _challenge(
    addresses: Addresses, stack: StackId, error: str | None, needed: Collection[Right]
) -> Headers:
    parts = [
        *([f'error="{error}"'] if error else []),
        f'scope="{" ".join(_ordered(needed))}"',
        f'resource_metadata="{addresses.metadata(stack)}"',
    ]
    return [(b"www-authenticate", f"Bearer {', '.join(parts)}".encode())]


def _ordered(needed: Collection[Right]) -> list[str]:
    return [right.value for right in Right if right in needed]
