"""The built-in issuer: a key in the data folder, to use HTTP without an identity provider.

``LocalIssuer.open(folder, clock)`` makes the key on first use; ``mint`` makes tokens and
``LocalVerifier(issuer)`` checks them. A token names the stack and no address: it goes on working
when the server moves to another port. It is made void by its end, or by ending the membership.
"""

import base64
import hashlib
import json
import os
import re
import tempfile
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
from stackdocs_mcp.core.errors import InvalidArgument, StackdocsError
from stackdocs_mcp.core.identity import Identity, TokenRefused
from stackdocs_mcp.core.ports import Clock

ISSUER = "urn:stackdocs:local"
CLIENT = "stackdocs-mcp token"
KEY_FILE = "issuer.pem"
MAX_LIFETIME = timedelta(days=366)

_ALGORITHM = "ES256"
_MAX_KEY_BYTES = 4_096
_RESOURCE = re.compile(r"[^?#]*/stacks/([^/?#]{1,64})/mcp")
_RULES = claims.Rules(ISSUER, {_ALGORITHM}, max_lifetime=int(MAX_LIFETIME.total_seconds()))


class BadKey(StackdocsError):
    """The file with the local issuer's key cannot be used."""

    code = "bad_key"

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(
            f"the key of the local issuer, {str(path)!r}, {why}",
            "Correct that, or remove the file: a new key is made, and earlier tokens end.",
        )


class LocalIssuer:
    """Makes tokens with the key of a data folder."""

    def __init__(self, key: ec.EllipticCurvePrivateKey, clock: Clock) -> None:
        self.clock = clock
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
        path = folder / KEY_FILE
        try:
            if not path.exists():
                _make(path)
            return cls(_read(path), clock)
        except OSError as error:
            raise BadKey(path, "cannot be read or made") from error

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

    @property
    def issuers(self) -> Sequence[str]:
        """None: a token comes from the command line, and no client can be sent there."""
        return ()

    @property
    def issuer(self) -> str:
        """What its tokens call it."""
        return ISSUER

    @property
    def generation(self) -> int:
        """The key stays as long as the process does."""
        return 0

    async def verify(self, token: str, resource: str) -> Identity:
        """As ``Verifier.verify``; of the resource only the stack counts, at any address."""
        return await self.identify(take_apart(token), resource)

    async def identify(self, found: Unverified, resource: str) -> Identity:
        """The same of a token that was taken apart."""
        stack = _RESOURCE.fullmatch(resource)
        if stack is None:
            raise TokenRefused("resource")
        now = self._issuer.clock().timestamp()
        try:
            claims.check(found, _RULES, {_audience(stack[1])}, now)
        except claims.WrongAudience as error:
            known = None if self._wrong_key(found) else _user(found)
            raise TokenRefused(error.reason, known) from None
        if wrong := self._wrong_key(found):
            raise TokenRefused(wrong)
        return Identity(
            _user(found),
            claims.rights(found.claims),
            float(found.claims["exp"]),
            claims.client(found.claims),
        )

    async def close(self) -> None:
        """Nothing is open."""

    def _wrong_key(self, found: Unverified) -> str | None:
        """What is wrong with the signature, in a word; None if nothing is."""
        if claims.key_id(found.header) != self._issuer.key_id:
            return "kid"
        return None if self._issuer.verifies(found.signed, found.signature) else "signature"


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


def _make(path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".key-")  # 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
        os.link(temporary, path)  # fails where it exists: the first process wins
    except FileExistsError:
        pass
    finally:
        Path(temporary).unlink()


def _read(path: Path) -> ec.EllipticCurvePrivateKey:
    with path.open("rb") as file:
        if os.name == "posix" and os.fstat(file.fileno()).st_mode & 0o077:
            raise BadKey(path, "can be read by others than its owner")
        content = file.read(_MAX_KEY_BYTES)
    try:
        key = load_pem_private_key(content, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):  # their texts may quote the file
        raise BadKey(path, "is not a private key") from None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.curve.name != "secp256r1":
        raise BadKey(path, "is not a private key of the curve P-256")
    return key
