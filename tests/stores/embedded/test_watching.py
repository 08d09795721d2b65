"""How the embedded store is watched."""

import anyio
import pytest

from stackdocs_mcp.core.events import About
from stackdocs_mcp.core.ports import StackStore, Store
from stackdocs_mcp.stores import events
from tests.stores.builders import added

pytestmark = pytest.mark.anyio


@pytest.mark.requirement("EVENT-04")
async def test_much_is_said_in_several_calls(
    store: Store, repo: StackStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "AT_ONCE", 2)
    with anyio.fail_after(30):
        async with store.watch() as watch:
            documents = [await added(repo, f"{number}.txt") for number in range(5)]
            for one in documents:
                await repo.finish(one.id)

            found = [*await watch.changed()]
            assert len(found) == 2
            while len(found) < 11:
                found += await watch.changed()

    texts = [one.document for one in found if one.about is About.TEXT]
    assert texts == [one.id for one in documents]
