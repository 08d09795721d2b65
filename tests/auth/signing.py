"""Real keys, and tokens of whatever is asked for: a good one is changed, never faked."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm, get_default_algorithms

Part = Mapping[str, Any] | bytes


@dataclass(frozen=True)
class Signer:
    """A private key with the name that tokens call it by."""

    algorithm: str
    key: Any
    kid: str

    @property
    def jwk(self) -> dict[str, Any]:
        public = self.key.public_key()
        match self.key:
            case rsa.RSAPrivateKey():
                found = RSAAlgorithm.to_jwk(public, as_dict=True)
            case ec.EllipticCurvePrivateKey():
                found = ECAlgorithm.to_jwk(public, as_dict=True)
            case _:
                found = OKPAlgorithm.to_jwk(public, as_dict=True)
        found.pop("key_ops", None)
        return {**found, "kid": self.kid, "alg": self.algorithm, "use": "sig"}

    @property
    def private_jwk(self) -> dict[str, Any]:
        return {**self.jwk, **ECAlgorithm.to_jwk(self.key, as_dict=True), "kid": self.kid}

    def sign(self, header: Part, claims: Part) -> str:
        signed = f"{encoded(header)}.{encoded(claims)}".encode()
        signature = get_default_algorithms()[self.algorithm].sign(signed, self.key)
        return f"{signed.decode()}.{encoded(signature)}"


def encoded(part: Part) -> str:
    content = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


@cache
def signer(
    kind: Literal["ES256", "ES384", "RS256", "PS256", "EdDSA", "weak"],
    kid: str = "k1",
    _number: int = 0,
) -> Signer:
    """The same key for the same arguments; another number is another key of that kind."""
    match kind:
        case "ES256":
            return Signer(kind, ec.generate_private_key(ec.SECP256R1()), kid)
        case "ES384":
            return Signer(kind, ec.generate_private_key(ec.SECP384R1()), kid)
        case "EdDSA":
            return Signer(kind, ed25519.Ed25519PrivateKey.generate(), kid)
        case "weak":
            return Signer("RS256", rsa.generate_private_key(65_537, 1_024), kid)
        case _:
            return Signer(kind, rsa.generate_private_key(65_537, 2_048), kid)
