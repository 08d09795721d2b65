"""What an original's rows become, looked at through the ports of a store.

The importer knows the store by its ports alone, so it runs over the embedded one here, where a run
can be broken off at any call; ``test_original_command`` runs the whole command on a project.
"""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import anyio
import pytest

from stackdocs_mcp.cli.from_stackdocs.importing import OriginalClock
from stackdocs_mcp.cli.from_stackdocs.report import Report
from stackdocs_mcp.core.binding import Actor, UserId
from stackdocs_mcp.core.model import DocumentStatus, Verdict
from stackdocs_mcp.core.paths import dotted
from stackdocs_mcp.stores.embedded import open_store
from stackdocs_mcp.stores.supabase.originals import Originals
from tests.supabase.original_places import R, Read, S, placed
from tests.supabase.originals import (
    ALICE,
    BOB,
    original_id,
    text,
    values,
)

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Report, dict[str, int]]:
    """The folder of an import, what it reported, and what was counted; to be read alone."""
    folder = tmp_path_factory.mktemp("imported")

    async def work() -> tuple[Report, dict[str, int]]:
        async with placed(folder) as place:
            return await place.run(), await Originals(place.connection).counts()

    return folder, *anyio.run(work)


@pytest.fixture
async def place(whole: tuple[Path, Report, dict[str, int]]) -> AsyncIterator[Read]:
    """What was imported."""
    folder, report, _ = whole
    store = await open_store(folder / "data", clock=OriginalClock())
    yield Read(store, report)
    await store.close()


@pytest.mark.requirement("PGL-10")
async def test_each_stack_of_a_user_is_there_under_its_name(place: Read) -> None:
    names = [one.stack.name for one in await place.store.stacks(UserId(ALICE))]

    assert names == [R, S, "Invoices (2)", "default"]
    assert [one.stack.name for one in await place.store.stacks(UserId(BOB))] == [
        S,
        "Old",
        "default",
    ]
    assert await place.store.stacks(UserId("user_2carol")) == []


@pytest.mark.requirement("PGL-11")
async def test_a_document_has_its_name_its_time_and_its_page(place: Read) -> None:
    repo = await place.stack(ALICE, S)
    document = (await place.documents(ALICE, S))["invoice.pdf"]

    assert document.created_at == datetime(2025, 4, 1, 13, 0, 0, 500_000, tzinfo=UTC)
    assert document.media_type == "application/pdf"
    assert document.pages == document.pages_done == 1
    assert await text(repo, document) == [
        ["# ACME Ltd", "Invoice 00123", "Total: 1,234.50 EUR"],
    ]


@pytest.mark.requirement("PGL-12")
async def test_a_completed_document_has_to_be_completed_again(place: Read) -> None:
    for name in (S, R, "Invoices (2)"):
        found = (await place.documents(ALICE, name)).values()
        assert all(one.status is not DocumentStatus.COMPLETED for one in found)
    document = (await place.documents(ALICE, R))["receipt-101.pdf"]
    assert document.status is DocumentStatus.OCR_COMPLETE


@pytest.mark.requirement("PGL-13")
async def test_fields_keep_their_values_their_shape_and_their_scores(place: Read) -> None:
    repo = await place.stack(ALICE, S)
    document = (await place.documents(ALICE, S))["invoice.pdf"]
    found = {dotted(one.leaf.path): one for one in await repo.fields(document.id, extraction=1)}

    assert {name: one.leaf.value for name, one in found.items()} == {
        "extra": {},
        "line_items[0].amount": 1000,
        "line_items[0].what": "Bolts",
        "line_items[1].amount": Decimal("234.50"),
        "line_items[1].what": "Nuts",
        "notes": [],
        "number": "00123",
        "paid": False,
        "total": Decimal("1234.50"),
        "vendor.name": "ACME Ltd",
        "vendor.vat": None,
    }
    assert {name: one.leaf.confidence for name, one in found.items() if one.leaf.confidence} == {
        "line_items[0].amount": 0.5,
        "line_items[0].what": 0.5,
        "line_items[1].amount": 0.5,
        "line_items[1].what": 0.5,
        "total": 0.875,
        "vendor.name": 0.99,
    }
    assert str(found["total"].leaf.value) == "1234.50"
    assert {one.leaf.evidence.verdict for one in found.values()} == {Verdict.UNCHECKED}
    assert {one.actor for one in found.values()} == {Actor("agent", "stackdocs-original")}
    assert {one.at for one in found.values()} == {datetime(2025, 4, 1, 14, tzinfo=UTC)}
    assert not any(one.locked for one in found.values())


@pytest.mark.requirement("PGL-14")
async def test_the_newest_extraction_counts_and_the_earlier_ones_are_there(place: Read) -> None:
    for name in (S, R):  # the same document in two stacks is one in each
        repo = await place.stack(ALICE, name)
        document = (await place.documents(ALICE, name))["Rechnung Müller.pdf"]
        assert document.extraction == 3
        assert await values(repo, document) == {
            "ort": "東京",
            "total": 3,
            "vendor": "Müller & Söhne",
        }
        assert await values(repo, document, 1) == {"total": 1}
        assert await values(repo, document, 2) == {"total": 2, "vendor": "Müller"}
        assert await text(repo, document) == [
            ["Müller & Söhne", "Rechnung 7"],
            ["Seite zwei", "東京 ✓"],
        ]


@pytest.mark.requirement("PGL-14")
async def test_the_same_bytes_twice_are_one_document_with_the_extractions_of_both(
    place: Read,
) -> None:
    documents = await place.documents(ALICE, S)
    assert "invoice (1).pdf" not in documents
    repo = await place.stack(ALICE, S)
    document = documents["invoice.pdf"]

    assert document.extraction == 2
    assert await values(repo, document) == {"number": "00123", "total": 99}
    assert (await values(repo, document, 1))["total"] == Decimal("1234.50")


@pytest.mark.requirement("PGL-15")
async def test_text_of_several_pages_without_their_bounds_is_read_anew_and_fields_stay(
    place: Read,
) -> None:
    repo = await place.stack(ALICE, "default")
    document = (await place.documents(ALICE, "default"))["contract.pdf"]

    assert document.status is DocumentStatus.PROCESSING
    assert await repo.outlines(document.id) == []
    assert await values(repo, document) == {
        "parties[0]": "A",
        "parties[1]": "B",
        "signed": True,
    }
    (why,) = (await place.left_out())[original_id(3)]
    assert "read anew" in why


@pytest.mark.requirement("PGL-16")
async def test_failed_and_unread_documents_are_what_they_were(place: Read) -> None:
    documents = await place.documents(ALICE, S)

    failed = documents["broken.pdf"]
    assert failed.status is DocumentStatus.FAILED
    assert failed.error is not None
    assert failed.error.code == "failed_before"
    assert documents["waiting.txt"].status is DocumentStatus.PROCESSING
    repo = await place.stack(ALICE, S)
    now = datetime.now(UTC)
    assert [one.filename for one in await repo.unclaimed(now, 10)] == ["waiting.txt"]


@pytest.mark.requirement("PGL-17")
async def test_a_bad_row_is_named_and_loses_nothing_but_itself(place: Read) -> None:
    left_out = await place.left_out()

    assert left_out[original_id(6)] == ["its file is missing"]
    assert "missing.pdf" not in await place.documents(ALICE, S)
    assert place.report.not_done == 1

    odd = (await place.documents(ALICE, "Invoices (2)"))["odd.pdf"]
    repo = await place.stack(ALICE, "Invoices (2)")
    assert await values(repo, odd) == {"good": 1, "nested.fine": "yes", "é": "twice"}
    refused = left_out["e0000000-0000-4000-8000-000000000009"]
    assert len(refused) == 6
    assert sum("a row" in why for why in refused) == 1
    assert sum("16 levels" in why for why in refused) == 1
    assert sum("to the eye" in why for why in refused) == 1

    assert left_out["e0000000-0000-4000-8000-000000000010"] == ["the fields are no object"]
    named = await place.documents(ALICE, "Invoices (2)")
    assert "two\N{REPLACEMENT CHARACTER}lines.pdf" in named


@pytest.mark.requirement("PGL-18")
async def test_a_document_in_another_users_stack_stays_its_owners(place: Read) -> None:
    assert "smuggled.pdf" not in await place.documents(ALICE, S)
    assert "smuggled.pdf" in await place.documents(BOB, "default")
    (why,) = (await place.left_out())[original_id(11)]
    assert "another user's" in why


@pytest.mark.requirement("PGL-19")
async def test_the_history_of_everything_imported_holds(place: Read) -> None:
    for user, name in ((ALICE, S), (ALICE, R), (ALICE, "Invoices (2)"), (BOB, S)):
        repo = await place.stack(user, name)
        for document in (await place.documents(user, name)).values():
            verified = await repo.verify(document.id)
            assert not verified.breaks


@pytest.mark.requirement("PGL-20")
async def test_what_was_imported_is_counted(whole: tuple[Path, Report, dict[str, int]]) -> None:
    _, report, counts = whole

    assert report.stacks == 7
    assert report.documents == 31
    assert report.there == 0
    assert report.pages == 29
    assert report.failed == 1
    assert report.unread == 2
    assert counts == {
        "users": 3,
        "stack_tables": 1,
        "stack_table_rows": 1,
    }
