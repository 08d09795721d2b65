"""Public keys of issuers (RFC 7517, 7518, 8037, 9864): which can be used, and what they verify."""

from collections.abc import Iterable, Set as AbstractSet
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt.algorithms import (
    Algorithm,
    ECAlgorithm,
    OKPAlgorithm,
    RSAAlgorithm,
    get_default_algorithms,
)
from jwt.exceptions import PyJWTError

PublicKey = EllipticCurvePublicKey | Ed25519PublicKey | RSAPublicKey

MAX_KEYS = 100
"""Of one issuer; some publish a few dozen."""

_BITS = range(2_048, 8_193)
_MAX_EXPONENT = 1 << 32
"""A larger one makes each signature cost more, and is of no use."""
_CURVES = {"secp256r1": "ES256", "secp384r1": "ES384", "secp521r1": "ES512"}
_RSA = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"})
_ED25519 = frozenset({"Ed25519", "EdDSA"})
"""RFC 9864 names the curve; providers still write the older name as well."""
_ALGORITHMS: dict[str, Algorithm] = {**get_default_algorithms(), "Ed25519": OKPAlgorithm()}


@dataclass(frozen=True, slots=True)
class Key:
    """A public key, and the algorithms that it may verify with; ``id`` is what tokens call it."""

    id: str | None
    algorithms: frozenset[str]
    public: PublicKey

    def verifies(self, algorithm: str, signed: bytes, signature: bytes) -> bool:
        """Whether the signature is of this key with this algorithm, which is one of its own."""
        if algorithm not in self.algorithms:
            return False
        return _ALGORITHMS[algorithm].verify(signed, self.public, signature)


def usable(found: object, allowed: AbstractSet[str]) -> tuple[Key, ...]:
    """The signing keys of a key set that have an allowed algorithm; the others are left out.

    Never raises, whatever was found.
    """
    listed = found.get("keys") if isinstance(found, dict) else None
    if not isinstance(listed, list):
        return ()
    return tuple(_each(listed[:MAX_KEYS], allowed))


def _each(listed: Iterable[object], allowed: AbstractSet[str]) -> Iterable[Key]:
    for one in listed:
        if not isinstance(one, dict) or not _signs(one):
            continue
        public = _public(one)
        if public is None:
            continue
        algorithms = _algorithms(public) & allowed
        if "alg" in one:
            algorithms &= {one["alg"]} if isinstance(one["alg"], str) else set()
        named = one.get("kid")
        if algorithms and (named is None or isinstance(named, str)):
            yield Key(named, frozenset(algorithms), public)


def _signs(jwk: dict[str, Any]) -> bool:
    """Whether it is there for checking signatures."""
    operations = jwk.get("key_ops", ["verify"])
    return (
        jwk.get("use", "sig") == "sig" and isinstance(operations, list) and "verify" in operations
    )


def _public(jwk: dict[str, Any]) -> PublicKey | None:
    """The key; None for a kind or size that is not taken, and for what is no point or number.

    None also for one that shows its private part: that is everybody's.
    """
    try:
        match jwk.get("kty"):
            case "RSA":
                key: object = RSAAlgorithm.from_jwk(jwk)
            case "EC":
                key = ECAlgorithm.from_jwk(jwk)
            case "OKP":
                key = OKPAlgorithm.from_jwk(jwk)
            case _:
                return None
    except (PyJWTError, UnsupportedAlgorithm, ValueError, TypeError, LookupError, AttributeError):
        return None
    if isinstance(key, RSAPublicKey):
        strong = key.key_size in _BITS and key.public_numbers().e < _MAX_EXPONENT
        return key if strong else None
    return key if isinstance(key, EllipticCurvePublicKey | Ed25519PublicKey) else None


def _algorithms(key: PublicKey) -> frozenset[str]:
    match key:
        case RSAPublicKey():
            return _RSA
        case EllipticCurvePublicKey():
            return frozenset({_CURVES.get(key.curve.name, "")})
        case _:
            return _ED25519
