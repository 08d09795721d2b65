"""Pages that are kept for checking evidence."""

from pathlib import Path

import pytest

from stackdocs_mcp.core.binding import Actor
from stackdocs_mcp.core.model import Line, NewDocument, Page, PageSource, Sha256
from stackdocs_mcp.server.compose import running
from stackdocs_mcp.settings import Settings

pytestmark = pytest.mark.anyio


def page(text: str) -> Page:
    return Page(1, 612, 792, PageSource.TEXT, (Line(1, text),))


@pytest.mark.requirement("READIN-22")
async def test_pages_that_were_given_up_are_not_served_any_more(tmp_path: Path) -> None:
    async with running(Settings(data_dir=tmp_path / "data")) as app:
        workspace = app.workspace(await app.open_stack(), Actor("person"))
        store, stack = workspace.store, workspace.binding.stack
        first, _ = await store.add_document(NewDocument("a.txt", Sha256("0" * 64), 7))
        await store.save_pages(first.id, "one", [page("as it was")])
        first = await store.finish(first.id)
        (before,) = await workspace.shared.pages.get(store, stack, first, [1])

        again = await store.reread(first.id)
        none = await workspace.shared.pages.get(store, stack, again, [1])
        await store.save_pages(again.id, "two", [page("as it is")])
        (after,) = await workspace.shared.pages.get(store, stack, again, [1])
        (kept,) = await workspace.shared.pages.get(store, stack, again, [1])

    assert none == []
    assert [line.text for line in before.lines] == ["as it was"]
    assert [line.text for line in after.lines] == ["as it is"]
    assert kept is after
