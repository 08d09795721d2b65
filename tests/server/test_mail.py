"""Mail and misnamed files through the whole server."""

from email.message import EmailMessage
from pathlib import Path

import anyio
import pytest
from anyio.lowlevel import checkpoint

from stackdocs_mcp.core.model import Document
from stackdocs_mcp.server.compose import running
from stackdocs_mcp.workspace.intake import Job, needs_reading
from tests.server.harness import bound, in_memory, settings

pytestmark = pytest.mark.anyio
NAMES = ["order.eml", "order.eml/order.csv", "order.eml/Tea.eml", "order.eml/Tea.eml/note.txt"]


def order() -> bytes:
    mail = EmailMessage()
    mail["From"], mail["Subject"] = "ann@example.org", "An order"
    mail.set_content("The order is attached.")
    mail.add_attachment("what;count\nboxes;12\n", filename="order.csv")
    inner = EmailMessage()
    inner["From"], inner["Subject"] = "bob@example.org", "Tea"
    inner.set_content("At five")
    inner.add_attachment("The milk is from Kent", filename="note.txt")
    mail.add_attachment(inner)
    return mail.as_bytes()


@pytest.mark.requirement("OCR-MAIL-09")
async def test_a_mail_and_what_is_attached_to_it_become_documents_once(tmp_path: Path) -> None:
    mail = order()
    async with in_memory(settings(tmp_path)) as session:
        first = await session.add("order.eml", mail)
        found = (await session.data("list_documents"))["documents"]
        while any(one["status"] == "processing" for one in found) or len(found) < len(NAMES):
            await checkpoint()
            found = (await session.data("list_documents"))["documents"]
        again = await session.add("copy.eml", mail)
        after = (await session.data("list_documents"))["documents"]
        hits = (await session.data("search_documents", query="milk Kent"))["hits"]

    assert [one["filename"] for one in found] == NAMES
    assert {one["status"] for one in found} == {"ocr_complete"}
    assert [one["problems"] for one in found] == [[]] * 4
    assert again == first
    assert after == found
    assert [hit["filename"] for hit in hits] == ["order.eml/Tea.eml/note.txt"]


@pytest.mark.requirement("OCR-MAIL-11")
async def test_a_file_attached_to_two_mails_is_one_document_and_named_by_both(
    tmp_path: Path,
) -> None:
    async with in_memory(settings(tmp_path)) as session:
        for name in ("first.eml", "second.eml"):
            mail = EmailMessage()
            mail["From"], mail["Subject"] = "ann@example.org", name
            mail.add_attachment("what;count\nboxes;12\n", filename="order.csv")
            await session.add(name, mail.as_bytes())
        found = (await session.data("list_documents"))["documents"]
        hits = (await session.data("search_documents", query="order.csv"))["hits"]

    assert sorted(one["filename"] for one in found) == [
        "first.eml",
        "first.eml/order.csv",
        "second.eml",
    ]
    assert sorted(hit["filename"] for hit in hits) == ["first.eml", "second.eml"]


@pytest.mark.requirement("OCR-MAIL-09")
async def test_what_is_attached_is_not_lost_when_reading_is_interrupted(tmp_path: Path) -> None:
    chosen = settings(tmp_path)
    file = tmp_path / "files" / "order.eml"
    file.write_bytes(order())
    async with running(chosen) as app:
        workspace = await bound(app)
        store, files = workspace.store, workspace.files
        mail, _ = await app.shared.intake.add(store, files, file, file.name, 1_000_000)
        with anyio.CancelScope() as reading:

            def interrupt(_document: Document) -> None:
                reading.cancel()

            await app.shared.intake.process(Job(store, files, mail.id, None, interrupt))
        left = await store.documents(limit=10)

    assert [one.filename for one in left if needs_reading(one)] == NAMES[:2]

    async with in_memory(chosen) as session:
        found = (await session.data("list_documents"))["documents"]
        while any(one["status"] == "processing" for one in found) or len(found) < len(NAMES):
            await checkpoint()
            found = (await session.data("list_documents"))["documents"]

    assert sorted(one["filename"] for one in found) == sorted(NAMES)
    assert {one["status"] for one in found} == {"ocr_complete"}


@pytest.mark.requirement("OCR-NAME-02")
async def test_a_wrong_suffix_is_said_and_does_not_matter(tmp_path: Path) -> None:
    async with in_memory(settings(tmp_path)) as session:
        document = await session.add("scan.pdf", "Only a text\n")
        (listed,) = (await session.data("list_documents"))["documents"]

        assert "Only a text" in await session.read(document)

    assert listed["problems"] == ["named .pdf, but is plain text"]
