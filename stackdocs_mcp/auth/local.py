"""The built-in issuer: a key in the data folder, to use HTTP without an identity provider.

``LocalIssuer.open(folder, clock)`` makes the key on first use; ``mint`` makes tokens and
``LocalVerifier(issuer)`` checks them. A token names the stack and no address: it goes on working
when the server moves to another port. It is made void by its end, by ending the membership, or with
all others by ``revoke``: a verifier that runs sees at once that the file has another key.
"""

import base64
import hashlib
import json
import logging
import re
from collections.abc import Iterable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, Self
from uuid import uuid4

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from jwt.algorithms import ECAlgorithm

from stackdocs_mcp.auth import claims
from stackdocs_mcp.auth.compact import Unverified, take_apart
from stackdocs_mcp.core.binding import Right, StackId, UserId
from stackdocs_mcp.core.errors import InvalidArgument
from stackdocs_mcp.core.identity import Identity, IssuerUnavailable, TokenRefused
from stackdocs_mcp.core.ports import Clock
from stackdocs_mcp.keyfiles import BadKey, KeyFile

log = logging.getLogger(__name__)

ISSUER = "urn:stackdocs:local"
CLIENT = "stackdocs-mcp token"
KEY_FILE = "issuer.pem"
MAX_LIFETIME = timedelta(days=366)

_ALGORITHM = "ES256"
_RESOURCE = re.compile(r"[^?#]*/stacks/([^/?#]{1,64})/mcp")
_RULES = claims.Rules(ISSUER, {_ALGORITHM}, max_lifetime=int(MAX_LIFETIME.total_seconds()))


class LocalIssuer:
    """Makes tokens with the key of a data folder."""

    def __init__(
        self,
        key: ec.EllipticCurvePrivateKey,
        clock: Clock,
        folder: Path,
        state: tuple[int, ...],
    ) -> None:
        """``state`` is that of the key's file, from before it was read."""
        self.clock = clock
        self.folder = folder
        self.state = state
        self.public_key = key.public_key()
        self.key_id = _thumbprint(self.public_key)
        self._key = key
        self._es256 = ECAlgorithm(ECAlgorithm.SHA256, ec.SECP256R1)

    @classmethod
    def open(cls, folder: Path, clock: Clock) -> Self:
        """The issuer of this data folder, which exists; its key is made on first use. Blocking.

        Processes that open one folder at the same time agree on one key. Raises BadKey where
        the file is no key of this kind, or where others can read it.
        """
        file = _file(folder)
        state = file.state()
        return cls(_key(file), clock, folder, state)

    @staticmethod
    def revoke(folder: Path) -> None:
        """Make every token of this data folder void, with a new key. Blocking. Raises BadKey."""
        _file(folder).replace(_made())

    @property
    def is_current(self) -> bool:
        """Whether nothing was done to the key's file since it was read. Costs one look at it."""
        return bool(self.state) and self.state == _file(self.folder).state()

    def mint(
        self, user: UserId, stack: StackId, scopes: Iterable[Right], lifetime: timedelta
    ) -> str:
        """A token for this user in this stack, good from now on for at most 366 days.

        What the user may do is still only what the membership allows. Raises InvalidArgument for
        another lifetime, and for a user or stack that no token can name.
        """
        seconds = int(lifetime.total_seconds())
        if not 0 < seconds <= MAX_LIFETIME.total_seconds():
            raise InvalidArgument("a token is good for at least a second and at most 366 days")
        now = int(self.clock().timestamp())
        said = {
            "iss": ISSUER,
            "sub": user,
            "aud": _audience(stack),
            "client_id": CLIENT,
            "scope": " ".join(sorted(right.value for right in set(scopes))),
            "jti": str(uuid4()),
            "iat": now,
            "nbf": now,
            "exp": now + seconds,
        }
        token = self._signed(said)
        try:
            claims.check(take_apart(token), _RULES, {_audience(stack)}, now)
        except TokenRefused as error:
            raise InvalidArgument(f"no token can be made for the user {user!r}") from error
        return token

    def verifies(self, signed: bytes, signature: bytes) -> bool:
        """Whether the signature is of this key."""
        return self._es256.verify(signed, self.public_key, signature)

    def _signed(self, said: dict[str, Any]) -> str:
        header = {"alg": _ALGORITHM, "typ": claims.ACCESS, "kid": self.key_id}
        signed = b".".join(
            _encoded(json.dumps(one, separators=(",", ":")).encode()) for one in (header, said)
        )
        return (signed + b"." + _encoded(self._es256.sign(signed, self._key))).decode()


class LocalVerifier:
    """Implements ``Verifier`` for the tokens of one local issuer; never touches the network."""

    def __init__(self, issuer: LocalIssuer) -> None:
        self._issuer = issuer
        self._generation = 0
        self._unusable: tuple[int, ...] | None = None

    @property
    def issuers(self) -> Sequence[str]:
        """None: a token comes from the command line, and no client can be sent there."""
        return ()

    @property
    def issuer(self) -> str:
        """What its tokens call it."""
        return ISSUER

    @property
    def generation(self) -> int | None:
        """Changes with the key in the file; None while there is none that can be used."""
        try:
            self._current()
        except IssuerUnavailable:
            return None
        return self._generation

    async def verify(self, token: str, resource: str) -> Identity:
        """As ``Verifier.verify``; of the resource only the stack counts, at any address."""
        return await self.identify(take_apart(token), resource)

    async def identify(self, found: Unverified, resource: str) -> Identity:
        """The same of a token that was taken apart.

        Raises IssuerUnavailable while the key's file cannot be used.
        """
        issuer = self._current()
        stack = _RESOURCE.fullmatch(resource)
        if stack is None:
            raise TokenRefused("resource")
        now = issuer.clock().timestamp()
        try:
            claims.check(found, _RULES, {_audience(stack[1])}, now)
        except claims.WrongAudience as error:
            known = None if _wrong_key(found, issuer) else _user(found)
            raise TokenRefused(error.reason, known) from None
        if wrong := _wrong_key(found, issuer):
            raise TokenRefused(wrong)
        return Identity(
            _user(found),
            claims.rights(found.claims),
            float(found.claims["exp"]),
            claims.client(found.claims),
        )

    async def close(self) -> None:
        """Nothing is open."""

    def _current(self) -> LocalIssuer:
        """The issuer with the key that is in the file now, which is read when it has changed."""
        if self._issuer.is_current:
            return self._issuer
        state = _file(self._issuer.folder).state()
        if state and state == self._unusable:
            raise IssuerUnavailable
        try:
            found = LocalIssuer.open(self._issuer.folder, self._issuer.clock)
        except BadKey as error:
            if self._unusable is None:
                log.warning("tokens cannot be verified: %s", error.code)
            self._unusable = state
            raise IssuerUnavailable from error
        self._unusable = None
        if found.key_id != self._issuer.key_id:
            log.info("the local issuer has a new key; earlier tokens are void")
            self._generation += 1
        self._issuer = found
        return found


def _wrong_key(found: Unverified, issuer: LocalIssuer) -> str | None:
    """What is wrong with the signature, in a word; None if nothing is."""
    if claims.key_id(found.header) != issuer.key_id:
        return "kid"
    return None if issuer.verifies(found.signed, found.signature) else "signature"


def _user(found: Unverified) -> UserId:
    return UserId(claims.subject(found.claims))


def _audience(stack: str) -> str:
    return f"urn:stackdocs:stack:{stack}"


def _encoded(content: bytes) -> bytes:
    return base64.urlsafe_b64encode(content).rstrip(b"=")


def _thumbprint(key: ec.EllipticCurvePublicKey) -> str:
    """A name of the key that tells nothing (its SHA-256)."""
    raw = key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return _encoded(hashlib.sha256(raw).digest()).decode()


def _file(folder: Path) -> KeyFile:
    return KeyFile(folder / KEY_FILE, "the key of the local issuer", "earlier tokens end")


def _made() -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _key(file: KeyFile) -> ec.EllipticCurvePrivateKey:
    content = file.content(_made)
    try:
        key = load_pem_private_key(content, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):  # their texts may quote the file
        raise file.bad("is not a private key") from None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.curve.name != "secp256r1":
        raise file.bad("is not a private key of the curve P-256")
    return key
