"""A Supabase project as this program knows it, and the tokens that it mints for it.

A token says who calls, which stack is bound, and with which rights; row-level security holds the
database to it. The caller's own token never comes here, and no key that would pass it by.
"""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from stackdocs_mcp.core.binding import Binding, UserId

LIFETIME = timedelta(seconds=60)
FRESH = timedelta(seconds=30)
"""A minted token is used again for so long; what is left of its life is for slow calls."""
KEPT = 1_000
TOLERATED = timedelta(seconds=5)
"""What clocks may differ by; the project's time comes with each of its answers."""

PgRole = Literal["authenticated", "stackdocs_worker", "stackdocs_server"]
_CURVE = "P-256"
_SECRET_BYTES = 32


class BadSigningKey(ValueError):
    """What was given is not the private ES256 key of a project, and why, without a part of it."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Whom a call is for: nobody but the program itself, a user, or a user in one stack."""

    role: PgRole
    user: UserId | None = None
    stack: str | None = None
    rights: tuple[str, ...] = ()

    @classmethod
    def of(cls, binding: Binding, role: PgRole = "authenticated") -> "Caller":
        """The binding, as the database is told of it."""
        rights = tuple(sorted(right.value for right in binding.rights))
        return cls(role, binding.user, binding.stack, rights)


PROGRAM = Caller("stackdocs_server")
"""The program itself, for what is no user's."""


class SigningKey:
    """The private key that the project trusts tokens of, as a JSON Web Key (RFC 7517)."""

    def __init__(self, text: str) -> None:
        """Raises BadSigningKey."""
        from jwt import PyJWK, PyJWTError  # noqa: PLC0415  only where a project is set

        try:
            key = json.loads(text)
        except ValueError:
            raise BadSigningKey("is not JSON") from None
        if not isinstance(key, dict) or key.get("kty") != "EC" or key.get("crv") != _CURVE:
            raise BadSigningKey("is not an EC key on the curve P-256")
        if not key.get("d"):
            raise BadSigningKey("is a public key; the private one has a member 'd'")
        if not isinstance(key.get("kid"), str) or not key["kid"]:
            raise BadSigningKey("has no 'kid', by which the project finds it")
        try:
            self._key = PyJWK({**key, "alg": "ES256"}).key
        except (PyJWTError, ValueError, TypeError):
            raise BadSigningKey("is damaged") from None
        self.kid: str = key["kid"]

    def secret(self, use: str) -> bytes:
        """32 bytes for one use, the same for whoever has the key (HKDF-SHA256, RFC 5869)."""
        from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415  see above
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF  # noqa: PLC0415

        number: int = self._key.private_numbers().private_value
        hkdf = HKDF(SHA256(), _SECRET_BYTES, salt=None, info=f"stackdocs-mcp {use}".encode())
        return hkdf.derive(number.to_bytes(_SECRET_BYTES, "big"))

    def sign(self, claims: dict[str, Any]) -> str:
        """The claims as a compact token."""
        import jwt  # noqa: PLC0415  see above

        return jwt.encode(claims, self._key, "ES256", headers={"kid": self.kid})


class Minter:
    """Tokens of a minute, each signed once and used for half of it."""

    def __init__(self, key: SigningKey, clock: Callable[[], float] = time.time) -> None:
        self._key = key
        self._clock = clock
        self._kept: dict[Caller, tuple[float, str]] = {}
        self._ahead = 0.0

    def token(self, caller: Caller) -> str:
        """A token for the caller that is good for half a minute at least."""
        now = self._clock() - self._ahead
        minted, token = self._kept.get(caller, (0.0, ""))
        if 0 <= now - minted < FRESH.total_seconds():
            return token
        token = self._key.sign(_claims(caller, int(now)))
        if len(self._kept) >= KEPT:
            self._kept.clear()
        self._kept[caller] = (now, token)
        return token

    def forget(self, caller: Caller) -> None:
        """Mint the caller's next token anew."""
        self._kept.pop(caller, None)

    def follow(self, theirs: float) -> None:
        """Mint by the project's time, in seconds since 1970, where ours is far from it."""
        ahead = self._clock() - theirs
        if abs(ahead - self._ahead) > TOLERATED.total_seconds():
            self._ahead = ahead
            self._kept.clear()


def _claims(caller: Caller, now: int) -> dict[str, Any]:
    claims: dict[str, Any] = {
        "role": caller.role,
        "aud": "authenticated",
        "stackdocs": 1,  # a token of the project's own sign-in has the same role
        "iat": now,
        "exp": now + int(LIFETIME.total_seconds()),
    }
    if caller.user is not None:
        claims["sub"] = caller.user
    if caller.stack is not None:
        claims |= {"stack_id": caller.stack, "rights": list(caller.rights)}
    return claims
