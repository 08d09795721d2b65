"""Tokens that must not be taken, and the few beside them that must: one row each.

The tests of the gate can send the same rows over HTTP: ``token`` makes one from a ``Site``.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.auth.signing import encoded, signer
from tests.auth.site import OTHER, RESOURCE, Site

GOOD = "good"


@dataclass(frozen=True)
class Case:
    """``threat`` is the row of THREATS, ``outcome`` why it is refused (or ``good``)."""

    threat: str
    name: str
    promise: str
    outcome: str
    token: Callable[[Site], str]

    @property
    def id(self) -> str:
        return f"{self.threat}-{self.name.replace(' ', '-')}"


def _claims(threat: str, name: str, promise: str, outcome: str, **changed: Any) -> Case:
    return Case(threat, name, promise, outcome, lambda site: site.token(**changed))


def _header(threat: str, name: str, promise: str, outcome: str, **changed: Any) -> Case:
    return Case(threat, name, promise, outcome, lambda site: site.token(header=changed))


def _time(threat: str, name: str, outcome: str, **offsets: int) -> Case:
    """Times relative to the clock."""

    def token(site: Site) -> str:
        now = site.clock.seconds
        times = {claim: now + offset for claim, offset in offsets.items()}
        return site.signed(site.claims(**times))

    return Case(threat, name, "AUTH-04", outcome, token)


def _raw(threat: str, name: str, promise: str, outcome: str, **texts: str) -> Case:
    """A claim as this JSON text, whatever a library would write."""
    ((claim, text),) = texts.items()

    def token(site: Site) -> str:
        rest = json.dumps(site.claims(**{claim: None}))[1:]
        return site.signed(f'{{"{claim}": {text}, {rest}'.encode())

    return Case(threat, name, promise, outcome, token)


def _text(threat: str, name: str, outcome: str, change: Callable[[str], str]) -> Case:
    """A good token whose text is changed."""
    return Case(threat, name, "AUTH-03", outcome, lambda site: change(site.token()))


def _hmac_with_public_key(site: Site) -> str:
    public = signer("RS256", "k2").key.public_key()
    secret = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    header = {"alg": "HS256", "typ": "at+jwt", "kid": "k2"}
    signed = f"{encoded(header)}.{encoded(site.claims())}"
    return f"{signed}.{encoded(hmac.digest(secret, signed.encode(), hashlib.sha256))}"


def _unsigned(algorithm: str) -> Callable[[Site], str]:
    def token(site: Site) -> str:
        return f"{encoded({'alg': algorithm, 'typ': 'at+jwt'})}.{encoded(site.claims())}.AA"

    return token


def _last_bit(token: str) -> str:
    """The same bytes for a lenient reader: 64 of them leave four bits of the last character."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return token[:-1] + alphabet[alphabet.index(token[-1]) ^ 1]


def _standard_alphabet(token: str) -> str:
    header, claims, _signature = token.split(".")
    return f"{header}.{claims}.{base64.b64encode(bytes([251, 255] * 32)).decode().rstrip('=')}"


_RSA = {"alg": "RS256"}
_NEWER = {"alg": "Ed25519"}
_ED25519 = signer("EdDSA", "k5", 5)


def _stranger() -> Any:
    return signer("ES256", "k1", 99)


def _renamed(site: Site, algorithm: str) -> str:
    by = signer("RS256", "k2")
    return by.sign(site.header(by, alg=algorithm), site.claims())


def _nameless(site: Site) -> str:
    by = signer("EdDSA", "k3")
    return by.sign(site.header(by, kid=None), site.claims())


FORM = [
    Case("A02", "empty", "AUTH-03", "form", lambda _: ""),
    Case("A02", "one word", "AUTH-03", "form", lambda _: "secret"),
    Case("A02", "not ASCII", "AUTH-03", "form", lambda _: "é.é.é"),
    Case("A02", "half a surrogate", "AUTH-03", "form", lambda _: "a.b.\ud800"),
    Case("A02", "not JSON", "AUTH-03", "json", lambda _: "YQ.YQ.YQ"),
    Case("A02", "not UTF-8", "AUTH-03", "json", lambda s: s.signed(b'{"sub": "\xff"}')),
    Case("A02", "a list", "AUTH-03", "json", lambda s: s.signed(b"[]")),
    Case("A02", "a byte order mark", "AUTH-03", "json", lambda s: s.signed(b"\xef\xbb\xbf{}")),
    Case("A02", "nested deep", "AUTH-03", "json", lambda s: s.signed(b'{"a":' + b"[" * 2_000)),
    Case("A07", "9 KiB", "AUTH-03", "size", lambda s: s.token(pad="x" * 6_900)),
    Case("A07", "1 MB", "AUTH-03", "size", lambda s: s.token(pad="x" * 1_000_000)),
    Case("A07", "nearly 8 KiB", "AUTH-03", GOOD, lambda s: s.token(pad="x" * 5_500)),
    _raw("A25", "sub twice", "AUTH-03", "json", sub='"a", "sub": "b"'),
    _raw("A25", "sub twice, once escaped", "AUTH-03", "json", sub='"a", "\\u0073ub": "b"'),
    _text("A28", "five parts", "form", lambda token: f"{token}.YQ.YQ"),
    _text("A28", "two parts", "form", lambda token: token.rpartition(".")[0]),
    _text("A28", "detached", "form", lambda token: ".".join((*token.split(".")[::2], ""))),
    _text("A28", "claims left out", "form", lambda token: "..".join(token.split(".")[::2])),
    _text("A28", "no signature", "form", lambda token: token.rpartition(".")[0] + "."),
    _text("A28", "padding", "form", lambda token: f"{token}=="),
    _text("A28", "a space in front", "form", lambda token: f" {token}"),
    _text("A28", "a line feed behind", "form", lambda token: f"{token}\n"),
    _text("A28", "the other alphabet", "form", _standard_alphabet),
    _text("A28", "bits that nobody sets", "base64", _last_bit),
    _text("A28", "a length that nobody writes", "base64", lambda token: f"{token}AAA"),
]

TIMES = [
    _time("A08", "expired", "expired", iat=-700, exp=-100),
    _time("A08", "expired within the skew", GOOD, iat=-600, exp=-59),
    _time("A08", "expired at the skew", "expired", iat=-600, exp=-60),
    _time("A09", "from the skew on", GOOD, nbf=60),
    _time("A09", "from later on", "not_yet", nbf=61),
    _time("A10", "issued within the skew", GOOD, iat=60, nbf=0),
    _time("A10", "issued later", "not_yet", iat=61, nbf=0),
    _claims("A11", "no exp", "AUTH-04", "time", exp=None),
    _claims("A11", "no iat", "AUTH-04", "time", iat=None),
    _claims("A12", "exp a text", "AUTH-04", "time", exp="9999999999"),
    _raw("A12", "exp of 400 digits", "AUTH-04", "time", exp="1" + "0" * 400),
    _raw("A12", "exp of 5,000 digits", "AUTH-04", "json", exp="1" + "0" * 5_000),
    _raw("A12", "exp with a fraction", "AUTH-04", "time", exp="1795300000.5"),
    _raw("A12", "exp with an exponent", "AUTH-04", "time", exp="1e400"),
    _raw("A13", "exp NaN", "AUTH-04", "json", exp="NaN"),
    _raw("A13", "exp Infinity", "AUTH-04", "json", exp="Infinity"),
    _claims("A13", "exp true", "AUTH-04", "time", exp=True),
    _claims("A13", "exp a list", "AUTH-04", "time", exp=[9_999_999_999]),
    _claims("A13", "nbf a text", "AUTH-04", "time", nbf="0"),
    _raw("A13", "nbf null", "AUTH-04", "time", nbf="null"),
    _claims("A13", "iat negative", "AUTH-04", "time", iat=-1),
    _time("A14", "for a day", GOOD, iat=0, exp=86_400),
    _time("A14", "for more than a day", "lifetime", iat=0, exp=86_401),
    _time("A14", "ends before it begins", "lifetime", iat=30, nbf=0, exp=30),
]

NAMES = [
    _claims("A15", "another stack", "AUTH-05", "audience", aud=OTHER),
    _claims("A15", "no aud", "AUTH-05", "audience", aud=None),
    _claims("A15", "one of a list", "AUTH-05", GOOD, aud=["https://a.example", RESOURCE]),
    _claims("A15", "none of a list", "AUTH-05", "audience", aud=["https://a.example"]),
    _claims("A15", "an empty list", "AUTH-05", "audience", aud=[]),
    _claims("A15", "a list with a number", "AUTH-05", "audience", aud=[RESOURCE, 1]),
    _claims("A15", "a list in a list", "AUTH-05", "audience", aud=[[RESOURCE]]),
    _claims("A15", "an object", "AUTH-05", "audience", aud={RESOURCE: RESOURCE}),
    _claims("A15", "a slash more", "AUTH-05", "audience", aud=f"{RESOURCE}/"),
    _claims("A15", "in capitals", "AUTH-05", "audience", aud=RESOURCE.upper()),
    _claims("A15", "the parent", "AUTH-05", "audience", aud="https://stackdocs.example"),
    _claims("A16", "another issuer", "AUTH-05", "issuer", iss="https://other.example"),
    _claims("A16", "no iss", "AUTH-05", "issuer", iss=None),
    Case("A16", "iss with a slash", "AUTH-05", "issuer", lambda s: s.token(iss=f"{s.issuer}/")),
    Case("A16", "part of iss", "AUTH-05", "issuer", lambda s: s.token(iss=s.issuer[:-1])),
    Case("A16", "iss a list", "AUTH-05", "issuer", lambda s: s.token(iss=[s.issuer])),
    _claims("A26", "no sub", "AUTH-08", "subject", sub=None),
    _claims("A26", "sub empty", "AUTH-08", "subject", sub=""),
    _claims("A26", "sub blank", "AUTH-08", "subject", sub=" "),
    _claims("A26", "sub with NUL", "AUTH-08", "subject", sub="user-1\0"),
    _claims("A26", "sub with a line feed", "AUTH-08", "subject", sub="user-1\nx"),
    _claims("A26", "sub with a space behind", "AUTH-08", "subject", sub="user-1 "),
    _claims("A26", "sub with nothing to see", "AUTH-08", "subject", sub="user\u200b-1"),
    _claims("A26", "sub turned round", "AUTH-08", "subject", sub="\u202eresu"),
    _claims("A26", "sub of 255", "AUTH-08", GOOD, sub="x" * 255),
    _claims("A26", "sub of 256", "AUTH-08", "subject", sub="x" * 256),
    _raw("A26", "sub a number", "AUTH-08", "subject", sub="1"),
    _raw("A26", "sub half a surrogate", "AUTH-08", "json", sub='"\\ud800"'),
]

KEYS = [
    Case("A17", "a key of its own", "AUTH-06", "signature", lambda s: s.token(_stranger())),
    Case("A18", "none", "AUTH-06", "algorithm", _unsigned("none")),
    Case("A18", "nOnE", "AUTH-06", "algorithm", _unsigned("nOnE")),
    Case("A19", "HS256 with the public key", "AUTH-06", "algorithm", _hmac_with_public_key),
    Case("A20", "RS256 by name, ES256 key", "AUTH-06", "kid", lambda s: s.token(header=_RSA)),
    Case("A20", "ES256 by name, RSA key", "AUTH-06", "kid", lambda s: _renamed(s, "ES256")),
    Case("A21", "PS256 is not allowed", "AUTH-06", "algorithm", lambda s: _renamed(s, "PS256")),
    _header("A21", "alg a list", "AUTH-06", "algorithm", alg=["ES256"]),
    _header("A21", "no alg", "AUTH-06", "algorithm", alg=None),
    _header("A22", "kid a path", "AUTH-06", "kid", kid="../../../../dev/null"),
    _header("A22", "kid of SQL", "AUTH-06", "kid", kid="k1' OR '1'='1"),
    _header("A22", "kid with NUL", "AUTH-06", "kid", kid="k1\0"),
    _header("A22", "kid of 300", "AUTH-06", "kid", kid="k" * 300),
    _header("A22", "kid a number", "AUTH-06", "kid", kid=1),
    _header("A22", "kid an object", "AUTH-06", "kid", kid={"k1": "k1"}),
    _header("A22", "no kid, two keys of its kind", "AUTH-06", "kid", kid=None),
    Case("A22", "no kid, one key of its kind", "AUTH-06", GOOD, _nameless),
    _header("A24", "crit", "AUTH-06", "extension", crit=["exp"], exp=1),
    _header("A24", "crit empty", "AUTH-06", "extension", crit=[]),
    _header("A24", "b64 false", "AUTH-06", "extension", b64=False),
    Case("A24", "RS256", "AUTH-06", GOOD, lambda s: s.token(signer("RS256", "k2"))),
    Case("A24", "EdDSA", "AUTH-06", GOOD, lambda s: s.token(signer("EdDSA", "k3"))),
    Case("A24", "Ed25519", "AUTH-06", GOOD, lambda s: s.token(_ED25519, header=_NEWER)),
    Case("A24", "Ed25519 by its older name", "AUTH-06", "kid", lambda s: s.token(_ED25519)),
]

USES = [
    _header("A27", "no typ", "AUTH-09", "type", typ=None),
    _header("A27", "JWT", "AUTH-09", "type", typ="JWT"),
    _header("A27", "a typ that begins like it", "AUTH-09", "type", typ="at+jwt2"),
    _header("A27", "typ a list", "AUTH-09", "type", typ=["at+jwt"]),
    _header("A27", "AT+JWT", "AUTH-09", GOOD, typ="AT+JWT"),
    _header("A27", "the whole media type", "AUTH-09", GOOD, typ="application/at+jwt"),
    _claims("A27", "an ID token", "AUTH-09", "use", nonce="n", aud=RESOURCE),
    _claims("A27", "an ID token with a hash", "AUTH-09", "use", at_hash="h"),
    _claims("A27", "a logout token", "AUTH-09", "use", events={"logout": {}}),
    _claims("A27", "Keycloak's refresh token", "AUTH-09", "use", typ="Refresh"),
    _claims("A27", "Keycloak's access token", "AUTH-09", GOOD, typ="Bearer"),
    _claims("A27", "Cognito's ID token", "AUTH-09", "use", token_use="id"),
]

TABLE = [*FORM, *TIMES, *NAMES, *KEYS, *USES]
