"""What leaves the machine, in which portions, and what becomes of it at the service."""

from contextlib import aclosing
from pathlib import Path

import anyio
import pypdfium2
import pytest

from stackdocs_mcp.core.engine import Extracted, FileOutline, Pages, Recognising
from stackdocs_mcp.core.errors import ExtractionFailed
from stackdocs_mcp.core.model import PageSource
from stackdocs_mcp.ocr.limits import Limits
from stackdocs_mcp.ocr.mistral import MistralEngine
from stackdocs_mcp.ocr.mistral_sheets import BatchSize
from tests.ocr.documents import both, lines, pdf, picture_at
from tests.ocr.mistral.conftest import Make, billed, by_number, read, sheets, texts
from tests.ocr.mistral.service import (
    DELETE,
    LIST,
    OCR,
    UPLOAD,
    Request,
    Service,
    hang,
    marked,
    reset,
    status,
)

pytestmark = pytest.mark.anyio


@pytest.mark.requirement("MISTRAL-SEND-01")
async def test_only_pages_without_good_text_of_their_own_are_sent(
    engine: MistralEngine, service: Service, tmp_path: Path
) -> None:
    file = sheets(tmp_path / "a", "A page of good text", 7, "Another good page", 9)

    items = await read(engine, file)

    assert items[0] == FileOutline("application/pdf", 4)
    assert service.seen == [[7, 9]]
    assert texts(items) == {
        1: ["A page of good text"],
        2: ["Sheet 7"],
        3: ["Another good page"],
        4: ["Sheet 9"],
    }
    assert [page.source for _, page in sorted(by_number(items).items())] == [
        PageSource.TEXT,
        PageSource.OCR,
    ] * 2


@pytest.mark.requirement("MISTRAL-SEND-02")
async def test_what_is_sent_are_pictures_without_text_or_metadata(
    engine: MistralEngine, service: Service, tmp_path: Path
) -> None:
    hidden = "the hidden words of the file"
    file = pdf(
        tmp_path / "named-after-a-person.pdf",
        both(lines(hidden, top=200), picture_at(marked(5), 0, 0, 300, 400)),
    )

    await read(engine, file)

    (sent,) = service.uploads
    document = pypdfium2.PdfDocument(sent)
    assert document.get_metadata_dict(skip_empty=True) == {}
    assert document[0].get_textpage().get_text_range() == ""
    assert [one.get_filters() for one in document[0].get_objects()] == [["DCTDecode"]]
    asked = str(service.asked) + str(service.calls)
    assert "named-after" not in asked


@pytest.mark.requirement("MISTRAL-SEND-03")
async def test_pages_the_caller_has_are_not_sent_again(
    engine: MistralEngine, service: Service, tmp_path: Path
) -> None:
    items = await read(engine, sheets(tmp_path / "a", 1, 2, 3), have={1, 3})

    assert service.seen == [[2]]
    assert list(by_number(items)) == [2]


@pytest.mark.requirement("MISTRAL-SEND-04")
async def test_the_first_batch_is_small_and_none_has_too_many_pages(
    make: Make, service: Service, tmp_path: Path
) -> None:
    engine = make(size=BatchSize(first=2, pages=3))

    items = await read(engine, sheets(tmp_path / "a", *range(1, 10)))

    assert service.seen == [[1, 2], [3, 4, 5], [6, 7, 8], [9]]
    assert billed(items) == [2, 3, 3, 1]


@pytest.mark.requirement("MISTRAL-SEND-05")
async def test_a_batch_that_would_be_too_large_is_split(
    make: Make, service: Service, tmp_path: Path
) -> None:
    await read(make(size=BatchSize(first=1)), sheets(tmp_path / "a", 1))
    one_page = len(service.uploads[0])
    engine = make(size=BatchSize(first=9, pages=9, content=2 * one_page))

    items = await read(engine, sheets(tmp_path / "b", 1, 2, 3, 4, 5))

    assert max(map(len, service.seen)) < 5
    assert [number for batch in service.seen[1:] for number in batch] == [1, 2, 3, 4, 5]
    assert len(by_number(items)) == 5


@pytest.mark.requirement("MISTRAL-SEND-06")
async def test_what_the_service_charges_comes_with_the_pages(
    engine: MistralEngine, tmp_path: Path
) -> None:
    items = await read(engine, sheets(tmp_path / "a", "Text costs nothing at all", 2, 3))

    assert billed(items) == [0, 2]


@pytest.mark.requirement("MISTRAL-SEND-07")
async def test_files_are_deleted_after_use(make: Make, service: Service, tmp_path: Path) -> None:
    await read(make(size=BatchSize(first=1, pages=1)), sheets(tmp_path / "a", 1, 2, 3))

    assert service.files == {}
    assert service.calls == [UPLOAD, OCR, DELETE] * 3


@pytest.mark.requirement("MISTRAL-SEND-08")
@pytest.mark.parametrize("code", [400, 422, 503])
async def test_files_are_deleted_when_the_service_fails(
    engine: MistralEngine, service: Service, tmp_path: Path, code: int
) -> None:
    service.always[OCR] = status(code)

    with pytest.raises(ExtractionFailed):
        await read(engine, sheets(tmp_path / "a", 1))

    assert len(service.uploads) == 1
    assert service.files == {}


@pytest.mark.requirement("MISTRAL-SEND-09")
async def test_files_are_deleted_when_the_reader_is_cancelled(
    engine: MistralEngine, service: Service, tmp_path: Path
) -> None:
    service.always[OCR] = hang

    with anyio.fail_after(20):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(read, engine, sheets(tmp_path / "a", 1))
            await service.arrived.wait()
            assert len(service.files) == 1
            tasks.cancel_scope.cancel()

    assert service.files == {}


@pytest.mark.requirement("MISTRAL-SEND-10")
async def test_an_upload_that_was_not_answered_is_found_and_deleted(
    engine: MistralEngine, service: Service, tmp_path: Path
) -> None:
    async def keeps_it_and_breaks(stream: anyio.abc.SocketStream, request: Request) -> None:
        service.handled(request)
        await reset(stream, request)

    service.faults[UPLOAD].append(keeps_it_and_breaks)

    items = await read(engine, sheets(tmp_path / "a", 1))

    assert texts(items) == {1: ["Sheet 1"]}
    assert service.calls == [UPLOAD, UPLOAD, OCR, LIST, DELETE, DELETE]
    assert service.files == {}


@pytest.mark.requirement("MISTRAL-SEND-11")
async def test_pages_are_kept_when_their_file_cannot_be_deleted(
    engine: MistralEngine, service: Service, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    service.always[DELETE] = status(503)

    items = await read(engine, sheets(tmp_path / "a", 1))

    assert texts(items) == {1: ["Sheet 1"]}
    assert caplog.messages == ["pages could not be deleted at the OCR service: Unanswered"]


@pytest.mark.requirement("MISTRAL-SEND-12")
async def test_closing_the_iterator_ends_the_work(
    make: Make, service: Service, tmp_path: Path
) -> None:
    engine = make(size=BatchSize(first=1, pages=1))

    async with aclosing(engine.read(sheets(tmp_path / "a", 1, 2, 3), ())) as stream:
        async for item in stream:
            if isinstance(item, Pages):
                break

    assert service.seen == [[1]]
    assert service.files == {}


@pytest.mark.requirement("QUOTA-10")
async def test_whoever_stops_at_the_announcement_has_sent_nothing(
    engine: MistralEngine, service: Service, tmp_path: Path
) -> None:
    async with aclosing(engine.read(sheets(tmp_path / "a", 1, 2), ())) as stream:
        async for item in stream:
            if isinstance(item, Recognising):
                assert item.numbers == (1, 2)
                break

    assert service.seen == []


@pytest.mark.requirement("MISTRAL-SEND-13")
async def test_closing_the_engine_ends_calls_that_are_under_way(
    engine: MistralEngine, service: Service, tmp_path: Path
) -> None:
    service.always[OCR] = hang
    items: list[Extracted] = []

    with anyio.fail_after(20):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(read, engine, sheets(tmp_path / "a", 1), (), items)
            await service.arrived.wait()
            await engine.close()

    assert items == [FileOutline("application/pdf", 1), Recognising((1,))]
    assert service.files == {}


@pytest.mark.requirement("MISTRAL-SEND-14")
async def test_mode_decides_what_is_sent(
    engine: MistralEngine, service: Service, tmp_path: Path
) -> None:
    file = pdf(tmp_path / "a", lines("A page of good text"))
    never, always = engine.variant("never", ()), engine.variant("always", ())
    scan = sheets(tmp_path / "b", 1)

    unread = by_number(await read(never, scan))[1]
    assert (unread.notes, service.calls) == (("not_recognised",), [])
    await read(engine, file)
    assert service.calls == []
    await read(always, file)
    assert service.calls == [UPLOAD, OCR, DELETE]


@pytest.mark.requirement("MISTRAL-SEND-15")
async def test_pages_are_drawn_finer_than_for_the_local_engine(
    engine: MistralEngine, service: Service, tmp_path: Path
) -> None:
    a4 = pdf(tmp_path / "a", picture_at(marked(3), 0, 0, 595, 842), size=(595, 842))
    coarse = MistralEngine("another", limits=Limits(dpi=100, bitmap_side=1_000))

    await read(engine, a4)

    picture = next(pypdfium2.PdfDocument(service.uploads[0])[0].get_objects())
    assert picture.get_px_size() == pytest.approx((595 * 200 / 72, 842 * 200 / 72), abs=2)
    assert "dpi=200" in engine.identity
    assert coarse.identity != engine.identity
