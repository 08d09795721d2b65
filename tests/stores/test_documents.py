"""Documents: added once, found, listed oldest first."""

from datetime import timedelta

import pytest

from stackdocs_mcp.core.errors import DocumentNotFound
from stackdocs_mcp.core.model import Document, DocumentId, DocumentStatus, Failure
from stackdocs_mcp.core.ports import StackStore
from tests.stores.builders import SteppingClock, added, digest, file

pytestmark = pytest.mark.anyio

UNKNOWN = DocumentId("3b241101-e2bb-4255-8caf-4136c566a962")


@pytest.mark.requirement("STORE-10")
async def test_a_new_document_is_processing_and_has_no_pages(repo: StackStore) -> None:
    document, new = await repo.add_document(file("Scan 1.pdf", "bytes"))

    assert new
    assert document == Document(
        id=document.id,
        filename="Scan 1.pdf",
        sha256=digest("bytes"),
        size=7,
        status=DocumentStatus.PROCESSING,
        pages=0,
        pages_done=0,
        pages_without_text=0,
        fields=0,
        flagged=0,
        revision=0,
        created_at=document.created_at,
        updated_at=document.created_at,
    )
    assert await repo.document(document.id) == document


@pytest.mark.requirement("STORE-11")
async def test_the_same_bytes_are_one_document_with_its_first_name(repo: StackStore) -> None:
    first, _ = await repo.add_document(file("first.pdf", "bytes"))

    again, new = await repo.add_document(file("second.pdf", "bytes"))

    assert (again, new) == (first, False)
    assert len(await repo.documents(limit=9)) == 1


@pytest.mark.requirement("STORE-11")
async def test_a_failed_document_that_is_added_again_comes_back_as_it_is(repo: StackStore) -> None:
    document = await added(repo)
    failed = await repo.fail(document.id, Failure("damaged", "it is damaged", "Send another."))

    assert await repo.add_document(file()) == (failed, False)


@pytest.mark.requirement("STORE-12")
async def test_a_document_that_is_nowhere_is_not_found(repo: StackStore) -> None:
    with pytest.raises(DocumentNotFound):
        await repo.document(UNKNOWN)


@pytest.mark.requirement("STORE-13")
async def test_documents_are_listed_oldest_first_in_pieces(repo: StackStore) -> None:
    made = [await added(repo, f"{count}.pdf") for count in range(5)]

    first = await repo.documents(limit=2)
    second = await repo.documents(after=first[-1].id, limit=2)
    third = await repo.documents(after=second[-1].id, limit=2)

    assert [*first, *second, *third] == made
    assert await repo.documents(after=made[-1].id, limit=2) == []
    assert await repo.documents(limit=0) == []


@pytest.mark.requirement("STORE-13")
async def test_documents_of_one_moment_are_listed_by_id(
    repo: StackStore, clock: SteppingClock
) -> None:
    clock.step = timedelta(0)
    made = [await added(repo, f"{count}.pdf") for count in range(5)]
    in_order = sorted(made, key=lambda document: document.id)

    first = await repo.documents(limit=3)

    assert list(first) == in_order[:3]
    assert list(await repo.documents(after=first[-1].id, limit=3)) == in_order[3:]


@pytest.mark.requirement("STORE-14")
async def test_documents_are_listed_by_status(repo: StackStore) -> None:
    made = [await added(repo, f"{count}.pdf") for count in range(4)]
    read = [await repo.finish(made[index].id) for index in (1, 2, 3)]

    listed = await repo.documents(status=DocumentStatus.OCR_COMPLETE, limit=2)
    rest = await repo.documents(status=DocumentStatus.OCR_COMPLETE, after=listed[-1].id, limit=2)

    assert [*listed, *rest] == read
    assert await repo.documents(status=DocumentStatus.FAILED, limit=9) == []


@pytest.mark.requirement("STORE-15")
@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("RECHN", ["Rechnung_50%.pdf"]),
        ("ÜBER", ["über.pdf"]),
        ("u\u0308ber", ["über.pdf"]),
        ("STRASSE", ["Straße [1].pdf"]),
        ("%", ["Rechnung_50%.pdf"]),
        ("_", ["Rechnung_50%.pdf"]),
        ("*", []),
        ("[1]", ["Straße [1].pdf"]),
        (".pdf", ["Rechnung_50%.pdf", "über.pdf", "Straße [1].pdf"]),
        ("' OR 1=1 --", []),
    ],
)
async def test_a_query_is_a_part_of_the_file_name_and_nothing_else(
    repo: StackStore, query: str, found: list[str]
) -> None:
    for name in ("Rechnung_50%.pdf", "über.pdf", "Straße [1].pdf"):
        await added(repo, name)

    listed = await repo.documents(query=query, limit=9)

    assert [document.filename for document in listed] == found


@pytest.mark.requirement("STORE-16")
async def test_nothing_is_listed_behind_a_document_that_is_not_there(repo: StackStore) -> None:
    await added(repo)

    assert await repo.documents(after=UNKNOWN, limit=9) == []
