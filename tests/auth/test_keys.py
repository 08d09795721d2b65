"""How an issuer's keys come, stay and go: against a real server that also misbehaves."""

import gzip
import json
from collections.abc import AsyncIterator
from typing import Any

import anyio
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings, strategies as st

from stackdocs_mcp.auth.jwks import FRESH, PAUSE, STALE
from stackdocs_mcp.auth.keys import usable
from stackdocs_mcp.auth.providers import ALGORITHMS
from tests.auth.cases import GOOD
from tests.auth.provider import JWKS, OPENID, RFC8414, Answer, head, ok, status
from tests.auth.signing import signer
from tests.auth.site import Site, site

pytestmark = pytest.mark.anyio

OLD, NEW = signer("ES256"), signer("ES256", "k2", 2)


@pytest.fixture
async def one() -> AsyncIterator[Site]:
    """A provider with one key, and little patience with it."""
    async with site(max_seconds=1.0) as found:
        yield found


@pytest.mark.requirement("AUTH-12")
async def test_keys_are_fetched_once_for_many_tokens(one: Site) -> None:
    outcomes = [await one.outcome(one.token(jti=str(number))) for number in range(20)]

    assert set(outcomes) == {GOOD}
    assert one.provider.hits == {OPENID: 1, JWKS: 1}


@pytest.mark.requirement("AUTH-12")
async def test_a_new_key_counts_after_exactly_one_more_fetch_and_the_old_one_beside_it(
    one: Site,
) -> None:
    await one.verify(one.token(OLD))
    one.provider.publish(OLD.jwk, NEW.jwk)
    one.clock.advance(PAUSE)

    assert await one.outcome(one.token(NEW)) == GOOD
    assert await one.outcome(one.token(OLD)) == GOOD
    assert one.provider.fetched == 2


@pytest.mark.requirement("AUTH-12")
async def test_a_removed_key_is_refused_when_the_keys_are_no_longer_fresh(one: Site) -> None:
    token = one.token(OLD)
    await one.verify(token)
    one.provider.publish(NEW.jwk)

    one.clock.advance(FRESH - 1)
    assert await one.outcome(one.token(OLD)) == GOOD
    one.clock.advance(1)
    assert await one.outcome(token) == "kid"
    assert await one.outcome(one.token(OLD)) == "kid"
    assert one.provider.fetched == 2


@pytest.mark.requirement("AUTH-12")
async def test_a_key_replaced_under_its_own_name_no_longer_verifies(one: Site) -> None:
    await one.verify(one.token(OLD))
    one.provider.publish({**NEW.jwk, "kid": OLD.kid})
    one.clock.advance(FRESH)

    assert await one.outcome(one.token(OLD)) == "signature"


@pytest.mark.requirement("AUTH-12")
async def test_a_clock_that_is_set_back_makes_nothing_live_longer(one: Site) -> None:
    await one.verify(one.token(OLD))
    one.provider.publish(NEW.jwk)
    one.clock.advance(-3_600)

    assert await one.outcome(one.token(OLD)) == "kid"


@pytest.mark.requirement("AUTH-13")
async def test_a_thousand_unknown_keys_at_once_make_one_fetch_at_most(one: Site) -> None:
    await one.verify(one.token(OLD))
    one.clock.advance(PAUSE)
    outcomes = []

    async def flood(number: int) -> None:
        outcomes.append(await one.outcome(one.token(header={"kid": f"random-{number}"})))

    async with anyio.create_task_group() as tasks:
        for number in range(1_000):
            tasks.start_soon(flood, number)

    assert outcomes == ["kid"] * 1_000
    assert one.provider.fetched == 2


@pytest.mark.requirement("AUTH-13")
async def test_unknown_keys_that_keep_coming_make_one_fetch_in_thirty_seconds(one: Site) -> None:
    await one.verify(one.token(OLD))
    for second in range(290):
        one.clock.advance(1)
        assert await one.outcome(one.token(header={"kid": f"random-{second}"})) == "kid"

    assert one.provider.fetched == 1 + 290 // PAUSE


@pytest.mark.requirement("AUTH-13")
async def test_a_good_token_does_not_wait_while_an_unknown_key_is_looked_for(one: Site) -> None:
    one.provider.answers["held"] = one.provider.answers[JWKS]
    await one.verify(one.token(OLD))
    one.clock.advance(PAUSE)
    one.provider.answers[JWKS] = one.provider.hold
    one.provider.asked.clear()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(one.outcome, one.token(header={"kid": "unknown"}))
        await one.provider.asked.wait()
        assert await one.outcome(one.token(OLD)) == GOOD
        one.provider.released.set()


@pytest.mark.requirement("AUTH-13")
async def test_a_caller_who_leaves_does_not_spoil_the_fetch_for_the_others(one: Site) -> None:
    one.provider.answers["held"] = one.provider.answers[JWKS]
    one.provider.answers[JWKS] = one.provider.hold

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(one.outcome, one.token(OLD))
        await one.provider.asked.wait()
        tasks.cancel_scope.cancel()
        one.provider.released.set()

    assert await one.outcome(one.token(OLD)) == GOOD
    assert one.provider.fetched == 1


@pytest.mark.requirement("AUTH-14")
async def test_known_keys_go_on_counting_for_an_hour_of_an_outage_and_no_longer(one: Site) -> None:
    await one.verify(one.token(OLD))
    one.provider.fail()

    one.clock.advance(STALE - 1)
    assert await one.outcome(one.token(OLD)) == GOOD
    one.clock.advance(1)
    assert await one.outcome(one.token(OLD)) == "unavailable"


@pytest.mark.requirement("AUTH-14")
async def test_an_outage_is_asked_about_once_in_thirty_seconds(one: Site) -> None:
    await one.verify(one.token(OLD))
    one.provider.fail()
    before = one.provider.hits.total()
    one.clock.advance(FRESH)

    for _ in range(60):
        assert await one.outcome(one.token(OLD)) == GOOD
        one.clock.advance(1)

    assert one.provider.hits.total() - before == 2


@pytest.mark.requirement("AUTH-14")
async def test_a_key_that_nobody_knows_is_not_refused_while_nobody_can_tell(one: Site) -> None:
    await one.verify(one.token(OLD))
    one.provider.fail()
    one.clock.advance(PAUSE)

    assert await one.outcome(one.token(NEW)) == "unavailable"
    assert await one.outcome(one.token(signer("ES256", OLD.kid, 9))) == "signature"


@pytest.mark.requirement("AUTH-14")
async def test_without_any_keys_nobody_is_refused_and_all_is_well_when_the_issuer_is(
    one: Site,
) -> None:
    answers = dict(one.provider.answers)
    one.provider.fail()
    assert [await one.outcome(one.token(OLD)) for _ in range(10)] == ["unavailable"] * 10
    assert one.provider.hits == {OPENID: 1}

    one.provider.answers = answers
    one.clock.advance(5)
    assert await one.outcome(one.token(OLD)) == GOOD
    assert await one.outcome(one.token(OLD, exp=1, iat=0)) == "expired"


@pytest.mark.requirement("AUTH-14")
async def test_an_issuer_that_nothing_listens_for_is_unavailable(one: Site) -> None:
    await one.provider.close()

    assert await one.outcome(one.token(OLD)) == "unavailable"


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


@pytest.mark.requirement("AUTH-15")
async def test_keys_that_cannot_be_used_spoil_no_good_ones(one: Site) -> None:
    good = OLD.jwk
    point = {**good, "x": good["y"]}
    one.provider.publish(
        None,
        "k1",
        {},
        {"kty": "oct", "k": "c2VjcmV0", "kid": "k1"},
        point,
        {**good, "x": 7},
        {**good, "x": None},
        {**good, "crv": "P-999"},
        {**good, "kid": 1},
        {**good, "use": "enc"},
        {**good, "key_ops": ["encrypt"]},
        {**good, "alg": "ECDH-ES"},
        {**signer("weak").jwk, "kid": "k1"},
        {"kty": "RSA", "n": "AQAB", "e": "AQAB", "kid": "k1"},
        good,
    )

    assert await one.outcome(one.token(OLD)) == GOOD
    assert await one.outcome(one.token(signer("weak"))) == "kid"


@pytest.mark.requirement("AUTH-15")
async def test_a_key_that_shows_its_private_part_is_nobodys(one: Site) -> None:
    one.provider.publish(NEW.jwk, OLD.private_jwk)

    assert await one.outcome(one.token(OLD)) == "kid"
    assert await one.outcome(one.token(NEW)) == GOOD


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
        {"jwks_uri": "http://me:secret@127.0.0.1/keys"},
        {"jwks_uri": "/keys"},
    ],
)
async def test_metadata_of_another_issuer_or_of_no_fit_address_is_refused(
    one: Site, changed: dict[str, Any]
) -> None:
    for name, value in changed.items():
        filled = value.replace("{base}", one.issuer) if isinstance(value, str) else value
        one.provider.announce(**{name: filled})

    assert await one.outcome(one.token()) == "unavailable"
    assert one.provider.fetched == 0


@pytest.mark.requirement("AUTH-16")
async def test_keys_that_moved_are_found_again_after_the_old_place_failed(one: Site) -> None:
    await one.verify(one.token(OLD))
    one.provider.answers["/moved"] = one.provider.answers.pop(JWKS)
    one.provider.announce(jwks_uri=f"{one.provider.base}/moved")

    one.clock.advance(FRESH)
    assert await one.outcome(one.token(OLD)) == GOOD  # by the keys that are known
    one.clock.advance(PAUSE)
    assert await one.outcome(one.token(OLD)) == GOOD
    assert one.provider.hits["/moved"] == 1
