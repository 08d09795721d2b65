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
        try:
            claims.check(token, self._rules, self._audiences | {resource}, now)
        except claims.WrongAudience as error:
            raise TokenRefused(error.reason, self._misdirected(token)) from None
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
            self._user(token),
            self._provider.granted(claims.rights(token.claims)),
            float(token.claims["exp"]),
            claims.client(token.claims),
        )

    def _misdirected(self, token: Unverified) -> UserId | None:
        """Whose token for another resource this is; None where it is nobody's who is known.

        By keys that are at hand: such a token is no reason to ask for any.
        """
        try:
            self._provider.check(token.claims)
        except TokenRefused:
            return None
        algorithm = token.header["alg"]
        candidates = self._keys.at_hand(claims.key_id(token.header), algorithm)
        if any(key.verifies(algorithm, token.signed, token.signature) for key in candidates):
            return self._user(token)
        return None

    def _user(self, token: Unverified) -> UserId:
        return UserId(f"{self.issuer}#{claims.subject(token.claims)}")
