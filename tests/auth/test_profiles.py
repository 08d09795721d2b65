"""Tokens of Supabase and Clerk: what those write, and which of it is taken."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from stackdocs_mcp.core.binding import Right
from tests.auth.cases import GOOD
from tests.auth.provider import ok
from tests.auth.signing import encoded, signer
from tests.auth.site import RESOURCE, Site, site

pytestmark = pytest.mark.anyio

USER = "8d0b3c6e-0f1f-4a0b-9f53-5b1a5f9d6a55"


@asynccontextmanager
async def supabase(**accepted: Any) -> AsyncIterator[Site]:
    async with site("/auth/v1", profile="supabase", **accepted) as found:
        found.provider.answers["/auth/v1/.well-known/jwks.json"] = ok(
            {"keys": [signer("ES256").jwk]}
        )
        found.usual = {
            "aud": "authenticated",
            "role": "authenticated",
            "sub": USER,
            "aal": "aal1",
            "session_id": "s",
            "is_anonymous": False,
            "client_id": None,
            "scope": None,
            "nbf": None,
        }
        yield found


@asynccontextmanager
async def clerk(**accepted: Any) -> AsyncIterator[Site]:
    async with site(profile="clerk", **accepted) as found:
        found.usual = {"sub": "user_2abc", "client_id": "client_1", "azp": "client_1"}
        yield found


JWT = {"typ": "JWT"}


@pytest.mark.requirement("AUTH-10")
async def test_a_signed_in_user_of_supabase_has_all_rights_that_a_membership_leaves() -> None:
    async with supabase() as found:
        identity = await found.verify(found.token(header=JWT))

        assert identity.user == f"{found.issuer}#{USER}"
        assert identity.scopes == frozenset(Right)
        assert list(found.provider.hits) == ["/auth/v1/.well-known/jwks.json"]


@pytest.mark.requirement("AUTH-10")
@pytest.mark.parametrize(
    ("changed", "outcome"),
    [
        ({"role": "service_role"}, "role"),
        ({"role": "anon"}, "role"),
        ({"role": None}, "role"),
        ({"role": ["authenticated"]}, "role"),
        ({"is_anonymous": True}, "anonymous"),
        ({"is_anonymous": "false"}, "anonymous"),
        ({"is_anonymous": None}, GOOD),
        ({"aud": "anon"}, "audience"),
        ({"aud": RESOURCE}, GOOD),
        ({"iss": "supabase"}, "issuer"),
    ],
)
async def test_what_supabase_signs_for_others_than_signed_in_users_is_refused(
    changed: dict[str, Any], outcome: str
) -> None:
    async with supabase() as found:
        assert await found.outcome(found.token(header=JWT, **changed)) == outcome


@pytest.mark.requirement("AUTH-10")
async def test_the_older_api_keys_of_supabase_are_no_tokens() -> None:
    async with supabase() as found:
        for role in ("anon", "service_role"):
            claims = {"iss": "supabase", "ref": "abc", "role": role, "iat": 1, "exp": 2_000_000_000}
            key = (
                f"{encoded({'alg': 'HS256', 'typ': 'JWT'})}.{encoded(claims)}.{encoded(b'x' * 32)}"
            )

            assert await found.outcome(key) == "issuer"

        ours = f"{encoded({'alg': 'HS256', 'typ': 'JWT'})}.{encoded(found.claims())}.AA"
        assert await found.outcome(ours) == "algorithm"


@pytest.mark.requirement("AUTH-10")
@pytest.mark.parametrize(
    ("needed", "has", "outcome"),
    [
        (None, None, GOOD),
        ("aal1", "aal1", GOOD),
        ("aal1", "aal2", GOOD),
        ("aal2", "aal1", "assurance"),
        ("aal2", "aal2", GOOD),
        ("aal2", None, "assurance"),
        ("aal2", "aal3", "assurance"),
        ("aal1", ["aal2"], "assurance"),
    ],
)
async def test_a_second_factor_can_be_asked_for(
    needed: str | None, has: object, outcome: str
) -> None:
    async with supabase(assurance=needed) as found:
        assert await found.outcome(found.token(header=JWT, aal=has)) == outcome


@pytest.mark.requirement("AUTH-11")
@pytest.mark.parametrize(
    ("header", "changed", "outcome"),
    [
        ({}, {}, GOOD),
        (JWT, {}, "type"),
        (JWT, {"sid": "sess_1", "sts": "active"}, "type"),
        ({}, {"sid": "sess_1"}, "session"),
        ({}, {"sts": "pending"}, "session"),
        ({}, {"sts": "active"}, GOOD),
        ({}, {"aud": "https://elsewhere.example"}, "audience"),
        ({}, {"aud": None}, "audience"),
    ],
)
async def test_an_access_token_of_clerk_is_taken_and_a_session_is_not(
    header: dict[str, str], changed: dict[str, Any], outcome: str
) -> None:
    async with clerk() as found:
        assert await found.outcome(found.token(header=header, **changed)) == outcome


@pytest.mark.requirement("AUTH-11")
@pytest.mark.parametrize(
    ("changed", "outcome"),
    [
        ({}, GOOD),
        ({"client_id": None}, GOOD),
        ({"azp": None}, GOOD),
        ({"azp": "client_2"}, "party"),
        ({"client_id": "client_2"}, "party"),
        ({"azp": None, "client_id": None}, "party"),
        ({"azp": ["client_1"]}, "party"),
    ],
)
async def test_a_token_for_a_client_that_is_not_listed_is_refused(
    changed: dict[str, Any], outcome: str
) -> None:
    async with clerk(authorized_parties={"client_1", "client_3"}) as found:
        assert await found.outcome(found.token(**changed)) == outcome


@pytest.mark.requirement("AUTH-11")
@pytest.mark.parametrize(
    ("changed", "outcome"),
    [
        ({"org_id": "org_1"}, GOOD),
        ({"o": {"id": "org_1", "rol": "admin"}}, GOOD),
        ({"org_id": "org_2"}, "organization"),
        ({"o": {"id": "org_2"}, "org_id": "org_1"}, "organization"),
        ({"o": {}}, "organization"),
        ({"o": "org_1"}, "organization"),
        ({}, "organization"),
    ],
)
async def test_a_user_who_does_not_act_for_the_organization_is_refused(
    changed: dict[str, Any], outcome: str
) -> None:
    async with clerk(organization="org_1") as found:
        assert await found.outcome(found.token(**changed)) == outcome
