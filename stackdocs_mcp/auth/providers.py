"""OpenID providers: what is set for one, and what the tokens of each kind must be besides.

Light: settings read it, also where no token ever comes in.
"""

from collections.abc import Mapping, Set as AbstractSet
from dataclasses import dataclass
from typing import Any, Literal, assert_never
from urllib.parse import urlsplit

from stackdocs_mcp.auth.claims import ACCESS, PLAIN, Rules
from stackdocs_mcp.core.binding import Right
from stackdocs_mcp.core.identity import TokenRefused
from stackdocs_mcp.loopback import is_secure

ProfileName = Literal["oidc", "supabase", "clerk"]
ScopeSource = Literal["token", "all"]
TokenType = Literal["at+jwt", "jwt"]
Assurance = Literal["aal1", "aal2"]

ALGORITHMS = (
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512", "Ed25519", "EdDSA"),
)
"""Those with a public key. One with a shared secret would let us, or a thief of it, make tokens."""
USUAL = frozenset({"RS256", "ES256", "Ed25519", "EdDSA"})
DAY = 24 * 3_600
SUPABASE_PATH = "/auth/v1"


@dataclass(frozen=True, slots=True)
class Provider:
    """An issuer whose tokens are accepted. None leaves a choice to the profile.

    ``audiences`` are accepted besides the address of the stack. ``authorized_parties`` are the
    clients that tokens may be issued to, any where there are none. ``scopes``: whether the rights
    are those that the token names, or all where it names none of ours; a membership narrows both.
    ``token_type`` jwt takes tokens that do not say that they are access tokens. ``max_lifetime``
    is in seconds, from ``iat`` to ``exp``.
    """

    issuer: str
    profile: ProfileName = "oidc"
    audiences: AbstractSet[str] = frozenset()
    algorithms: AbstractSet[str] = USUAL
    authorized_parties: AbstractSet[str] = frozenset()
    scopes: ScopeSource | None = None
    token_type: TokenType | None = None
    max_lifetime: int = DAY
    assurance: Assurance | None = None
    organization: str | None = None

    @property
    def rules(self) -> Rules:
        """What every token must keep."""
        usual: TokenType = "jwt" if self.profile == "supabase" else "at+jwt"
        is_plain = (self.token_type or usual) == "jwt"
        types = {ACCESS, PLAIN} if is_plain else {ACCESS}
        return Rules(self.issuer, self.algorithms, types, self.max_lifetime)

    @property
    def extra_audiences(self) -> frozenset[str]:
        """Accepted besides the address of the stack; Supabase knows one audience for everything."""
        return frozenset(self.audiences) | (
            {"authenticated"} if self.profile == "supabase" else frozenset()
        )

    @property
    def key_address(self) -> str | None:
        """Where the keys are without asking. Supabase has them there even without discovery."""
        if self.profile == "supabase":
            return f"{self.issuer}/.well-known/jwks.json"
        return None

    def granted(self, named: frozenset[Right]) -> frozenset[Right]:
        """The rights of a token that names these. Supabase's can name none."""
        usual: ScopeSource = "all" if self.profile == "supabase" else "token"
        if not named and (self.scopes or usual) == "all":
            return frozenset(Right)
        return named

    def check(self, claims: Mapping[str, Any]) -> None:
        """What the rules do not say. Raises TokenRefused."""
        _check_party(claims, self.authorized_parties)
        match self.profile:
            case "oidc":
                pass
            case "supabase":
                _check_supabase(claims, self.assurance)
            case "clerk":
                _check_clerk(claims, self.organization)
            case _:
                assert_never(self.profile)


def is_fit(address: str) -> bool:
    """Whether tokens and keys may come from there: https, or http on this machine; no more parts.

    An address with a query, a fragment or a user is none of an issuer (RFC 8414, 2).
    """
    try:
        parts = urlsplit(address)
        host, _port = parts.hostname, parts.port
    except ValueError:
        return False
    bare = not (parts.username or parts.password or "?" in address or "#" in address)
    plain = address.isascii() and address.isprintable() and " " not in address
    return bool(host) and is_secure(parts) and bare and plain


def _check_party(claims: Mapping[str, Any], allowed: AbstractSet[str]) -> None:
    """Who the token was issued to must be known, by each name that it says."""
    if not allowed:
        return
    named = [claims[name] for name in ("azp", "client_id") if name in claims]
    if not named or not all(isinstance(one, str) and one in allowed for one in named):
        raise TokenRefused("party")


def _check_supabase(claims: Mapping[str, Any], assurance: Assurance | None) -> None:
    """A signed-in user: not an API key (``anon``, ``service_role``), not somebody anonymous."""
    if claims.get("role") != "authenticated":
        raise TokenRefused("role")
    if claims.get("is_anonymous", False) is not False:
        raise TokenRefused("anonymous")
    if assurance is not None and claims.get("aal") not in _AT_LEAST[assurance]:
        raise TokenRefused("assurance")


_AT_LEAST: Mapping[Assurance, tuple[str, ...]] = {"aal1": ("aal1", "aal2"), "aal2": ("aal2",)}


def _check_clerk(claims: Mapping[str, Any], organization: str | None) -> None:
    """An access token: not that of a browser's session (``sid``), nor of one that is pending."""
    if "sid" in claims or claims.get("sts", "active") != "active":
        raise TokenRefused("session")
    if organization is not None and _organization(claims) != organization:
        raise TokenRefused("organization")


def _organization(claims: Mapping[str, Any]) -> object:
    """The id of the active organization, as version 2 of Clerk's claims writes it, or version 1."""
    compact = claims.get("o")
    if isinstance(compact, dict):
        return compact.get("id")
    return claims.get("org_id")
