"""How large a body may be, in bytes and in values: one thread reads them for everybody."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from types import FrameType
from typing import Any

import anyio
import httpx2
import pytest

from stackdocs_mcp.core.binding import Right, StackId
from stackdocs_mcp.http.body import MAX_BODY, MAX_LISTEN_BODY, MAX_LISTEN_MARKS, MAX_MARKS
from stackdocs_mcp.workspace import adding
from stackdocs_mcp.workspace.schemas import MAX_INSTRUCTIONS
from tests.server.addresses import NOWHERE, extraction_uri
from tests.server.harness import PATIENCE, Era
from tests.web.site import ALICE, Site, call, headers_for, message

pytestmark = pytest.mark.anyio

PLANTED = "planted-in-the-body"
UNITS = ["[]", "{}", "1", "1.1", '""', '{"a":1}', "[" * 50 + "]" * 50]
QUOTE = "Widget, large, blue: 12 pcs, net, 1,234.50 EUR, 19 % VAT; "


async def post(served: Site, stack: StackId, sent: dict[str, Any], era: Era) -> httpx2.Response:
    headers = {**headers_for(sent, era), **served.bearer(ALICE, stack)}
    async with served.raw(headers) as http:
        return await http.post(f"/stacks/{stack}/mcp", content=json.dumps(sent).encode())


def listening(**more: Any) -> dict[str, Any]:
    return message("subscriptions/listen", notifications={"resourcesListChanged": True, **more})


def planting(meant: dict[str, Any], planted: object) -> dict[str, Any]:
    """The same with something in its ``_meta`` that means nothing."""
    params = meant["params"]
    return {**meant, "params": {**params, "_meta": {**params.get("_meta", {}), "x": planted}}}


@asynccontextmanager
async def begun(served: Site, sent: dict[str, Any]) -> AsyncIterator[None]:
    """A stream that is open, and has been acknowledged."""
    stack = await served.stack(ALICE)
    headers = {**headers_for(sent), **served.bearer(ALICE, stack, Right.READ)}
    with anyio.fail_after(PATIENCE):
        async with (
            served.raw(headers) as http,
            http.stream("POST", f"/stacks/{stack}/mcp", json=sent) as answer,
        ):
            assert answer.status_code == 200
            async for line in answer.aiter_lines():
                if "notifications/subscriptions/acknowledged" in line:
                    break
            yield


@pytest.mark.requirement("BODY-01")
@pytest.mark.parametrize("unit", UNITS, ids=range(len(UNITS)))
async def test_a_body_of_very_many_values_is_refused_with_what_to_do(
    served: Site, era: Era, unit: str
) -> None:
    stack = await served.stack(ALICE)
    sent = planting(call("list_documents", era=era), PLANTED)
    values = ",".join([unit] * min(MAX_MARKS + 1, (MAX_BODY - 1_000) // (len(unit) + 1)))
    content = json.dumps(sent).replace(f'"{PLANTED}"', f"[{values}]").encode()
    async with served.raw({**headers_for(sent, era), **served.bearer(ALICE, stack)}) as http:
        answer = await http.post(f"/stacks/{stack}/mcp", content=content)

    assert len(content) < MAX_BODY
    assert answer.status_code == 400
    said = answer.json()
    assert (said["id"], said["error"]["code"]) == (None, -32600)
    assert "send fewer fields at once" in said["error"]["message"]


@pytest.mark.requirement("BODY-01")
async def test_what_is_refused_was_not_read(served: Site) -> None:
    """It is no JSON at all, which a reader would have said first."""
    stack = await served.stack(ALICE)
    headers = {**headers_for(call("list_documents")), **served.bearer(ALICE, stack)}
    async with served.raw(headers) as http:
        answer = await http.post(f"/stacks/{stack}/mcp", content=b"," * (MAX_MARKS + 1))
        fewer = await http.post(f"/stacks/{stack}/mcp", content=b"," * MAX_MARKS)

    assert answer.json()["error"]["code"] == -32600
    assert fewer.json()["error"]["code"] == -32700


@pytest.mark.requirement("BODY-02")
@pytest.mark.parametrize("more", [0, 1])
async def test_a_mebibyte_is_taken_and_a_byte_more_is_not(
    served: Site, era: Era, more: int
) -> None:
    stack = await served.stack(ALICE)
    sent = planting(call("list_documents", era=era), "")
    room = MAX_BODY + more - len(json.dumps(sent).encode())
    answer = await post(served, stack, planting(sent, "x" * room), era)

    assert answer.status_code == (413 if more else 200)
    if more:
        assert answer.json()["error"]["data"]["code"] == "body_too_large"


def _fields() -> list[dict[str, Any]]:
    return [
        {
            "path": f"notes[{row}].text",
            "value": "Widget, large: blue, 12 pcs",
            "confidence": 0.93,
            "evidence": {"page": 1, "quote": (QUOTE * 10)[:500]},
            "expected_revision": 0,
        }
        for row in range(200)
    ]


@pytest.mark.requirement("BODY-03")
async def test_the_largest_writes_are_taken(served: Site, era: Era) -> None:
    stack = await served.stack(ALICE)
    path = served.files / "a.txt"
    path.write_text("Widget, large: blue, 12 pcs\n")
    document = (await adding.add_document(served.workspace(ALICE, stack), str(path))).document.id
    rows = [dict.fromkeys("abcde", f"1,{row:03}.50") for row in range(400)]
    table = [{"path": "rows", "value": rows, "evidence": {"page": 1, "lines": [1]}}]
    for fields in (_fields(), table):
        sent = call("set_fields", era=era, document_id=document, fields=fields, dry_run=True)
        answer = await post(served, stack, sent, era)
        assert answer.status_code == 200
        assert " 0 rejected (revision" in answer.text


@pytest.mark.requirement("BODY-03")
async def test_the_largest_schema_is_taken(served: Site, era: Era) -> None:
    stack = await served.stack(ALICE)
    names = [f"field_{number}" for number in range(700)]
    one = {"type": "string", "description": "As printed, in full: all of it"}
    schema = {"type": "object", "properties": dict.fromkeys(names, one), "required": names[:300]}
    instructions = ("Amounts: net, gross, tax; " * 400)[:MAX_INSTRUCTIONS]
    sent = call("set_schema", era=era, schema=schema, instructions=instructions)
    assert 55_000 < len(json.dumps(schema)) < 64 * 1024

    answer = await post(served, stack, sent, era)

    assert answer.status_code == 200
    assert (await served.workspace(ALICE, stack).store.stack()).schema == schema


@pytest.mark.requirement("BODY-04")
async def test_a_stream_is_not_begun_with_much(served: Site) -> None:
    stack = await served.stack(ALICE)
    long = await post(served, stack, planting(listening(), "x" * MAX_LISTEN_BODY), "2026-07-28")
    many = await post(served, stack, planting(listening(), [[]] * MAX_LISTEN_MARKS), "2026-07-28")

    assert (long.status_code, long.json()["error"]["data"]["code"]) == (413, "body_too_large")
    assert (many.status_code, many.json()["error"]["code"]) == (400, -32600)
    assert "send fewer addresses at once" in many.text


@pytest.mark.requirement("BODY-04")
async def test_a_stream_of_as_many_addresses_as_there_may_be_is_begun(served: Site) -> None:
    addresses = [extraction_uri(f"{number:08}{NOWHERE[8:]}") for number in range(500)]
    async with begun(served, listening(resourceSubscriptions=addresses)):
        pass


def _frames() -> Iterator[FrameType]:
    """Of our own code, in all tasks that wait."""
    for task in asyncio.all_tasks():
        waiting: Any = task.get_coro()
        while waiting is not None:
            frame = getattr(waiting, "cr_frame", None) or getattr(waiting, "ag_frame", None)
            if frame is not None and "stackdocs_mcp" in frame.f_globals["__name__"]:
                yield frame
            waiting = getattr(waiting, "cr_await", None) or getattr(waiting, "ag_await", None)


@pytest.mark.requirement("BODY-05")
async def test_nothing_of_its_body_stays_in_the_gate_while_somebody_listens(served: Site) -> None:
    async with begun(served, planting(listening(), PLANTED)):
        frames = [
            one for one in _frames() if one.f_globals["__name__"] == "stackdocs_mcp.http.gate"
        ]
        assert "_serve" in {one.f_code.co_name for one in frames}
        held = [name for one in frames for name, value in one.f_locals.items() if _has(value)]

    assert held == []


def _has(value: object) -> bool:
    """It is what was planted, or has it, or is a function that still does."""
    if callable(value):
        cells = getattr(value, "__closure__", None) or ()
        return any(_has(cell.cell_contents) for cell in cells)
    return isinstance(value, bytes | str | dict | list) and PLANTED in str(value)
