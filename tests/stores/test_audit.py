"""The record of refusals."""

from pathlib import Path

import pytest

from stackdocs_mcp.core.ports import Store
from stackdocs_mcp.core.tenancy import Denial
from tests.stores.builders import ALICE, BOB, SteppingClock
from tests.stores.conftest import FACTORIES, Factory

pytestmark = pytest.mark.anyio

FOREIGN = Denial(BOB, "99b3a8a0", "req-1", "read_ocr", "document_not_found", "3b241101")
REFUSED = Denial(ALICE, "99b3a8a0", "req-2", "set_schema", "missing_right")


@pytest.mark.requirement("AUDIT-01")
async def test_refusals_come_back_as_they_were_recorded_the_newest_first(
    store: Store, clock: SteppingClock
) -> None:
    begun = clock.now
    await store.record(FOREIGN)
    await store.record(REFUSED)

    rows = await store.denials(limit=9)

    assert [row.denial for row in rows] == [REFUSED, FOREIGN]
    assert begun < rows[1].at < rows[0].at <= clock.now


@pytest.mark.requirement("AUDIT-02")
async def test_refusals_are_listed_by_user_and_at_most_as_many_as_asked_for(store: Store) -> None:
    await store.record(FOREIGN)
    await store.record(REFUSED)

    assert [row.denial for row in await store.denials(user=BOB, limit=9)] == [FOREIGN]
    assert [row.denial for row in await store.denials(limit=1)] == [REFUSED]
    assert await store.denials(limit=0) == []


@pytest.mark.requirement("AUDIT-03")
@pytest.mark.parametrize("factory", FACTORIES.values(), ids=list(FACTORIES))
async def test_a_refusal_is_there_when_the_store_is_opened_again(
    factory: Factory, tmp_path: Path, clock: SteppingClock
) -> None:
    first = await factory(tmp_path / "data", clock)
    await first.record(FOREIGN)
    await first.close()

    second = await factory(tmp_path / "data", clock)

    assert [row.denial for row in await second.denials(limit=9)] == [FOREIGN]
    await second.close()
