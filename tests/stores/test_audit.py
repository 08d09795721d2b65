"""The record of refusals."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from stackdocs_mcp.core.binding import UserId
from stackdocs_mcp.core.ports import Store
from stackdocs_mcp.core.tenancy import KEPT_DAYS, MORE, PER_DAY, PER_MINUTE, Denial
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


@pytest.mark.requirement("AUDIT-04")
async def test_a_flood_of_refusals_is_counted_in_one_row(
    store: Store, clock: SteppingClock
) -> None:
    clock.step = timedelta(milliseconds=1)
    for _ in range(500):
        await store.record(FOREIGN)
    await store.record(REFUSED)

    of_alice, *of_bob = await store.denials(limit=999)

    assert of_alice.denial == REFUSED
    counted, *own = of_bob
    assert [row.denial for row in own] == [FOREIGN] * PER_MINUTE
    assert {row.count for row in own} == {1}
    assert counted.denial == Denial(BOB, "", "", "", MORE)
    assert (counted.count, counted.at > own[0].at) == (480, True)


@pytest.mark.requirement("AUDIT-04")
async def test_a_patient_flood_is_counted_too_and_pushes_nothing_out(
    store: Store, clock: SteppingClock
) -> None:
    clock.now, clock.step = datetime(2026, 3, 4, tzinfo=UTC), timedelta(minutes=1)
    first = replace(FOREIGN, request="the first")
    await store.record(first)
    for _ in range(3 * PER_DAY):
        await store.record(FOREIGN)

    rows = await store.denials(limit=999)

    assert len(rows) == PER_DAY + 1
    assert rows[-1].denial == first
    assert sum(row.count for row in rows) == 3 * PER_DAY + 1

    clock.now = datetime(2026, 3, 5, tzinfo=UTC)
    await store.record(replace(FOREIGN, request="another day"))
    assert (await store.denials(limit=1))[0].denial.request == "another day"


@pytest.mark.requirement("AUDIT-05")
async def test_refusals_are_forgotten_when_they_are_old_a_few_at_a_time(
    store: Store, clock: SteppingClock
) -> None:
    for _ in range(60):
        clock.now += timedelta(minutes=1)
        await store.record(FOREIGN)
    clock.now += timedelta(days=KEPT_DAYS)

    left = []
    for _ in range(4):
        await store.record(REFUSED)
        left.append(len(await store.denials(user=BOB, limit=999)))

    assert left == [40, 20, 0, 0]
    assert len(await store.denials(limit=999)) == 4


@pytest.mark.requirement("AUDIT-06")
async def test_no_text_of_a_refusal_is_long(store: Store) -> None:
    user = UserId("u" * 9_000)
    await store.record(Denial(user, *("x" * 9_000,) * 5))

    (row,) = await store.denials(user=user, limit=9)

    assert row.denial == Denial(UserId("u" * 512), *("x" * 64,) * 5)
