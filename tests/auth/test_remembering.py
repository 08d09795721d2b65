"""What a verifier remembers of tokens that it has verified."""

import pytest

from stackdocs_mcp.auth.jwks import PAUSE
from tests.auth.cases import GOOD
from tests.auth.signing import signer
from tests.auth.site import OTHER, Site

pytestmark = pytest.mark.anyio

OLD, NEW = signer("ES256"), signer("ES256", "k2", 2)


@pytest.mark.requirement("AUTH-18")
async def test_a_verified_token_is_still_only_for_its_resource_and_until_its_end(
    one: Site,
) -> None:
    token = one.token(exp=one.clock.seconds + 30)
    assert [await one.outcome(token) for _ in range(3)] == [GOOD] * 3

    assert await one.outcome(token, OTHER) == "audience"
    one.clock.advance(89)
    assert await one.outcome(token) == GOOD
    one.clock.advance(1)
    assert await one.outcome(token) == "expired"


@pytest.mark.requirement("AUTH-18")
async def test_a_remembered_token_is_forgotten_when_its_issuers_keys_change(one: Site) -> None:
    token = one.token(OLD)
    await one.verify(token)
    one.provider.publish(NEW.jwk)
    one.clock.advance(PAUSE)
    assert await one.outcome(token) == GOOD

    assert await one.outcome(one.token(NEW)) == GOOD

    assert await one.outcome(token) == "kid"


@pytest.mark.requirement("AUTH-18")
async def test_a_token_that_was_refused_is_refused_again_and_taken_when_it_is_good(
    one: Site,
) -> None:
    token = one.token(nbf=one.clock.seconds + 100)

    assert [await one.outcome(token) for _ in range(3)] == ["not_yet"] * 3
    one.clock.advance(60)
    assert await one.outcome(token) == GOOD
