"""A folder as a stack: what is remembered of its files, and what became of older bytes."""

import pytest

from stackdocs_mcp.core.errors import DocumentNotFound
from stackdocs_mcp.core.model import (
    Document,
    DocumentId,
)
from stackdocs_mcp.core.ports import StackStore
from stackdocs_mcp.core.stack import FolderFile
from tests.stores.builders import added

pytestmark = pytest.mark.anyio


async def superseded(repo: StackStore) -> dict[str, str | None]:
    """Which document stands for which now, by the content they were made of."""
    documents = await repo.documents(limit=99)
    names = {document.id: document.filename for document in documents}
    return {
        document.filename: names[document.superseded_by]
        for document in documents
        if document.superseded_by is not None
    }


async def seen(repo: StackStore, name: str, content: str) -> Document:
    document = await added(repo, content)
    await repo.remember_file(FolderFile(name, len(content), 1_700_000_000_123_456_789, document.id))
    return document


@pytest.mark.requirement("STORE-50")
async def test_files_are_remembered_by_name(repo: StackStore, document: Document) -> None:
    assert await repo.folder_files() == []
    late = FolderFile("b/über.pdf", 2**40, 1_700_000_000_123_456_789, document.id)
    early = FolderFile("a.pdf", 0, -1, document.id)

    await repo.remember_file(late)
    await repo.remember_file(early)

    assert await repo.folder_files() == [early, late]


@pytest.mark.requirement("STORE-50")
async def test_a_file_that_was_touched_is_remembered_anew(repo: StackStore) -> None:
    document = await seen(repo, "a.pdf", "one")
    touched = FolderFile("a.pdf", 9, 5, document.id)

    await repo.remember_file(touched)

    assert await repo.folder_files() == [touched]
    assert await superseded(repo) == {}


@pytest.mark.requirement("STORE-51")
async def test_the_document_of_a_files_earlier_bytes_is_superseded(repo: StackStore) -> None:
    await seen(repo, "a.pdf", "one")

    await seen(repo, "a.pdf", "two")

    assert await superseded(repo) == {"one": "two"}


@pytest.mark.requirement("STORE-51")
async def test_a_document_stands_while_another_file_has_its_bytes(repo: StackStore) -> None:
    await seen(repo, "a.pdf", "one")
    await seen(repo, "copy.pdf", "one")

    await seen(repo, "a.pdf", "two")
    assert await superseded(repo) == {}

    await seen(repo, "copy.pdf", "three")
    assert await superseded(repo) == {"one": "three"}


@pytest.mark.requirement("STORE-51")
async def test_a_file_that_has_its_old_bytes_back_has_its_old_document(repo: StackStore) -> None:
    await seen(repo, "a.pdf", "one")
    await seen(repo, "a.pdf", "two")

    await seen(repo, "a.pdf", "one")

    assert await superseded(repo) == {"two": "one"}


@pytest.mark.requirement("STORE-50")
async def test_a_file_of_no_document_is_not_remembered(repo: StackStore) -> None:
    nowhere = DocumentId("3b241101-e2bb-4255-8caf-4136c566a962")

    with pytest.raises(DocumentNotFound):
        await repo.remember_file(FolderFile("a.pdf", 1, 1, nowhere))

    assert await repo.folder_files() == []
