"""Bytes that are erased with one stack just while they are added to another."""

from pathlib import Path
from typing import cast

import pytest

from stackdocs_mcp.core.model import Document, DocumentId, NewDocument
from stackdocs_mcp.core.ports import StackStore
from stackdocs_mcp.core.stack import Ocr
from stackdocs_mcp.stores.embedded import open_store
from stackdocs_mcp.workspace.intake import Intake
from tests.stores.builders import ALICE, SteppingClock, binding
from tests.workspace.paced import PacedEngine

pytestmark = pytest.mark.anyio


@pytest.mark.requirement("TENANT-29")
async def test_bytes_that_are_erased_while_they_are_added_are_there_after(tmp_path: Path) -> None:
    clock = SteppingClock()
    store = await open_store(tmp_path / "data", clock=clock)
    doomed = await store.open_stack(ALICE, "doomed")
    kept = await store.open_stack(ALICE, "kept")
    source = tmp_path / "invoice.txt"
    source.write_bytes(b"invoice")
    intake = Intake(no_engine, clock, 99)
    bound = binding(ALICE, doomed.id)
    await intake.add(store.bind(bound), store.files(bound), source, "a", 99)
    bound = binding(ALICE, kept.id)

    class Between:
        """The store, in which the other stack is erased between the bytes and their document."""

        async def add_document(
            self, new: NewDocument, *, part_of: DocumentId | None
        ) -> tuple[Document, bool]:
            await store.delete_stack(ALICE, doomed.id)
            return await store.bind(bound).add_document(new, part_of=part_of)

    document, new = await intake.add(
        cast("StackStore", Between()), store.files(bound), source, "b", 99
    )

    assert new
    assert (await store.files(bound).local(document.sha256)).read_bytes() == b"invoice"
    await store.close()


def no_engine(_: Ocr) -> PacedEngine:
    raise AssertionError("nothing is read here")
