"""Resources and change notifications over HTTP: of many users, and until their right ends."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import anyio
import httpx2
import mcp_types as types
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.client.subscriptions import ResourcesListChanged, ResourceUpdated, Subscription
from mcp.shared.exceptions import MCPError

from stackdocs_mcp.core.binding import Right, Role, StackId
from stackdocs_mcp.core.model import DocumentId
from stackdocs_mcp.server.compose import running
from stackdocs_mcp.workspace import Workspace, adding, listening
from tests.server.addresses import NOWHERE, SCHEMA_URI, extraction_uri, held, refusal, text_uri
from tests.server.harness import PATIENCE, Era, Session
from tests.server.papers import INVOICE
from tests.stores.builders import setting
from tests.web.site import ALICE, BOB, Site, headers_for, message, site

pytestmark = pytest.mark.anyio


async def document_in(served: Site, workspace: Workspace, name: str = "invoice.txt") -> DocumentId:
    """A document that has been read."""
    path = served.files / name
    path.write_text(f"{name}\n{INVOICE}")
    return (await adding.add_document(workspace, str(path))).document.id


async def write(workspace: Workspace, document: DocumentId, value: str) -> None:
    await workspace.store.write(document, [setting("a", value)])


@asynccontextmanager
async def until(served: Site, stack: StackId, left: timedelta) -> AsyncIterator[Client]:
    """A client of Alice's whose token ends so soon."""
    token = served.issuer.mint(ALICE, stack, [Right.READ], left)
    headers = {"Authorization": f"Bearer {token}"}
    with anyio.fail_after(PATIENCE):
        async with (
            httpx2.AsyncClient(headers=headers, timeout=PATIENCE) as http,
            Client(
                streamable_http_client(served.endpoint(stack), http_client=http), mode="2026-07-28"
            ) as client,
        ):
            yield client


@pytest.mark.requirement("RES-01")
async def test_resources_are_listed_and_read_over_http(served: Site, era: Era) -> None:
    stack = await served.stack(ALICE)
    document = await document_in(served, served.workspace(ALICE, stack))
    async with served.client(ALICE, stack, era, Right.READ) as session:
        listed = (await session.client.list_resources()).resources
        assert [one.uri for one in listed] == [
            *(SCHEMA_URI, text_uri(document), extraction_uri(document)),
        ]
        for one in listed:
            assert await held(session, one.uri)
        assert await session.client.get_prompt("extract_document", {"document_id": document})


@pytest.mark.requirement("RES-09")
async def test_a_resource_of_another_user_looks_like_none_over_http(served: Site, era: Era) -> None:
    mine, theirs = await served.stack(ALICE), await served.stack(BOB)
    foreign = await document_in(served, served.workspace(BOB, theirs))
    async with served.client(ALICE, mine, era) as session:
        seen = await refusal(session, text_uri(foreign))
        unknown = await refusal(session, text_uri(NOWHERE))

    assert json.dumps(seen).replace(foreign, "ID") == json.dumps(unknown).replace(NOWHERE, "ID")


@pytest.mark.requirement("EVENT-10")
async def test_two_users_hear_nothing_of_each_other(served: Site) -> None:
    stacks = {user: await served.stack(user) for user in (ALICE, BOB)}
    spaces = {user: served.workspace(user, stack) for user, stack in stacks.items()}
    mine, theirs = [await document_in(served, one) for one in spaces.values()]
    both = [text_uri(mine), extraction_uri(mine), text_uri(theirs), extraction_uri(theirs)]
    async with (
        served.client(ALICE, stacks[ALICE]) as alice,
        served.client(BOB, stacks[BOB]) as bob,
        alice.client.listen(resources_list_changed=True, resource_subscriptions=both) as hers,
        bob.client.listen(resources_list_changed=True, resource_subscriptions=both) as his,
    ):
        assert hers.honored.resource_subscriptions == both[:2]
        assert his.honored.resource_subscriptions == both[2:]
        await write(spaces[BOB], theirs, "one")
        assert await anext(his) == ResourceUpdated(extraction_uri(theirs))
        await document_in(served, spaces[BOB], "new.txt")
        assert await anext(his) == ResourcesListChanged()
        await write(spaces[ALICE], mine, "one")
        assert await anext(hers) == ResourceUpdated(extraction_uri(mine))


@pytest.mark.requirement("EVENT-10")
async def test_two_stacks_of_one_user_hear_nothing_of_each_other(served: Site) -> None:
    first, second = await served.stack(ALICE), await served.stack(ALICE, "other")
    spaces = [served.workspace(ALICE, one) for one in (first, second)]
    here, there = [await document_in(served, one) for one in spaces]
    async with (
        served.client(ALICE, first) as session,
        served.client(ALICE, second) as other,
        session.client.listen(resource_subscriptions=[extraction_uri(here)]) as stream,
        other.client.listen(resource_subscriptions=[extraction_uri(there)]) as elsewhere,
    ):
        await write(spaces[1], there, "one")
        assert await anext(elsewhere) == ResourceUpdated(extraction_uri(there))
        await write(spaces[0], here, "one")
        assert await anext(stream) == ResourceUpdated(extraction_uri(here))


@pytest.mark.requirement("EVENT-17")
async def test_a_listener_hears_what_another_replica_writes(served: Site) -> None:
    stack = await served.stack(ALICE)
    document = await document_in(served, served.workspace(ALICE, stack))
    async with (
        running(served.app.settings) as replica,
        served.client(ALICE, stack) as session,
        session.client.listen(resource_subscriptions=[extraction_uri(document)]) as stream,
    ):
        there = replica.shared.workspace(served.workspace(ALICE, stack).binding)
        for value in ("one", "two"):
            await write(there, document, value)
            assert await anext(stream) == ResourceUpdated(extraction_uri(document))


@pytest.mark.requirement("EVENT-14")
async def test_a_stream_ends_with_the_membership_and_tells_nothing_more(served: Site) -> None:
    stack = await served.stack(ALICE, bob=Role.EDITOR)
    space = served.workspace(ALICE, stack)
    document = await document_in(served, space)
    uris = [extraction_uri(document)]
    async with (
        served.client(ALICE, stack) as alice,
        served.client(BOB, stack) as bob,
        alice.client.listen(resource_subscriptions=uris) as kept,
        bob.client.listen(resource_subscriptions=uris) as stream,
    ):
        await write(space, document, "one")
        assert await anext(stream) == await anext(kept) == ResourceUpdated(uris[0])
        await space.store.revoke(BOB)
        await write(space, document, "two")

        assert [one async for one in stream] == []
        assert await anext(kept) == ResourceUpdated(uris[0])


@pytest.mark.requirement("EVENT-14")
async def test_a_stream_ends_with_its_stack(served: Site) -> None:
    stack = await served.stack(ALICE)
    async with (
        served.client(ALICE, stack) as session,
        session.client.listen(resources_list_changed=True) as stream,
    ):
        assert await served.app.store.delete_stack(ALICE, stack)

        assert [one async for one in stream] == []


@pytest.mark.requirement("EVENT-15")
async def test_a_stream_ends_when_its_token_does(served: Site) -> None:
    stack = await served.stack(ALICE)
    async with (
        until(served, stack, timedelta(seconds=3)) as client,
        client.listen(resources_list_changed=True) as stream,
    ):
        assert [one async for one in stream] == []


@pytest.mark.requirement("EVENT-11")
async def test_the_streams_of_one_user_leave_room_for_others(
    served: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listening, "PER_USER", 2)
    stack = await served.stack(ALICE, bob=Role.VIEWER)
    async with (
        served.client(ALICE, stack) as alice,
        served.client(BOB, stack) as bob,
        alice.client.listen(resources_list_changed=True) as first,
        alice.client.listen(resources_list_changed=True),
    ):
        with pytest.raises(MCPError, match="too many open streams"):
            async with alice.client.listen(resources_list_changed=True):
                pass
        async with bob.client.listen(resources_list_changed=True) as other:
            await document_in(served, served.workspace(ALICE, stack))
            assert await anext(first) == await anext(other) == ResourcesListChanged()


@pytest.mark.requirement("EVENT-11")
async def test_a_client_that_goes_away_makes_room(
    served: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listening, "PER_USER", 1)
    stack = await served.stack(ALICE)
    for _ in range(5):
        async with served.client(ALICE, stack) as session, listening_at_last(session) as stream:
            await document_in(served, served.workspace(ALICE, stack), f"{id(stream)}.txt")
            assert await anext(stream) == ResourcesListChanged()


@asynccontextmanager
async def listening_at_last(session: Session) -> AsyncIterator[Subscription]:
    """A stream, as soon as there is room for it; the session's own deadline ends the wait."""
    while True:
        try:
            async with session.client.listen(resources_list_changed=True) as stream:
                yield stream
                return
        except MCPError as error:
            if "too many open streams" not in error.error.message:
                raise


@pytest.mark.requirement("EVENT-13")
async def test_a_server_with_open_streams_ends_them_with_a_result(tmp_path: Path) -> None:
    async with anyio.create_task_group() as tasks:
        listens, ended = anyio.Event(), anyio.Event()

        async def listen(served: Site, stack: StackId) -> None:
            async with (
                served.client(ALICE, stack) as session,
                session.client.listen(resources_list_changed=True) as stream,
            ):
                listens.set()
                assert [one async for one in stream] == []
            ended.set()

        with anyio.fail_after(PATIENCE):
            async with site(tmp_path) as served:
                stack = await served.stack(ALICE)
                tasks.start_soon(listen, served, stack)
                await listens.wait()
            await ended.wait()


@pytest.mark.requirement("EVENT-19")
async def test_a_client_of_2025_over_http_is_not_offered_subscriptions(served: Site) -> None:
    stack = await served.stack(ALICE)
    async with served.client(ALICE, stack, "legacy") as session:
        offered = session.client.server_capabilities
        assert offered is not None
        assert offered.resources is not None
        assert not offered.resources.subscribe
        assert not offered.resources.list_changed
        request = types.SubscribeRequest(params=types.SubscribeRequestParams(uri=SCHEMA_URI))
        with pytest.raises(MCPError) as refused:
            await session.client.session.send_request(request, types.EmptyResult)
        assert refused.value.error.code == types.METHOD_NOT_FOUND


@pytest.mark.requirement("EVENT-19")
async def test_listening_needs_a_client_that_takes_a_stream(served: Site) -> None:
    stack = await served.stack(ALICE)
    sent = message("subscriptions/listen", notifications={"resourcesListChanged": True})
    headers = {**headers_for(sent), **served.bearer(ALICE, stack), "Accept": "application/json"}
    async with served.raw(headers) as http:
        answer = await http.post(f"/stacks/{stack}/mcp", json=sent)

    assert answer.status_code == 406
