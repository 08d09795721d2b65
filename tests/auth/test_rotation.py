"""How an issuer's keys come, stay and go, and what floods and outages do to that."""

import anyio
import pytest

from stackdocs_mcp.auth.jwks import FRESH, PAUSE, STALE
from tests.auth.cases import GOOD
from tests.auth.provider import JWKS, OPENID
from tests.auth.signing import signer
from tests.auth.site import Site

pytestmark = pytest.mark.anyio

OLD, NEW = signer("ES256"), signer("ES256", "k2", 2)


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
    assert await one.outcome(later := one.token(OLD)) == GOOD
    one.clock.advance(1)
    assert await one.outcome(later) == "kid"
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
    issued = int(one.clock.seconds)
    for second in range(290):
        one.clock.advance(1)
        old = one.token(header={"kid": f"random-{second}"}, iat=issued, nbf=issued)
        assert await one.outcome(old) == "kid"

    assert one.provider.fetched == 1 + 290 // PAUSE


@pytest.mark.requirement("KEYS-09")
async def test_new_tokens_of_unknown_keys_make_no_more_fetches_and_are_refused_by_each(
    one: Site,
) -> None:
    await one.verify(one.token(OLD))
    outcomes = []
    for second in range(290):
        one.clock.advance(1)
        outcomes.append(await one.outcome(one.token(header={"kid": f"random-{second}"})))

    assert one.provider.fetched == 1 + 290 // PAUSE
    assert outcomes.count("kid") == 290 // PAUSE
    assert set(outcomes) == {"kid", "unavailable"}


@pytest.mark.requirement("KEYS-09")
async def test_a_token_of_a_really_new_key_is_not_refused_for_a_flood_before_it(one: Site) -> None:
    dead = one.token(header={"kid": "removed"})
    one.clock.advance(1)
    await one.verify(one.token(OLD))
    one.clock.advance(PAUSE)
    assert await one.outcome(one.token(header={"kid": "random"})) == "kid"  # has the keys fetched
    one.provider.publish(OLD.jwk, NEW.jwk)
    one.clock.advance(1)
    new = one.token(NEW)

    assert await one.outcome(new) == "unavailable"
    assert await one.outcome(dead) == "kid"  # nobody keeps its client from hearing that
    one.clock.advance(PAUSE)
    assert await one.outcome(new) == GOOD


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
