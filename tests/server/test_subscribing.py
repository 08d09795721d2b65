"""Change notifications for clients of the 2025 era, in memory and on standard input and output."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import mcp_types as types
import pytest
from mcp import Client
from mcp.shared.exceptions import MCPError

from stackdocs_mcp.server.app import build
from stackdocs_mcp.server.compose import running
from stackdocs_mcp.tools import TOOLS
from tests.cli.shell import command
from tests.server.addresses import NOWHERE, extraction_uri
from tests.server.harness import PATIENCE, Session, bound, in_memory, parameters, settings
from tests.server.papers import INVOICE

pytestmark = pytest.mark.anyio


class Lasting:
    """A client of the 2025 era, and what it is told."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.told: list[str] = []
        self._more = anyio.Event()

    def take(self, message: Any) -> None:
        match message:
            case types.ResourceUpdatedNotification():
                self.told.append(message.params.uri)
            case types.ResourceListChangedNotification():
                self.told.append("list")
        self._more.set()

    async def hears(self) -> str:
        while not self.told:
            await self._more.wait()
            self._more = anyio.Event()
        return self.told.pop(0)

    async def subscribe(self, uri: str) -> None:
        request = types.SubscribeRequest(params=types.SubscribeRequestParams(uri=uri))
        await self.client.session.send_request(request, types.EmptyResult)

    async def unsubscribe(self, uri: str) -> None:
        request = types.UnsubscribeRequest(params=types.UnsubscribeRequestParams(uri=uri))
        await self.client.session.send_request(request, types.EmptyResult)


@asynccontextmanager
async def lasting(transport: Any) -> AsyncIterator[tuple[Lasting, Session]]:
    taken: list[Lasting] = []

    async def handle(message: Any) -> None:
        if taken:
            taken[0].take(message)

    with anyio.fail_after(PATIENCE):
        async with Client(transport, mode="legacy", message_handler=handle) as client:
            taken.append(Lasting(client))
            yield taken[0], Session(client, Path())


@pytest.fixture(params=["memory", "stdio"])
async def old(
    request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncIterator[tuple[Lasting, Session]]:
    """A client of the 2025 era on a connection that lasts."""
    chosen = settings(tmp_path)
    if request.param == "stdio":
        async with lasting(parameters(chosen)) as connected:
            yield connected
        return
    async with running(chosen) as app:
        workspace = await bound(app)
        server = build(TOOLS, lambda _context: workspace, is_lasting=True)
        async with lasting(server) as connected:
            yield connected


@pytest.mark.requirement("EVENT-18")
async def test_a_client_of_2025_subscribes_and_unsubscribes(
    old: tuple[Lasting, Session], tmp_path: Path
) -> None:
    listener, session = old
    session = Session(session.client, tmp_path / "files")
    first, second = await session.add("a.txt", INVOICE), await session.add("b.txt", "b")
    capabilities = session.client.server_capabilities
    assert capabilities is not None
    assert capabilities.resources is not None
    assert capabilities.resources.subscribe

    await listener.subscribe(extraction_uri(first))
    await listener.subscribe(extraction_uri(second))
    await listener.subscribe(extraction_uri(second))
    await command(tmp_path, "set", first, "a", "x")
    assert await listener.hears() == extraction_uri(first)
    await listener.unsubscribe(extraction_uri(first))
    await listener.unsubscribe(extraction_uri(first))
    await session.data("set_field", document_id=first, path="b", value="x")
    await session.data("set_field", document_id=second, path="b", value="x")
    assert await listener.hears() == extraction_uri(second)


@pytest.mark.requirement("EVENT-18")
async def test_a_client_of_2025_that_has_listed_is_told_of_new_documents(
    old: tuple[Lasting, Session], tmp_path: Path
) -> None:
    listener, session = old
    session = Session(session.client, tmp_path / "files")
    await session.client.list_resources()

    await session.add("a.txt", INVOICE)

    assert await listener.hears() == "list"


@pytest.mark.requirement("EVENT-18")
async def test_a_client_of_2025_cannot_subscribe_to_what_is_not_its_own(
    old: tuple[Lasting, Session], tmp_path: Path
) -> None:
    listener, session = old
    session = Session(session.client, tmp_path / "files")
    own = await session.add("a.txt", INVOICE)
    async with in_memory(settings(tmp_path, stack="theirs")) as theirs:
        foreign = await theirs.add("b.txt", INVOICE)
        said = set[str]()
        for document in (foreign, NOWHERE):
            with pytest.raises(MCPError) as refused:
                await listener.subscribe(extraction_uri(document))
            assert refused.value.error.code == -32002
            said.add(refused.value.error.model_dump_json().replace(document, "ID"))
        assert len(said) == 1
        await listener.subscribe(extraction_uri(own))
        await theirs.data("set_field", document_id=foreign, path="a", value="x")
    await session.data("set_field", document_id=own, path="a", value="x")

    assert await listener.hears() == extraction_uri(own)
