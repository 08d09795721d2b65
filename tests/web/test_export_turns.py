"""Exports by link of several users at the same time, and large ones."""

import io
import tempfile
import tracemalloc
import zipfile
from typing import Any

import anyio
import httpx2
import pytest

from stackdocs_mcp.core.binding import Role, UserId
from stackdocs_mcp.core.model import Document
from stackdocs_mcp.http import exports
from stackdocs_mcp.workspace import Workspace, handing_out
from stackdocs_mcp.workspace.handing_out import Made
from stackdocs_mcp.workspace.rendering import Format, Record, Rendering
from tests.web.sending import error_of
from tests.web.site import ALICE, BOB, Site
from tests.web.test_exports import filled, path_of

pytestmark = pytest.mark.anyio

PATIENCE = 60


class Held:
    """Makes exports as ever, each when it is let go on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.begun: list[UserId] = []
        self.goes_on = anyio.Semaphore(0)
        self._changed = anyio.Event()
        self._made = handing_out.made
        monkeypatch.setattr(exports, "made", self._hold)

    async def begin(self, count: int) -> list[UserId]:
        """Whose were begun, when there are so many."""
        while len(self.begun) < count:
            await self._changed.wait()
        return self.begun

    async def _hold(self, workspace: Workspace, format: Format, *, evidence: bool) -> Made:  # noqa: A002
        self.begun.append(workspace.binding.user)
        self._changed.set()
        self._changed = anyio.Event()
        await self.goes_on.acquire()
        return await self._made(workspace, format, evidence=evidence)


@pytest.mark.requirement("FAIR-06")
async def test_who_asks_for_many_exports_has_one_made_at_a_time(
    served: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack = await served.stack(ALICE, bob=Role.VIEWER)
    async with served.client(ALICE, stack) as session:
        many = [await path_of(session, format="json") for _ in range(4)]
    async with served.client(BOB, stack) as session:
        one = await path_of(session, format="json")
    held = Held(monkeypatch)
    given: list[int] = []

    async def get(http: httpx2.AsyncClient, path: str) -> None:
        given.append((await http.get(path)).status_code)

    with anyio.fail_after(PATIENCE):
        async with served.raw() as http, anyio.create_task_group() as tasks:
            for path in many:
                tasks.start_soon(get, http, path)
            assert await held.begin(1) == [ALICE]
            tasks.start_soon(get, http, one)
            assert await held.begin(2) == [ALICE, BOB], "Alice's others wait for her first"
            for _ in (*many, one):
                held.goes_on.release()

    assert held.begun == [ALICE, BOB, ALICE, ALICE, ALICE]
    assert given == [200] * 5


@pytest.mark.requirement("FAIR-06")
async def test_who_is_removed_while_waiting_for_a_turn_gets_nothing(
    served: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack = await served.stack(ALICE, bob=Role.VIEWER)
    async with served.client(BOB, stack) as session:
        path = await path_of(session, format="csv")
    held = Held(monkeypatch)
    answers: list[httpx2.Response] = []

    async def get(http: httpx2.AsyncClient) -> None:
        answers.append(await http.get(path))

    with anyio.fail_after(PATIENCE):
        async with served.raw() as http:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(get, http)
                await held.begin(1)
                await served.workspace(ALICE, stack).store.revoke(BOB)
                held.goes_on.release()
            never = await http.get("/exports/nonsense")

    assert answers[0].status_code == 404
    assert answers[0].content == never.content


@pytest.mark.requirement("FAIR-07")
@pytest.mark.parametrize("format_", ["csv", "json", "jsonl"])
async def test_an_export_above_the_limit_is_refused_and_leaves_no_file(
    served: Site, monkeypatch: pytest.MonkeyPatch, format_: str
) -> None:
    monkeypatch.setattr(handing_out, "MOST_BYTES", 2_000)
    stack = await served.stack(ALICE)
    fields = [{"path": f"f{number}", "value": "x" * 40} for number in range(60)]
    await filled(served, stack, fields)
    async with served.client(ALICE, stack) as session:
        path = await path_of(session, format=format_)
    async with served.raw() as http:
        got = await http.get(path)

    assert (got.status_code, error_of(got)) == (422, "export_too_large")
    assert list(served.app.settings.exports.iterdir()) == []


@pytest.mark.requirement("FAIR-07")
async def test_rows_times_columns_count_and_not_only_what_is_in_them(
    served: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows that share no column: what is kept is small, and the table is not."""
    stack = await served.stack(ALICE)
    rows: list[dict[str, Any]] = [{f"c{number}": 1} for number in range(100)]
    await filled(served, stack, [{"path": "rows", "value": rows}])
    async with served.client(ALICE, stack) as session:
        whole, refused = [await path_of(session, format="csv") for _ in range(2)]
    async with served.raw() as http:
        packed = zipfile.ZipFile(io.BytesIO((await http.get(whole)).content))
        size = sum(one.file_size for one in packed.infolist())
        monkeypatch.setattr(handing_out, "MOST_BYTES", size - 1)
        got = await http.get(refused)

    assert (got.status_code, error_of(got)) == (422, "export_too_large")
    assert list(served.app.settings.exports.iterdir()) == []


@pytest.mark.requirement("FAIR-07")
@pytest.mark.parametrize("format_", ["csv", "json", "jsonl"])
async def test_an_export_of_any_size_needs_the_memory_of_one_document(
    served: Site, format_: Format
) -> None:
    stack = await served.stack(ALICE)
    wide = [{"path": "rows", "value": [{"text": "x" * 400} for _ in range(100)]}]
    document = await filled(served, stack, wide)
    store = served.workspace(ALICE, stack).store
    found: Document = await store.document((await store.documents(limit=1))[0].id)
    assert found.id == document
    record = Record(found, await store.fields(found.id))

    with tempfile.TemporaryFile() as kept:
        rendering = Rendering(kept, format_, evidence=True)
        rendering.add(record)
        tracemalloc.start()
        for _ in range(100):
            rendering.add(record)
        length = sum(len(piece) for text in rendering.texts() for piece in text)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()

    assert length > 4_000_000
    assert most < 1_000_000
