"""Change notifications, in memory and over standard input and output, in both eras."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import mcp_types as types
import pytest
from mcp import Client
from mcp.client.subscriptions import ResourcesListChanged, ResourceUpdated, Subscription
from mcp.shared.exceptions import MCPError

from stackdocs_mcp.core.model import NewDocument
from stackdocs_mcp.resources.stream import MAX_URIS
from stackdocs_mcp.server.app import build
from stackdocs_mcp.server.compose import App, running
from stackdocs_mcp.tools import TOOLS
from stackdocs_mcp.workspace import Workspace, listening
from stackdocs_mcp.workspace.intake import Job
from tests.cli.shell import Shell
from tests.server.harness import (
    PATIENCE,
    Era,
    Session,
    bound,
    client_of,
    in_memory,
    over_stdio,
    parameters,
    settings,
)
from tests.server.papers import INVOICE, SCHEMA
from tests.server.raw import Raw
from tests.server.test_resources import NOWHERE, SCHEMA_URI, extraction_uri, hostile, text_uri

pytestmark = pytest.mark.anyio

NOW: Era = "2026-07-28"


@pytest.fixture(params=["memory", "stdio"])
async def modern(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Session]:
    """A client of the newest protocol, in memory and of a process of its own."""
    opened = in_memory if request.param == "memory" else over_stdio
    async with opened(settings(tmp_path), NOW) as connected:
        yield connected


async def command(home: Path, *arguments: str | Path) -> None:
    """Run a command in another process on the same data folder."""
    done = await anyio.to_thread.run_sync(lambda: Shell(home / "data")(*arguments))
    assert done.code == 0, done.err


def on_stack(app: App, name: str) -> App:
    """The same product, which serves another stack."""
    return replace(app, settings=app.settings.model_copy(update={"stack": name}))


async def heard(subscription: Subscription, count: int) -> list[object]:
    return [await anext(subscription) for _ in range(count)]


# --- subscriptions/listen ---------------------------------------------------------------------


@pytest.mark.requirement("EVENT-17")
async def test_what_a_command_in_another_process_sets_is_heard(
    modern: Session, tmp_path: Path
) -> None:
    document = await modern.add("invoice.txt", INVOICE)
    async with modern.client.listen(resource_subscriptions=[extraction_uri(document)]) as stream:
        await command(tmp_path, "set", document, "total", "52.20")

        assert await anext(stream) == ResourceUpdated(extraction_uri(document))
    found = await modern.data("read_extraction", document_id=document)
    assert found["fields"][0]["value"] == "52.20"


@pytest.mark.requirement("EVENT-17")
async def test_what_another_server_on_the_same_file_does_is_heard(tmp_path: Path) -> None:
    async with in_memory(settings(tmp_path)) as here, over_stdio(settings(tmp_path)) as there:
        document = await there.add("invoice.txt", INVOICE)
        uris = [text_uri(document), extraction_uri(document)]
        async with (
            here.client.listen(resource_subscriptions=uris) as stream,
            there.client.listen(resource_subscriptions=uris) as other,
        ):
            await there.data("set_field", document_id=document, path="a", value="INV-2031")
            assert await anext(stream) == await anext(other) == ResourceUpdated(uris[1])
            await here.data("delete_field", document_id=document, path="a")
            assert await anext(stream) == await anext(other) == ResourceUpdated(uris[1])


@pytest.mark.requirement("EVENT-17")
async def test_what_is_read_in_the_background_is_heard(tmp_path: Path) -> None:
    async with running(settings(tmp_path)) as app, client_of(app) as session:
        workspace = await bound(app)
        path = session.files / "letter.txt"
        path.write_text("Dear Sir")
        sha256, size = await workspace.files.put(path, 99)
        document, _ = await workspace.store.add_document(NewDocument("letter.txt", sha256, size))
        uris = [text_uri(document.id), extraction_uri(document.id)]
        async with session.client.listen(resource_subscriptions=uris) as stream:
            app.shared.intake.start(Job(workspace.store, workspace.files, document.id))

            assert {await anext(stream), await anext(stream)} == set(map(ResourceUpdated, uris))
            while "Dear Sir" not in await _text(session, uris[0]):
                await anext(stream)


@pytest.mark.requirement("EVENT-20")
async def test_a_new_document_changes_the_list(modern: Session, tmp_path: Path) -> None:
    async with modern.client.listen(resources_list_changed=True) as stream:
        assert stream.honored.resources_list_changed
        await modern.add("a.txt", "first")
        assert await anext(stream) == ResourcesListChanged()
        (tmp_path / "files" / "b.txt").write_text("second")
        await command(tmp_path, "add", str(tmp_path / "files" / "b.txt"))
        assert await anext(stream) == ResourcesListChanged()
        assert len((await modern.client.list_resources()).resources) == 5


@pytest.mark.requirement("EVENT-10")
async def test_what_was_not_asked_for_is_not_told(modern: Session) -> None:
    mine, other = await modern.add("a.txt", INVOICE), await modern.add("b.txt", "b")
    async with modern.client.listen(resource_subscriptions=[text_uri(mine), SCHEMA_URI]) as stream:
        assert stream.honored.resources_list_changed is None
        await modern.add("c.txt", "c")
        for document in (mine, other):
            await modern.data("set_field", document_id=document, path="a", value="x")
            await modern.read(document)
        await modern.data("set_schema", schema=SCHEMA)

        assert await anext(stream) == ResourceUpdated(SCHEMA_URI)


@pytest.mark.requirement("EVENT-10")
async def test_a_schema_changes_what_stands_against_completing_each_document(
    modern: Session,
) -> None:
    documents = [await modern.add(f"{name}.txt", name) for name in "abc"]
    uris = [extraction_uri(one) for one in documents]
    async with modern.client.listen(resource_subscriptions=uris) as stream:
        await modern.data("set_schema", schema=SCHEMA)

        assert set(await heard(stream, 3)) == set(map(ResourceUpdated, uris))


@pytest.mark.requirement("EVENT-10")
async def test_two_stacks_of_one_process_hear_nothing_of_each_other(tmp_path: Path) -> None:
    async with (
        running(settings(tmp_path)) as app,
        client_of(on_stack(app, "mine")) as mine,
        client_of(on_stack(app, "other")) as other,
    ):
        own, foreign = await mine.add("a.txt", INVOICE), await other.add("b.txt", INVOICE)
        async with (
            mine.client.listen(
                resources_list_changed=True,
                resource_subscriptions=[text_uri(own), extraction_uri(foreign), SCHEMA_URI],
            ) as stream,
            other.client.listen(resource_subscriptions=[extraction_uri(foreign)]) as theirs,
        ):
            await other.data("set_schema", schema=SCHEMA)
            await other.data("set_field", document_id=foreign, path="date", value="x")
            await other.add("c.txt", "c")
            assert await anext(theirs) == ResourceUpdated(extraction_uri(foreign))
            await mine.data("set_schema", schema=SCHEMA)
            assert await anext(stream) == ResourceUpdated(SCHEMA_URI)


@pytest.mark.requirement("EVENT-16")
async def test_what_is_not_the_stacks_own_is_left_out_of_the_acknowledgement(
    tmp_path: Path,
) -> None:
    async with in_memory(settings(tmp_path, stack="theirs")) as theirs:
        foreign = await theirs.add("a.txt", INVOICE)
    async with in_memory(settings(tmp_path, stack="mine")) as mine:
        own = await mine.add("a.txt", INVOICE)
        honoured = []
        for document in (foreign, NOWHERE, "nope"):
            asked = [
                *(extraction_uri(document), text_uri(own), text_uri(document)),
                *(text_uri(own), extraction_uri(own), SCHEMA_URI, *hostile(own)[:60]),
            ]
            async with mine.client.listen(resource_subscriptions=asked) as stream:
                honoured.append(stream.honored.model_dump_json())
            async with mine.client.listen(resource_subscriptions=[text_uri(document)]) as stream:
                assert stream.honored.resource_subscriptions is None
        assert len(set(honoured)) == 1
        kept = types.SubscriptionFilter.model_validate_json(honoured[0]).resource_subscriptions
        assert kept == [text_uri(own), extraction_uri(own), SCHEMA_URI]


@pytest.mark.requirement("EVENT-16")
async def test_a_list_that_never_changes_is_acknowledged(session: Session) -> None:
    async with session.client.listen(tools_list_changed=True, prompts_list_changed=True) as stream:
        assert stream.honored.tools_list_changed
        assert stream.honored.prompts_list_changed


@pytest.mark.requirement("EVENT-21")
async def test_the_addresses_of_a_stream_are_bounded(session: Session) -> None:
    with pytest.raises(MCPError, match="are too many for one stream") as refused:
        async with session.client.listen(resource_subscriptions=[SCHEMA_URI] * (MAX_URIS + 1)):
            pass
    assert refused.value.error.code == types.INVALID_PARAMS
    async with session.client.listen(resource_subscriptions=[SCHEMA_URI] * MAX_URIS) as stream:
        assert stream.honored.resource_subscriptions == [SCHEMA_URI]


@pytest.mark.requirement("EVENT-11")
async def test_a_stream_too_many_is_refused_with_what_to_do(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listening, "PER_USER", 2)
    async with (
        session.client.listen(resources_list_changed=True),
        session.client.listen(resources_list_changed=True) as stream,
    ):
        with pytest.raises(MCPError, match="too many open streams") as refused:
            async with session.client.listen(resources_list_changed=True):
                pass
        assert "Close a stream" in refused.value.error.message
        await session.add("a.txt", "a")
        assert await anext(stream) == ResourcesListChanged()


@pytest.mark.requirement("RES-11")
async def test_a_stream_that_breaks_says_so_in_our_words() -> None:
    def broken(_context: object) -> Workspace:
        raise ZeroDivisionError("canary of an upstream")

    async with Client(build(TOOLS, broken, is_lasting=True), mode=NOW) as client:
        with pytest.raises(MCPError, match="fault in this server") as refused:
            async with client.listen(resources_list_changed=True):
                pass
    assert "canary" not in refused.value.error.model_dump_json()


@pytest.mark.requirement("EVENT-13")
async def test_a_stream_ends_with_a_result_when_the_server_is_to_end(tmp_path: Path) -> None:
    async with (
        running(settings(tmp_path)) as app,
        client_of(app) as session,
        session.client.listen(resources_list_changed=True) as stream,
    ):
        app.shared.listeners.close()

        assert [one async for one in stream] == []


@pytest.mark.requirement("EVENT-13")
@pytest.mark.parametrize("era", [NOW, "legacy"])
def test_a_server_that_is_listened_to_exits_when_its_input_closes(tmp_path: Path, era: Era) -> None:
    raw = Raw(tmp_path, era=era)
    if era == "legacy":
        assert "result" in raw.ask("resources/subscribe", uri=SCHEMA_URI)
    else:
        asked = {"notifications": {"resourcesListChanged": True}, **raw.meta}
        raw.send(
            json.dumps(
                {"jsonrpc": "2.0", "id": 9, "method": "subscriptions/listen", "params": asked}
            ).encode()
        )
        assert raw.receive()["method"] == "notifications/subscriptions/acknowledged"

    raw.stdin.close()
    raw.process.wait(timeout=2)

    assert raw.process.returncode == 0
    raw.end()


# --- resources/subscribe ----------------------------------------------------------------------


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


async def _text(session: Session, uri: str) -> str:
    (content,) = (await session.client.read_resource(uri, cache_mode="bypass")).contents
    assert isinstance(content, types.TextResourceContents)
    return content.text
