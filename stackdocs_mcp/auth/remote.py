"""The tokens of one OpenID provider."""

from stackdocs_mcp.auth import claims
from stackdocs_mcp.auth.compact import Unverified
from stackdocs_mcp.auth.jwks import IssuerKeys
from stackdocs_mcp.auth.providers import Provider
from stackdocs_mcp.core.binding import UserId
from stackdocs_mcp.core.identity import Identity, TokenRefused
from stackdocs_mcp.core.ports import Clock


class RemoteIssuer:
    """Identifies users by tokens of a provider, with keys that are this provider's alone."""

    def __init__(self, provider: Provider, keys: IssuerKeys, clock: Clock) -> None:
        self._provider = provider
        self._rules = provider.rules
        self._audiences = provider.extra_audiences
        self._keys = keys
        self._clock = clock

    @property
    def issuer(self) -> str:
        """What its tokens call it."""
        return self._provider.issuer

    @property
    def generation(self) -> int | None:
        """Changes with the keys; None while it is not known whether they still count."""
        return self._keys.generation

    async def identify(self, token: Unverified, resource: str) -> Identity:
        """Who the token is of. Raises TokenRefused, or IssuerUnavailable.

        The keys are only asked for when nothing but the signature is left to be checked.
        """
        now = self._clock().timestamp()
        claims.check(token, self._rules, self._audiences | {resource}, now)
        self._provider.check(token.claims)

        algorithm = token.header["alg"]
        candidates = await self._keys.candidates(
            claims.key_id(token.header), algorithm, float(token.claims["iat"])
        )
        if not candidates:
            raise TokenRefused("kid")
        if not any(key.verifies(algorithm, token.signed, token.signature) for key in candidates):
            raise TokenRefused("signature")
        return Identity(
            UserId(f"{self.issuer}#{claims.subject(token.claims)}"),
            self._provider.granted(claims.rights(token.claims)),
            float(token.claims["exp"]),
            claims.client(token.claims),
        )
