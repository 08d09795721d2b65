"""Which tokens are taken: the table of cases, and what no row can say."""

from typing import Any

import pytest

from stackdocs_mcp.auth.providers import Provider
from stackdocs_mcp.core.binding import Right, UserId
from stackdocs_mcp.core.identity import Identity, TokenRefused
from tests.auth.cases import GOOD, TABLE, Case
from tests.auth.provider import serving
from tests.auth.signing import signer
from tests.auth.site import OTHER, RESOURCE, Site, site

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    "case",
    [pytest.param(one, marks=pytest.mark.requirement(one.promise), id=one.id) for one in TABLE],
)
async def test_a_token_of_the_table_is_taken_or_refused_for_its_own_reason(
    plain: Site, case: Case
) -> None:
    assert await plain.outcome(case.token(plain)) == case.outcome


@pytest.mark.requirement("AUTH-21")
async def test_no_key_is_asked_for_while_something_cheaper_is_wrong(plain: Site) -> None:
    keyed = {GOOD, "kid", "signature"}
    cheap = [one for one in TABLE if one.outcome not in keyed]

    for case in cheap:
        await plain.outcome(case.token(plain))

    assert len(cheap) > 70
    assert plain.provider.hits.total() == 0


@pytest.mark.requirement("AUTH-22")
async def test_a_refusal_tells_the_caller_nothing_and_the_logs_no_part_of_the_token(
    plain: Site, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")

    for case in TABLE:
        if case.outcome == GOOD:
            continue
        token = case.token(plain)
        with pytest.raises(TokenRefused) as refused:
            await plain.verify(token)

        assert refused.value.message == "the token is not valid here"
        assert refused.value.reason.isidentifier()
        parts = [part for part in token.split(".") if len(part) > 8]
        assert not [part for part in parts if part in caplog.text]
    assert "user-1" not in caplog.text


@pytest.mark.requirement("AUTH-08")
async def test_a_good_token_gives_the_user_of_its_issuer_its_rights_its_end_and_its_client(
    plain: Site,
) -> None:
    found = await plain.verify(plain.token())

    assert found == Identity(
        UserId(f"{plain.issuer}#user-1"),
        frozenset({Right.READ, Right.WRITE}),
        float(plain.clock.seconds + 600),
        "agent",
    )


@pytest.mark.requirement("AUTH-05")
async def test_another_audience_is_taken_only_where_it_is_configured() -> None:
    async with site(audiences={"https://stackdocs.example"}) as found:
        assert await found.outcome(found.token(aud="https://stackdocs.example")) == GOOD
        assert await found.outcome(found.token(aud="https://stackdocs.example/")) == "audience"
        assert await found.outcome(found.token(aud=RESOURCE)) == GOOD
        assert await found.outcome(found.token(aud=RESOURCE), OTHER) == "audience"


@pytest.mark.requirement("AUTH-06")
async def test_a_key_of_one_issuer_never_verifies_a_token_of_another() -> None:
    ours, theirs = signer("ES256"), signer("ES256", "k1", 1)
    async with serving() as other:
        other.publish(theirs.jwk)
        async with site("", Provider(other.base)) as found:
            foreign = found.token(theirs, iss=other.base)

            assert await found.outcome(foreign) == GOOD
            assert await found.outcome(found.token(theirs)) == "signature"
            assert await found.outcome(found.token(ours, iss=other.base)) == "signature"
            assert await found.outcome(found.token(ours)) == GOOD


@pytest.mark.requirement("AUTH-08")
async def test_the_same_subject_of_another_issuer_is_another_user() -> None:
    async with serving() as other:
        other.publish(signer("ES256").jwk)
        async with site("", Provider(other.base)) as found:
            ours = await found.verify(found.token())
            theirs = await found.verify(found.token(iss=other.base))

            assert ours.user != theirs.user
            assert found.verifier.issuers == (found.issuer, other.base)


@pytest.mark.requirement("AUTH-09")
async def test_a_provider_may_be_set_to_take_plain_tokens_but_never_id_tokens() -> None:
    async with site(token_type="jwt") as found:
        assert await found.outcome(found.token(header={"typ": "JWT"})) == GOOD
        assert await found.outcome(found.token(header={"typ": None})) == GOOD
        assert await found.outcome(found.token(header={"typ": "at+jwt"})) == GOOD
        assert await found.outcome(found.token(header={"typ": "logout+jwt"})) == "type"
        assert await found.outcome(found.token(header={"typ": "JWT"}, nonce="n")) == "use"


@pytest.mark.requirement("AUTH-04")
async def test_a_lifetime_counts_as_it_is_configured() -> None:
    async with site(max_lifetime=300) as found:
        now = found.clock.seconds

        assert await found.outcome(found.token(exp=now + 300)) == GOOD
        assert await found.outcome(found.token(exp=now + 301)) == "lifetime"


@pytest.mark.requirement("AUTH-17")
@pytest.mark.parametrize(
    ("claims", "rights"),
    [
        ({"scope": "stack:read"}, {Right.READ}),
        ({"scope": "openid stack:read stack:admin email"}, {Right.READ, Right.ADMIN}),
        ({"scope": None, "scp": ["stack:write", "other"]}, {Right.WRITE}),
        ({"scope": None, "scp": "stack:read stack:write"}, {Right.READ, Right.WRITE}),
        ({"scope": None, "scopes": ["stack:read"]}, {Right.READ}),
        ({"scope": ["stack:read", 1, ["stack:write"]]}, {Right.READ}),
        ({"scope": "stack:readx STACK:WRITE stack:*"}, set()),
        ({"scope": "stack:read\tstack:write"}, set()),
        ({"scope": {"stack:read": True}}, set()),
        ({"scope": 7}, set()),
        ({"scope": None}, set()),
    ],
)
async def test_only_our_scopes_count_wherever_an_issuer_writes_them(
    plain: Site, claims: dict[str, Any], rights: set[Right]
) -> None:
    found = await plain.verify(plain.token(**claims))

    assert found.scopes == rights


@pytest.mark.requirement("AUTH-17")
async def test_a_token_without_our_scopes_has_all_rights_only_where_that_is_configured() -> None:
    async with site(scopes="all") as found:
        none = await found.verify(found.token(scope="openid"))
        one = await found.verify(found.token(scope="openid stack:read"))

        assert none.scopes == frozenset(Right)
        assert one.scopes == {Right.READ}


@pytest.mark.requirement("AUDIT-21")
async def test_a_token_for_another_resource_tells_whose_it_is_where_a_known_key_signed_it(
    plain: Site,
) -> None:
    async def user(token: str) -> UserId | None:
        with pytest.raises(TokenRefused) as refused:
            await plain.verify(token, OTHER)
        assert refused.value.reason == "audience"
        return refused.value.user

    good = plain.token()
    assert await user(good) is None
    assert plain.provider.hits.total() == 0, "it is no reason to ask for keys"

    await plain.verify(good)

    assert await user(good) == f"{plain.issuer}#user-1"
    head, said, signature = good.split(".")
    assert await user(f"{head}.{said}.{'A' * len(signature)}") is None
    assert await user(plain.token(header={"kid": "nobody"})) is None
