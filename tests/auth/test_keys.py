"""Which answers give keys, and which keys: against a real server that also misbehaves."""

import base64
import gzip
import json
from typing import Any

import anyio
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings, strategies as st

from stackdocs_mcp.auth.discovery import _may_hold_keys
from stackdocs_mcp.auth.keys import usable
from stackdocs_mcp.auth.providers import ALGORITHMS
from tests.auth.cases import GOOD
from tests.auth.provider import JWKS, OPENID, RFC8414, Answer, head, ok, status
from tests.auth.signing import signer
from tests.auth.site import Site, site

pytestmark = pytest.mark.anyio

OLD, NEW = signer("ES256"), signer("ES256", "k2", 2)


KEYS = json.dumps({"keys": [OLD.jwk]}).encode()


@pytest.mark.requirement("AUTH-15")
@pytest.mark.parametrize(
    ("answer", "why"),
    [
        pytest.param(ok({"keys": [OLD.jwk], "pad": "x" * 300_000}), "size", id="300 KB"),
        pytest.param(ok(b" " * 10_000_000), "size", id="10 MB"),
        pytest.param(ok(b"<html><body>Sign in</body></html>"), "garbled", id="HTML"),
        pytest.param(ok(b'{"keys": [], "keys": []}'), "garbled", id="a key twice"),
        pytest.param(ok(b"\xff\xfe"), "garbled", id="not UTF-8"),
        pytest.param(ok({"keys": []}), "no_keys", id="empty"),
        pytest.param(ok({"keys": {"k1": OLD.jwk}}), "no_keys", id="an object of keys"),
        pytest.param(ok([OLD.jwk]), "no_keys", id="a bare list"),
        pytest.param(
            ok({"keys": [{"kty": "oct", "k": "c2VjcmV0", "kid": "k1"}]}), "no_keys", id="oct"
        ),
        pytest.param(head(204, 0), "status", id="no content"),
        pytest.param(status(500), "status", id="an error"),
        pytest.param(
            head(200, len(gzip.compress(KEYS)), "Content-Encoding: gzip") + gzip.compress(KEYS),
            "compressed",
            id="compressed",
        ),
        pytest.param(head(200, 1_000) + b"{", "unreachable", id="cut off"),
        pytest.param(b"SSH-2.0-OpenSSH_9.7\r\n", "unreachable", id="not HTTP"),
    ],
)
async def test_what_is_no_key_set_gives_no_keys(
    one: Site, answer: Answer, why: str, caplog: pytest.LogCaptureFixture
) -> None:
    one.provider.answers[JWKS] = answer

    assert await one.outcome(one.token(OLD)) == "unavailable"
    (said,) = [found.message for found in caplog.records if found.name.startswith("stackdocs")]
    assert said == f"no keys from the issuer {one.issuer}: {why}"


@pytest.mark.requirement("AUTH-15")
async def test_an_answer_that_never_ends_is_given_up_in_time(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with site(max_seconds=0.2) as found:
        found.provider.answers[JWKS] = found.provider.drip

        with anyio.fail_after(20):
            assert await found.outcome(found.token(OLD)) == "unavailable"
    assert "slow" in caplog.text


@pytest.mark.requirement("AUTH-15")
@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("path", [JWKS, OPENID])
async def test_a_redirect_is_not_followed(one: Site, path: str, code: int) -> None:
    one.provider.answers["/inner"] = one.provider.answers[path]
    one.provider.answers[path] = status(code, f"Location: {one.provider.base}/inner")

    assert await one.outcome(one.token(OLD)) == "unavailable"
    assert one.provider.hits["/inner"] == 0


UNUSABLE = [
    None,
    "k1",
    {},
    {"kty": "oct", "k": "c2VjcmV0", "kid": "k1"},
    {**OLD.jwk, "x": OLD.jwk["y"]},
    {**OLD.jwk, "x": 7},
    {**OLD.jwk, "x": None},
    {**OLD.jwk, "crv": "P-999"},
    {**OLD.jwk, "crv": "P-384"},
    {**OLD.jwk, "kty": "RSA"},
    {**OLD.jwk, "kid": 1},
    {**OLD.jwk, "use": "enc"},
    {**OLD.jwk, "use": None},
    {**OLD.jwk, "key_ops": ["encrypt"]},
    {**OLD.jwk, "key_ops": "verify"},
    {**OLD.jwk, "alg": "ECDH-ES"},
    {**OLD.jwk, "alg": None},
    {**signer("weak").jwk, "kid": "k1"},
    {"kty": "RSA", "n": "AQAB", "e": "AQAB", "kid": "k1"},
    OLD.private_jwk,
]


@pytest.mark.requirement("AUTH-15")
@pytest.mark.parametrize("found", UNUSABLE)
async def test_a_key_that_cannot_be_used_counts_for_nothing(one: Site, found: object) -> None:
    one.provider.publish(found, NEW.jwk)

    assert await one.outcome(one.token(OLD)) == "kid"
    assert await one.outcome(one.token(NEW)) == GOOD


@pytest.mark.requirement("AUTH-15")
async def test_keys_that_cannot_be_used_spoil_no_good_ones(one: Site) -> None:
    one.provider.publish(*UNUSABLE, OLD.jwk)

    assert await one.outcome(one.token(OLD)) == GOOD
    assert await one.outcome(one.token(signer("weak"))) == "kid"


@pytest.mark.requirement("AUTH-15")
def test_a_key_verifies_with_its_own_algorithms_alone() -> None:
    by = signer("RS256", "k3")
    (key,) = usable({"keys": [by.jwk]}, frozenset(ALGORITHMS))
    signed, _, signature = by.sign({}, {}).rpartition(".")
    raw = base64.urlsafe_b64decode(signature + "==")

    assert key.verifies("RS256", signed.encode(), raw)
    assert not key.verifies("RS512", signed.encode(), raw)
    assert not key.verifies("PS256", signed.encode(), raw)
    assert not key.verifies("ES256", signed.encode(), raw)
    assert not key.verifies("none", signed.encode(), b"")


@pytest.mark.requirement("AUTH-15")
async def test_a_key_for_one_algorithm_verifies_no_other_one(one: Site) -> None:
    by = signer("RS256", "k3")
    one.provider.publish(OLD.jwk, {**by.jwk, "alg": "RS512"})

    assert await one.outcome(one.token(by)) == "kid"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
MEMBERS = ["kty", "crv", "x", "y", "n", "e", "d", "alg", "use", "key_ops", "kid", "k"]
VALUES = JSON | st.sampled_from(
    ["RSA", "EC", "OKP", "P-256", "secp256k1", "Ed25519", "Ed448", "AQAB", OLD.jwk["x"], "sig"]
)


@pytest.mark.requirement("AUTH-15")
@settings(max_examples=100, deadline=None)
@given(
    JSON
    | st.fixed_dictionaries({"keys": st.lists(st.dictionaries(st.sampled_from(MEMBERS), VALUES))})
)
def test_no_answer_makes_looking_for_keys_fail(found: object) -> None:
    usable(found, frozenset(ALGORITHMS))


@pytest.mark.requirement("AUTH-15")
def test_no_key_of_another_curve_is_taken() -> None:
    other = ec.generate_private_key(ec.SECP256K1())
    numbers = other.public_key().public_numbers()
    jwk = {
        **OLD.jwk,
        "crv": "secp256k1",
        "x": _number(numbers.x),
        "y": _number(numbers.y),
        "alg": "ES256",
    }

    assert usable({"keys": [jwk]}, frozenset(ALGORITHMS)) == ()


def _number(number: int) -> str:
    from tests.auth.signing import encoded

    return encoded(number.to_bytes(32, "big"))


@pytest.mark.requirement("AUTH-07")
async def test_nothing_that_a_token_brings_along_is_used_or_fetched(one: Site) -> None:
    stranger = signer("ES256", "k1", 99)
    url = f"{one.provider.base}/attacker"
    one.provider.answers["/attacker"] = ok({"keys": [stranger.jwk]})
    brought = {
        "jku": url,
        "x5u": url,
        "jwk": stranger.jwk,
        "x5c": ["MIIB"],
        "x5t": "AA",
    }

    assert await one.outcome(one.token(stranger, header=brought)) == "signature"
    assert await one.outcome(one.token(stranger, header={**brought, "kid": url})) == "kid"
    assert await one.outcome(one.token(OLD, header=brought)) == GOOD
    assert one.provider.hits["/attacker"] == 0


@pytest.mark.requirement("AUTH-16")
@pytest.mark.parametrize("path", ["", "/tenant/a", "/tenant/"])
@pytest.mark.parametrize("kind", ["openid", "rfc8414"])
async def test_metadata_is_found_where_either_standard_puts_it(path: str, kind: str) -> None:
    async with site(path) as found:
        bare = path.rstrip("/")
        place = f"{bare}{OPENID}" if kind == "openid" else f"{RFC8414}{bare}"
        del found.provider.answers[OPENID]
        found.provider.announce(place, issuer=found.issuer)

        assert await found.outcome(found.token()) == GOOD


@pytest.mark.requirement("AUTH-16")
@pytest.mark.parametrize(
    "changed",
    [
        {"issuer": "https://other.example"},
        {"issuer": "{base}/"},
        {"issuer": None},
        {"issuer": ["{base}"]},
        {"jwks_uri": None},
        {"jwks_uri": ["{base}/keys"]},
        {"jwks_uri": "http://169.254.169.254/latest/meta-data"},
        {"jwks_uri": "file:///etc/passwd"},
        {"jwks_uri": "http://me:secret@{host}/keys"},
        {"jwks_uri": "/keys"},
    ],
)
async def test_metadata_of_another_issuer_or_of_no_fit_address_is_refused(
    one: Site, changed: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    ((name, value),) = changed.items()
    if isinstance(value, str):
        host = one.issuer.removeprefix("http://")
        value = value.replace("{base}", one.issuer).replace("{host}", host)
    one.provider.announce(**{name: value})

    assert await one.outcome(one.token()) == "unavailable"
    assert one.provider.hits == {OPENID: 1}
    assert caplog.text.rstrip().endswith(f"{one.issuer}: {name}")


@pytest.mark.requirement("AUTH-16")
@pytest.mark.parametrize(
    ("issuer", "address", "may"),
    [
        ("https://a.example", "https://keys.example/jwks?v=1", True),
        ("https://a.example", "http://a.example/jwks", False),
        ("https://a.example", "http://127.0.0.1/jwks", False),
        ("http://127.0.0.1:1", "http://localhost:2/jwks", True),
        ("http://127.0.0.1:1", "https://keys.example/jwks", True),
        ("http://127.0.0.1:1", "http://keys.example/jwks", False),
    ],
)
def test_keys_come_as_securely_as_their_issuer(issuer: str, address: str, may: bool) -> None:
    assert _may_hold_keys(address, issuer) is may
