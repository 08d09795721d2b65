"""Who a bearer token speaks for: what ``auth`` implements, and a gate asks."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from stackdocs_mcp.core.binding import Right, UserId
from stackdocs_mcp.core.errors import StackdocsError


class TokenRefused(StackdocsError):
    """Whatever is wrong with the token; ``reason`` is for our logs, and never for the caller.

    ``user`` is known where nothing is wrong but that the token is for another stack.
    """

    code = "invalid_token"
    advice = "Get a new token and try again."

    def __init__(self, reason: str, user: UserId | None = None) -> None:
        super().__init__("the token is not valid here")
        self.reason = reason
        self.user = user


class IssuerUnavailable(StackdocsError):
    """The token may be good, but its issuer's keys cannot be had now."""

    code = "issuer_unavailable"
    advice = "Try again in a moment; the token was not refused."

    def __init__(self) -> None:
        super().__init__("the identity provider cannot be reached")


@dataclass(frozen=True, slots=True)
class Identity:
    """A verified token. ``user`` carries the issuer: the same subject of another is another user.

    ``expires_at`` is in seconds since 1970; what is open longer than that is closed.
    """

    user: UserId
    scopes: frozenset[Right]
    expires_at: float
    client: str = ""


class Verifier(Protocol):
    """Decides about bearer tokens. Never logs, keeps or forwards one."""

    @property
    def issuers(self) -> Sequence[str]:
        """Authorization servers that clients may be sent to, as https addresses; may be empty."""

    async def verify(self, token: str, resource: str) -> Identity:
        """The identity in a token that was issued for this resource, the address of a stack.

        Raises TokenRefused, or IssuerUnavailable when nobody can tell.
        """

    async def close(self) -> None:
        """Give connections back. Harmless twice."""
