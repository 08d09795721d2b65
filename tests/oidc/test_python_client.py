"""From an address alone to a field that is written, with the official Python client."""

import pytest

from tests.oidc.client import Agent
from tests.oidc.provider import Browser, Provider
from tests.oidc.stacks import READ, WRITE, document, stack_of
from tests.server.harness import Era
from tests.web.site import Site

pytestmark = pytest.mark.anyio


@pytest.mark.requirement("OIDC-01")
async def test_a_client_that_knows_only_the_address_lists_and_then_writes_with_more_scopes(
    served: Site, provider: Provider, era: Era
) -> None:
    stack = await stack_of(served, provider)
    paper = await document(served, provider, stack)
    agent = Agent(Browser("ada"))

    async with agent.connected(served.endpoint(stack), era, served.files) as session:
        tools = (await session.client.list_tools()).tools
        before = agent.kept.scopes
        written = await session.data("set_field", document_id=paper, path="total", value="52.20")
        held = await session.data("read_extraction", document_id=paper)

    assert "set_field" in {tool.name for tool in tools}
    assert (before, agent.kept.scopes) == ([READ], [READ, WRITE])
    assert agent.challenges == [(401, [READ]), (403, [READ, WRITE])]
    assert [set(one) & {READ, WRITE} for one in agent.browser.asked] == [{READ}, {READ, WRITE}]
    assert written["outcome"] == "accepted"
    assert [(one["path"], one["value"]) for one in held["fields"]] == [("total", "52.20")]
