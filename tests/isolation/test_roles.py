"""What each role may do, and what becomes of open things when a place in a stack is lost."""

import logging
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import anyio
import pytest

from stackdocs_mcp.core.binding import Binding, Right, Role, UserId
from stackdocs_mcp.tools import TOOLS
from tests.isolation.cursors import GOING
from tests.isolation.kinds import samples
from tests.isolation.speakers import Speaker, over_http
from tests.isolation.surface import listing
from tests.isolation.world import UNKNOWN, Planted, plant
from tests.server.harness import PATIENCE, Era
from tests.web.site import ALICE, BOB, Site, headers_for, message, site

pytestmark = pytest.mark.anyio


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Site]:
    async with site(tmp_path) as running:
        yield running


@pytest.fixture
async def planted(served: Site) -> Planted:
    return await plant(served, ALICE, "shared", "canaryshared", documents=2)


async def grant(served: Site, planted: Planted, user: UserId, role: Role) -> None:
    await served.workspace(ALICE, planted.stack).store.grant(user, role)


@pytest.mark.requirement("ISO-10")
async def test_each_role_may_call_the_tools_of_its_rights_and_no_other(
    served: Site, planted: Planted, era: Era
) -> None:
    wrong: dict[str, Any] = {}
    for role in (Role.VIEWER, Role.EDITOR, Role.OWNER):
        user = ALICE if role is Role.OWNER else BOB
        if role is not Role.OWNER:
            await grant(served, planted, BOB, role)
        async with over_http(served, user, planted.stack, era) as speaker:
            tools = (await listing(speaker)).tools
            for name, arguments in samples(UNKNOWN, tools).items():
                seen = await speaker.tool(name, **arguments)
                right = TOOLS[name].right
                refused = f"this needs the right '{right.value}'".encode() in seen.body
                if refused is (right in role.rights):
                    wrong[f"{role} {name}"] = seen
                if refused:
                    (row, *_) = await served.app.store.denials(user=user, limit=1)
                    assert (row.denial.what, row.denial.code) == (name, "missing_right")

    assert wrong == {}


@pytest.mark.requirement("ISO-10")
async def test_a_token_never_gives_more_than_the_role(served: Site, planted: Planted) -> None:
    await grant(served, planted, BOB, Role.VIEWER)
    async with over_http(served, BOB, planted.stack, "2026-07-28", *Right) as speaker:
        seen = await speaker.tool("delete_field", document_id=planted.document, path="number")

    assert b"stack:write" in seen.body
    store = served.workspace(ALICE, planted.stack).store
    assert len(await store.changes(planted.document, limit=9)) == 2


@pytest.mark.requirement("ISO-11")
async def test_a_member_who_was_removed_finds_nothing_at_the_next_call(
    served: Site, planted: Planted, era: Era
) -> None:
    await grant(served, planted, BOB, Role.EDITOR)
    binding = Binding(BOB, planted.stack, Role.EDITOR.rights, owner=ALICE)
    bobs = served.app.shared.workspace(binding)
    cursors = {name: await one.source(bobs, planted.document) for name, one in GOING.items()}
    async with (
        over_http(served, BOB, planted.stack, era) as speaker,
        over_http(served, BOB, type(planted.stack)(UNKNOWN), era) as nowhere,
    ):
        assert not (await speaker.tool("list_documents")).is_refusal
        await served.workspace(ALICE, planted.stack).store.revoke(BOB)
        calls = [("tools/call", {"name": n, "arguments": a}) for n, a in _all(planted).items()]
        calls += [GOING[name].with_cursor(one, planted.document) for name, one in cursors.items()]
        calls += [("resources/read", {"uri": "stackdocs://schema"}), ("tools/list", {})]
        for method, params in calls:
            seen = await speaker.ask(method, params)
            assert seen == await nowhere.ask(method, params)
            assert seen.status == 404


@pytest.mark.requirement("ISO-11")
async def test_a_stream_ends_when_its_listener_is_no_member_any_more(
    served: Site, planted: Planted
) -> None:
    await grant(served, planted, BOB, Role.VIEWER)
    alices = served.workspace(ALICE, planted.stack).store
    uri = f"stackdocs://documents/{planted.document}/extraction"
    async with listening(served, BOB, planted, [uri]) as lines:
        assert uri in await anext(lines)
        await alices.revoke(BOB)
        await alices.undo(planted.document)
        rest = [line async for line in lines]

    assert not [line for line in rest if "resources/updated" in line]


@pytest.mark.requirement("ISO-11")
async def test_a_stream_tells_nothing_of_what_is_not_the_listeners(
    served: Site, planted: Planted
) -> None:
    foreign = await plant(served, BOB, "foreign", "canaryforeign")
    own = f"stackdocs://documents/{planted.document}/extraction"
    theirs = f"stackdocs://documents/{foreign.document}/extraction"
    unknown = f"stackdocs://documents/{UNKNOWN}"
    async with listening(served, ALICE, planted, [theirs, own, unknown]) as lines:
        acknowledged = await anext(lines)
        assert own in acknowledged
        assert foreign.document not in acknowledged
        assert UNKNOWN not in acknowledged
        await served.workspace(BOB, foreign.stack).store.undo(foreign.document)
        await served.workspace(ALICE, planted.stack).store.undo(planted.document)
        told = await anext(lines)

    assert own in told
    (row, *_) = await served.app.store.denials(user=ALICE, limit=1)
    assert (row.denial.what, row.denial.subject) == ("subscriptions/listen", foreign.document)


@pytest.mark.requirement("ISO-12")
async def test_a_deleted_stack_is_gone_and_one_of_the_same_name_is_another(
    served: Site, planted: Planted, era: Era
) -> None:
    async with over_http(served, ALICE, planted.stack, era) as speaker:
        assert not (await speaker.tool("list_documents")).is_refusal
        assert await served.app.store.delete_stack(ALICE, planted.stack)
        again = await plant(served, ALICE, "shared", "canaryagain")
        for name, arguments in _all(planted).items():
            assert (await speaker.tool(name, **arguments)).status == 404
    async with over_http(served, ALICE, again.stack, era) as speaker:
        for name, arguments in _all(planted).items():
            if "document_id" not in arguments:
                continue
            old = await speaker.tool(name, **arguments)
            unknown = await speaker.tool(name, **{**arguments, "document_id": UNKNOWN})
            assert old.is_refusal
            assert old.without(planted.document) == unknown.without(UNKNOWN)

    assert again.stack != planted.stack


@pytest.mark.requirement("ISO-13")
async def test_a_refusal_that_cannot_be_recorded_is_the_same_refusal(
    served: Site, planted: Planted, era: Era, caplog: pytest.LogCaptureFixture
) -> None:
    async with (
        over_http(served, ALICE, planted.stack, era) as speaker,
        over_http(served, BOB, planted.stack, era) as stranger,
    ):
        calls: list[tuple[Speaker, str, dict[str, Any]]] = [
            (speaker, "tools/call", {"name": "read_ocr", "arguments": {"document_id": UNKNOWN}}),
            (speaker, "resources/read", {"uri": f"stackdocs://documents/{UNKNOWN}"}),
            (stranger, "tools/list", {}),
        ]
        before = [await one.ask(method, params) for one, method, params in calls]
        rows = len(await served.app.store.denials(limit=99))
        break_audit(served)
        with caplog.at_level(logging.ERROR):
            after = [await one.ask(method, params) for one, method, params in calls]

    assert after == before
    said = [one.getMessage() for one in caplog.records if "is not recorded" in one.getMessage()]
    assert len(said) == len(calls)
    assert UNKNOWN not in "".join(said)
    assert len(await served.app.store.denials(limit=99)) == rows


def break_audit(served: Site) -> None:
    """From now on nothing can be added to the record of refusals."""
    path = served.app.settings.data_dir / "stackdocs.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(
            "CREATE TRIGGER full BEFORE INSERT ON denials BEGIN SELECT raise(ABORT, 'x'); END"
        )


def _all(planted: Planted) -> dict[str, dict[str, Any]]:
    return samples(planted.document)


@asynccontextmanager
async def listening(
    served: Site, user: UserId, planted: Planted, uris: list[str]
) -> AsyncIterator[AsyncIterator[str]]:
    """The messages of a stream, as JSON, until it ends."""
    sent = message("subscriptions/listen", notifications={"resourceSubscriptions": uris})
    headers = {**headers_for(sent), **served.bearer(user, planted.stack)}
    with anyio.fail_after(PATIENCE):
        async with (
            served.raw(headers) as http,
            http.stream("POST", f"/stacks/{planted.stack}/mcp", json=sent) as answer,
        ):
            lines = answer.aiter_lines()
            yield (line[6:] async for line in lines if line.startswith("data: {"))
