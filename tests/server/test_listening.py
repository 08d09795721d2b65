"""Change notifications, in memory and over standard input and output, in the era of 2026."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

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
from tests.cli.shell import command
from tests.server.addresses import NOWHERE, SCHEMA_URI, extraction_uri, hostile, text_uri
from tests.server.harness import (
    Era,
    Session,
    bound,
    client_of,
    in_memory,
    over_stdio,
    settings,
)
from tests.server.papers import INVOICE, SCHEMA
from tests.server.raw import Raw

pytestmark = pytest.mark.anyio

NOW: Era = "2026-07-28"


@pytest.fixture(params=["memory", "stdio"])
async def modern(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Session]:
    """A client of the newest protocol, in memory and of a process of its own."""
    opened = in_memory if request.param == "memory" else over_stdio
    async with opened(settings(tmp_path), NOW) as connected:
        yield connected


def on_stack(app: App, name: str) -> App:
    """The same product, which serves another stack."""
    return replace(app, settings=app.settings.model_copy(update={"stack": name}))


async def heard(subscription: Subscription, count: int) -> list[object]:
    return [await anext(subscription) for _ in range(count)]


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
async def test_lists_that_never_change_are_left_out_of_the_acknowledgement(
    session: Session,
) -> None:
    async with session.client.listen(
        tools_list_changed=True, prompts_list_changed=True, resources_list_changed=True
    ) as stream:
        assert stream.honored == types.SubscriptionFilter(resources_list_changed=True)


@pytest.mark.requirement("EVENT-16")
def test_what_is_promised_is_what_is_acknowledged(tmp_path: Path) -> None:
    raw = Raw(tmp_path)

    promised = raw.ask("server/discover")["result"]["capabilities"]

    changing = {name for name, one in promised.items() if one.get("listChanged")}
    assert changing == {"resources"}
    assert promised["resources"]["subscribe"]
    raw.end()


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


async def _text(session: Session, uri: str) -> str:
    (content,) = (await session.client.read_resource(uri, cache_mode="bypass")).contents
    assert isinstance(content, types.TextResourceContents)
    return content.text
