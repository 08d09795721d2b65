"""What a token must say of itself before anybody looks at its signature (RFC 7519, 8725, 9068)."""

from collections.abc import Mapping, Set as AbstractSet
from dataclasses import dataclass
from typing import Any

from stackdocs_mcp.auth.compact import Unverified
from stackdocs_mcp.core.binding import Right
from stackdocs_mcp.core.identity import TokenRefused

ACCESS = "at+jwt"
PLAIN = "jwt"
SKEW = 60
"""Seconds that two clocks may differ by."""

_MAX_SUBJECT = 255  # OpenID Connect Core 2
_MAX_KEY_ID = 255
_MAX_CLIENT = 255
_LAST_TIME = 253_402_300_799  # the last second of the year 9999
_ID_TOKEN = ("nonce", "at_hash", "c_hash", "s_hash", "events")
_OTHER_USES = frozenset({"id", "refresh", "offline", "logout"})
_EXTENSIONS = ("crit", "b64")
_RIGHTS = {right.value: right for right in Right}


@dataclass(frozen=True, slots=True)
class Rules:
    """What an issuer's tokens must be. Times in seconds; ``types`` in lower case."""

    issuer: str
    algorithms: AbstractSet[str]
    types: AbstractSet[str] = frozenset({ACCESS})
    max_lifetime: int = 24 * 3_600
    skew: int = SKEW


class WrongAudience(TokenRefused):
    """The token is for something else; nothing other is wrong that can be told without a key."""

    def __init__(self) -> None:
        super().__init__("audience")


def check(token: Unverified, rules: Rules, audiences: AbstractSet[str], now: float) -> None:
    """Everything that can be told without a key. Raises TokenRefused, at last WrongAudience."""
    _check_header(token.header, rules)
    _check_times(token.claims, rules, now)
    if token.claims.get("iss") != rules.issuer:
        raise TokenRefused("issuer")
    _check_use(token.claims)
    subject(token.claims)
    _check_audience(token.claims, audiences)


def subject(claims: Mapping[str, Any]) -> str:
    """Who the token is about. Raises TokenRefused for what could look like another one."""
    found = claims.get("sub")
    if not isinstance(found, str) or not 0 < len(found) <= _MAX_SUBJECT:
        raise TokenRefused("subject")
    if not found.isprintable() or found != found.strip():
        raise TokenRefused("subject")
    return found


def key_id(header: Mapping[str, Any]) -> str | None:
    """The name of the key that is said to have signed; None where none is said.

    Raises TokenRefused for what is no name.
    """
    found = header.get("kid")
    if found is None and "kid" not in header:
        return None
    if not isinstance(found, str) or not 0 < len(found) <= _MAX_KEY_ID or not found.isprintable():
        raise TokenRefused("kid")
    return found


def rights(claims: Mapping[str, Any]) -> frozenset[Right]:
    """The rights among the scopes, wherever this issuer writes them; other scopes do not count.

    ``scope`` is a text (RFC 8693, 4.2); ``scp`` and ``scopes`` are a text or a list.
    """
    words: list[object] = []
    for name in ("scope", "scp", "scopes"):
        found = claims.get(name)
        if isinstance(found, str):
            words += found.split(" ")
        elif isinstance(found, list):
            words += found
    return frozenset(_RIGHTS[word] for word in words if isinstance(word, str) and word in _RIGHTS)


def client(claims: Mapping[str, Any]) -> str:
    """The client that the token was issued to, as far as it says; for logs and authorship."""
    for name in ("client_id", "azp"):
        found = claims.get(name)
        if isinstance(found, str) and len(found) <= _MAX_CLIENT and found.isprintable():
            return found
    return ""


def _check_header(header: Mapping[str, Any], rules: Rules) -> None:
    kind = header.get("typ", PLAIN)  # many leave it out of a plain one
    if not isinstance(kind, str) or kind.lower().removeprefix("application/") not in rules.types:
        raise TokenRefused("type")
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in rules.algorithms:
        raise TokenRefused("algorithm")
    if any(name in header for name in _EXTENSIONS):
        raise TokenRefused("extension")
    key_id(header)


def _check_times(claims: Mapping[str, Any], rules: Rules, now: float) -> None:
    expires, issued = _time(claims, "exp"), _time(claims, "iat")
    starts = _time(claims, "nbf") if "nbf" in claims else issued
    if now >= expires + rules.skew:
        raise TokenRefused("expired")
    if starts > now + rules.skew or issued > now + rules.skew:
        raise TokenRefused("not_yet")
    if not 0 < expires - issued <= rules.max_lifetime:
        raise TokenRefused("lifetime")


def _time(claims: Mapping[str, Any], name: str) -> int:
    found = claims.get(name)
    if not isinstance(found, int) or isinstance(found, bool) or not 0 <= found <= _LAST_TIME:
        raise TokenRefused("time")
    return found


def _check_audience(claims: Mapping[str, Any], accepted: AbstractSet[str]) -> None:
    found = claims.get("aud")
    named = found if isinstance(found, list) else [found]
    if not all(isinstance(one, str) for one in named) or accepted.isdisjoint(named):
        raise WrongAudience


def _check_use(claims: Mapping[str, Any]) -> None:
    """An ID token, a refresh token or an event is not for calling anything with."""
    if any(name in claims for name in _ID_TOKEN):
        raise TokenRefused("use")
    for name in ("typ", "token_use"):  # Keycloak, Cognito
        said = claims.get(name)
        if isinstance(said, str) and said.lower() in _OTHER_USES:
            raise TokenRefused("use")
