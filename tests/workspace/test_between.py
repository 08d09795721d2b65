"""Others who come between what a call checks and what it writes."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import pytest

from stackdocs_mcp.core.binding import Actor
from stackdocs_mcp.core.errors import StaleCheck
from stackdocs_mcp.core.model import (
    Citation,
    DocumentId,
    Line,
    NewDocument,
    Page,
    PageSource,
    Sha256,
    Verdict,
)
from stackdocs_mcp.core.ports import StackStore
from stackdocs_mcp.server.compose import running
from stackdocs_mcp.settings import Settings
from stackdocs_mcp.workspace.completing import complete
from stackdocs_mcp.workspace.context import Workspace
from stackdocs_mcp.workspace.schemas import set_schema
from stackdocs_mcp.workspace.writing import Entry, set_fields

pytestmark = pytest.mark.anyio

SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "string"}}}


@dataclass
class Between:
    """A store, and what somebody else does to it right before a method is called."""

    store: StackStore
    method: str
    does: Callable[[int], Awaitable[object]]
    times: int
    done: int = 0

    def __getattr__(self, name: str) -> Any:
        call = getattr(self.store, name)
        if name != self.method or self.done == self.times:
            return call

        async def after_the_other(*args: object, **named: object) -> object:
            self.done += 1
            await self.does(self.done)
            return await call(*args, **named)

        return after_the_other


def between(
    workspace: Workspace, method: str, does: Callable[[int], Awaitable[object]], times: int = 1
) -> Workspace:
    return replace(
        workspace, store=cast("StackStore", Between(workspace.store, method, does, times))
    )


@pytest.fixture
async def workspace(tmp_path: Path) -> AsyncIterator[Workspace]:
    async with running(Settings(data_dir=tmp_path / "data")) as app:
        workspace = app.workspace(await app.open_stack(), Actor("agent", "test"))
        await set_schema(workspace, SCHEMA)
        yield workspace


@pytest.fixture
async def document(workspace: Workspace) -> DocumentId:
    store = workspace.store
    made, _ = await store.add_document(NewDocument("a.txt", Sha256("0" * 64), 7))
    await read(workspace, made.id, "engine 0", "alpha")
    return made.id


async def read(workspace: Workspace, document: DocumentId, engine: str, text: str) -> None:
    page = Page(1, 612, 792, PageSource.TEXT, (Line(1, text),))
    await workspace.store.set_outline(document, "text/plain", 1)
    await workspace.store.save_pages(document, engine, [page])
    await workspace.store.finish(document)
    await workspace.store.mark_read(document, [1])


@pytest.mark.requirement("DONE-40")
async def test_a_schema_that_is_tightened_meanwhile_is_what_completing_is_checked_by(
    workspace: Workspace, document: DocumentId
) -> None:
    await set_fields(workspace, document, [Entry("a", "alpha")], dry_run=False)

    async def tighten(_: int) -> None:
        await set_schema(workspace, {**SCHEMA, "required": ["b"]})

    attempt = await complete(between(workspace, "complete", tighten), document)

    assert not attempt.completed
    assert [one.code for one in attempt.reasons] == ["missing_required"]


@pytest.mark.requirement("DONE-40")
async def test_a_value_is_looked_for_again_when_the_pages_are_replaced_meanwhile(
    workspace: Workspace, document: DocumentId
) -> None:
    async def reread(count: int) -> None:
        await workspace.store.reread(document)
        await read(workspace, document, f"engine {count}", "beta")

    entry = Entry("a", "alpha", citation=Citation(1, (1,)))
    (outcome,) = await set_fields(
        between(workspace, "write", reread), document, [entry], dry_run=False
    )

    assert outcome.evidence is not None
    assert outcome.evidence.verdict is not Verdict.VERIFIED
    (field,) = await workspace.store.fields(document)
    assert field.leaf.evidence == outcome.evidence


@pytest.mark.requirement("DONE-40")
async def test_whoever_is_always_overtaken_is_told_so_and_nothing_is_written(
    workspace: Workspace, document: DocumentId
) -> None:
    async def reread(count: int) -> None:
        await workspace.store.reread(document)
        await read(workspace, document, f"engine {count}", "beta")

    meddled = between(workspace, "write", reread, times=99)
    with pytest.raises(StaleCheck, match="read anew"):
        await set_fields(meddled, document, [Entry("a", "beta")], dry_run=False)

    assert await workspace.store.fields(document) == []
