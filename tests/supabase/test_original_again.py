"""An import that is run again: after it ended, after it was broken off, beside a worker."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from stackdocs_mcp.core.binding import Binding, Right, UserId
from stackdocs_mcp.core.model import NewDocument
from tests.supabase.original_places import R, S, placed
from tests.supabase.originals import (
    ALICE,
    everything,
    original_id,
    values,
)

pytestmark = pytest.mark.anyio


@pytest.mark.requirement("PGL-21")
async def test_a_second_run_makes_nothing_and_a_third_what_was_missing(tmp_path: Path) -> None:
    async with placed(tmp_path) as place:
        await place.run()
        before = await everything(place.store)

        again = await place.run()

        assert (again.documents, again.fields, again.pages) == (0, 0, 0)
        assert again.there == 31
        assert await everything(place.store) == before

        missing = place.files / ALICE / original_id(6) / "missing.pdf"
        missing.parent.mkdir(parents=True)
        missing.write_bytes(b"found again")
        third = await place.run()
        assert (third.documents, third.not_done) == (1, 0)
        found = (await place.documents(ALICE, S))["missing.pdf"]
        assert await values(await place.stack(ALICE, S), found) == {"total": 5}


@pytest.mark.requirement("PGL-21")
async def test_a_stack_that_was_deleted_since_does_not_come_back(tmp_path: Path) -> None:
    async with placed(tmp_path) as place:
        await place.run()
        owner = UserId(ALICE)
        await place.store.delete_stack(owner, (await place.store.open_stack(owner, R)).id)

        again = await place.run()

        assert again.documents == 0
        assert R not in [one.stack.name for one in await place.store.stacks(owner)]


@pytest.mark.requirement("PGL-23")
async def test_a_document_that_a_worker_is_reading_is_left_to_the_next_run(tmp_path: Path) -> None:
    async with placed(tmp_path) as place:
        repo = await place.stack(ALICE, "default")
        binding = Binding(UserId(ALICE), (await repo.stack()).id, frozenset(Right))
        kept, size = await place.store.files(binding).put_bytes(b"contract", 100)
        document, _ = await repo.add_document(NewDocument("contract.pdf", kept, size))
        assert await repo.claim(document.id, "worker", datetime.now(UTC) + timedelta(minutes=1))

        first = await place.run()

        assert first.not_done == 2  # with the one whose file is missing
        assert await values(repo, document) == {}

        place.clock.stand(None)
        await repo.finish(document.id)
        second = await place.run()
        assert (second.documents, second.not_done) == (1, 1)
        assert (await values(repo, document))["parties[0]"] == "A"


class Broken(Exception):
    """The process was killed."""


class Breaking:
    """A store, or a part of one, that breaks off at the call with this number, before or after."""

    def __init__(self, inner: Any, left: list[int], *, after: bool) -> None:
        self._inner = inner
        self._left = left
        self._after = after

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if name in {"bind", "files"}:
            return lambda *args: Breaking(found(*args), self._left, after=self._after)

        async def called(*args: Any, **named: Any) -> Any:
            self._left[0] -= 1
            if self._left[0] == 0 and not self._after:
                raise Broken
            answer = await found(*args, **named)
            if self._left[0] == 0:
                raise Broken
            return answer

        return called


@pytest.mark.requirement("PGL-22")
async def test_broken_off_at_any_call_it_goes_on_and_makes_nothing_twice(tmp_path: Path) -> None:
    async with placed(tmp_path) as place:
        await place.connection.execute(
            "delete from stackdocs_original.documents where filename like 'receipt-%'"
        )
        chance = Random(8)
        for step in range(1_000):
            breaking = Breaking(place.store, [chance.randint(1, 30)], after=step % 2 == 0)
            try:
                await place.run(breaking)
            except Broken:
                continue
            break
        else:
            raise AssertionError("it never came to an end")
        broken = await everything(place.store)

    async with placed(tmp_path / "whole") as place:
        await place.connection.execute(
            "delete from stackdocs_original.documents where filename like 'receipt-%'"
        )
        await place.run()
        assert await everything(place.store) == broken
