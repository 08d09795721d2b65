"""What the provider's tokens are good for, and what they are not."""

from pathlib import Path

import jwt
import pytest

from stackdocs_mcp.core.binding import Role
from tests.oidc.client import Agent
from tests.oidc.provider import Browser, Provider
from tests.oidc.stacks import ADMIN, READ, WRITE, document, stack_of
from tests.oidc.tokens import tokens
from tests.server.harness import Era
from tests.server.papers import SCHEMA
from tests.web.site import Site, call, headers_for, site

pytestmark = pytest.mark.anyio

NONE = "00000000-0000-4000-8000-000000000000"
LIST = call("list_documents")


@pytest.mark.requirement("OIDC-03")
async def test_a_token_is_good_for_the_one_stack_that_it_was_issued_for(
    served: Site, provider: Provider
) -> None:
    first, second = [await served.stack(provider.user("ada"), name) for name in ("a", "b")]
    given = await tokens(provider, "ada", served.endpoint(first), [READ])
    async with served.raw({**headers_for(LIST), **given.bearer}) as http:
        statuses = [
            (await http.post(served.endpoint(stack), json=LIST)).status_code
            for stack in (first, second)
        ]

    header = jwt.get_unverified_header(given.access)
    assert (header["typ"], header["alg"]) == ("at+jwt", "ES256")
    assert statuses == [200, 401]


@pytest.mark.requirement("OIDC-10")
async def test_a_provider_that_signs_with_rsa_is_taken_and_its_people_are_not_those_of_another(
    provider: Provider, rsa_provider: Provider, tmp_path: Path
) -> None:
    async with site(tmp_path, auth_issuer=rsa_provider.issuer) as served:
        stack = await served.stack(rsa_provider.user("ada"))
        theirs = await served.stack(provider.user("ada"), "theirs")
        statuses = []
        for issuer, asked in ((rsa_provider, stack), (rsa_provider, theirs), (provider, theirs)):
            given = await tokens(issuer, "ada", served.endpoint(asked), [READ])
            async with served.raw({**headers_for(LIST), **given.bearer}) as http:
                statuses.append((await http.post(served.endpoint(asked), json=LIST)).status_code)

    # Its own Ada in her stack; its own Ada in that of another issuer's; that other Ada herself.
    assert statuses == [200, 404, 401]


@pytest.mark.requirement("OIDC-04")
async def test_somebody_who_is_no_member_is_told_what_is_told_of_no_stack(
    served: Site, provider: Provider
) -> None:
    stack = await stack_of(served, provider)
    answers = []
    for asked in (stack, NONE):
        url = f"{served.url}/stacks/{asked}/mcp"
        given = await tokens(provider, "eve", url, [READ, WRITE, ADMIN])
        async with served.raw({**headers_for(LIST), **given.bearer}) as http:
            answers.append(await http.post(url, json=LIST))

    assert [one.status_code for one in answers] == [404, 404]
    assert answers[0].content == answers[1].content


@pytest.mark.requirement("OIDC-05")
async def test_the_providers_id_token_is_no_access_token(served: Site, provider: Provider) -> None:
    stack = await stack_of(served, provider)
    given = await tokens(provider, "ada", served.endpoint(stack), ["openid", READ])
    async with served.raw(headers_for(LIST)) as http:
        identity = {"Authorization": f"Bearer {given.identity}"}
        answers = [
            await http.post(served.endpoint(stack), json=LIST, headers=headers)
            for headers in (given.bearer, identity)
        ]

    assert given.identity.count(".") == 2
    assert [one.status_code for one in answers] == [200, 401]
    assert 'error="invalid_token"' in answers[1].headers["www-authenticate"]


@pytest.mark.requirement("OIDC-06")
async def test_a_viewer_steps_up_once_and_is_then_told_that_the_membership_does_not_allow_it(
    served: Site, provider: Provider, era: Era
) -> None:
    stack = await stack_of(served, provider, grace=Role.VIEWER)
    paper = await document(served, provider, stack)
    agent = Agent(Browser("grace"))

    async with agent.connected(served.endpoint(stack), era, served.files) as session:
        await session.client.list_tools()
        refused = [
            await session.refusal("set_field", document_id=paper, path="total", value="1")
            for _ in range(2)
        ]
        held = await session.data("read_extraction", document_id=paper)

    assert agent.challenges == [(401, [READ]), (403, [READ, WRITE])]
    assert WRITE in refused[0]
    assert refused[0] == refused[1]
    assert held["fields"] == []


@pytest.mark.requirement("OIDC-07")
async def test_a_membership_that_ends_ends_with_the_next_call_however_good_the_token_is(
    served: Site, provider: Provider
) -> None:
    stack = await stack_of(served, provider, grace=Role.EDITOR)
    given = await tokens(provider, "grace", served.endpoint(stack), [READ, WRITE])
    workspace = served.workspace(provider.user("ada"), stack)
    async with served.raw({**headers_for(LIST), **given.bearer}) as http:
        before = await http.post(served.endpoint(stack), json=LIST)
        await workspace.store.revoke(provider.user("grace"))
        after = await http.post(served.endpoint(stack), json=LIST)

    assert [before.status_code, after.status_code] == [200, 404]


@pytest.mark.requirement("OIDC-08")
async def test_each_operation_asks_for_what_it_lacks_and_what_was_granted_is_kept(
    served: Site, provider: Provider, era: Era
) -> None:
    stack = await stack_of(served, provider)
    paper = await document(served, provider, stack)
    agent = Agent(Browser("ada"))

    async with agent.connected(served.endpoint(stack), era, served.files) as session:
        await session.client.list_tools()
        await session.data("set_field", document_id=paper, path="total", value="52.20")
        await session.data("set_schema", schema=SCHEMA)
        await session.data("set_field", document_id=paper, path="total", value="52.20")

    assert agent.challenges == [(401, [READ]), (403, [READ, WRITE]), (403, [READ, ADMIN])]
    assert set(agent.kept.scopes) == {READ, WRITE, ADMIN}
