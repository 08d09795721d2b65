"""A client that goes away at any moment of a call and tries again: one effect, and a whole one."""

from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import pytest
from anyio.lowlevel import checkpoint

from stackdocs_mcp.core.model import Change, DocumentId
from stackdocs_mcp.core.ports import StackStore
from tests.isolation.conftest import ENOUGH
from tests.isolation.places import Place
from tests.isolation.world import Planted, plant
from tests.server.harness import PATIENCE, Era
from tests.web.site import ALICE, Site, call, headers_for, site
from tests.web.wire import body, head

pytestmark = pytest.mark.anyio

LAST = 1_000_000
MOMENTS = [*range(0, 40, 2), *range(40, 400, 20), LAST]
"""After how many turns of the event loop, which the server shares, the client is gone; or, the last
time, as soon as the write is there and before anybody was told of it."""


@pytest.fixture
async def served(tmp_path: Path, place: Place) -> AsyncIterator[Site]:
    async with site(tmp_path, **ENOUGH, **place.settings) as running:
        yield running


@pytest.fixture
async def planted(served: Site) -> Planted:
    return await plant(served, ALICE, "invoices", "canary")


@pytest.mark.requirement("ISO-16")
async def test_a_write_that_is_tried_again_after_a_disconnect_happens_once(
    served: Site, planted: Planted, era: Era
) -> None:
    store = served.workspace(ALICE, planted.stack).store
    before = len(await store.changes(limit=500))
    kept = 0
    for moment in MOMENTS:
        fields = [
            {"path": "vendor.name", "value": f"vendor {moment}"},
            {"path": "total", "value": moment},
            {"path": "number", "value": f"INV-{moment}"},
        ]
        await sent_and_gone(served, planted, era, moment, fields)
        async with served.client(ALICE, planted.stack, era) as session:
            again = await session.data("set_fields", document_id=planted.document, fields=fields)
        assert "rejected" not in {one["outcome"] for one in again["results"]}
        changed = {one["changed"] for one in again["results"]}
        assert len(changed) == 1, "all of the first call was kept, or nothing"
        kept += changed == {False}

    changes = list(reversed(await store.changes(limit=500)))[before:]
    made = [
        [one.after[0].value for one in changes if one.revision == n] for n in revisions(changes)
    ]
    assert made == [[f"vendor {one}", one, f"INV-{one}"] for one in MOMENTS]
    assert (await store.verify(planted.document)).breaks == ()
    assert kept > 0, "a client that was gone after the write has its effect"


def revisions(changes: list[Change]) -> list[int]:
    return sorted({one.revision for one in changes})


async def sent_and_gone(
    served: Site, planted: Planted, era: Era, moment: int, fields: list[dict[str, object]]
) -> None:
    """Send the whole call, wait so many turns of the loop, and close."""
    asked = call("set_fields", era=era, document_id=planted.document, fields=fields)
    content = body(asked)
    given = {
        **headers_for(asked, era),
        **served.bearer(ALICE, planted.stack),
        "Content-Length": str(len(content)),
    }
    with anyio.fail_after(PATIENCE):
        async with await anyio.connect_tcp("127.0.0.1", served.port) as connection:
            await connection.send(head(served, f"/stacks/{planted.stack}/mcp", given) + content)
            store = served.workspace(ALICE, planted.stack).store
            while moment == LAST and await written(store, planted.document) != LAST:
                await checkpoint()
            for _ in range(moment % LAST):
                await checkpoint()


async def written(store: StackStore, document: DocumentId) -> object:
    """The total that stands there now."""
    found = await store.fields(document, below=("total",))
    return found[0].leaf.value if found else None


@pytest.mark.requirement("ISO-16")
async def test_a_file_that_is_sent_again_after_a_disconnect_is_one_document(
    served: Site, era: Era
) -> None:
    stack = await served.stack(ALICE, "files")
    store = served.workspace(ALICE, stack).store
    path = f"/stacks/{stack}/documents?filename=a.txt"
    for moment in MOMENTS[:-1:4]:
        content = f"file {moment}".encode()
        given = {**served.bearer(ALICE, stack), "Content-Length": str(len(content))}
        with anyio.fail_after(PATIENCE):
            async with await anyio.connect_tcp("127.0.0.1", served.port) as connection:
                await connection.send(head(served, path, given) + content)
                for _ in range(moment):
                    await checkpoint()
        async with served.raw(served.bearer(ALICE, stack)) as http:
            answer = await http.post(path, content=content)
        assert answer.is_success

    documents = await store.documents(limit=200)
    assert len(documents) == len(MOMENTS[::4])
    async with served.client(ALICE, stack, era) as session:
        for one in documents:
            while (await store.document(one.id)).status.value == "processing":
                await checkpoint()
            assert "file" in await session.read(one.id)
