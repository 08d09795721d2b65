"""Born-digital PDF: text, boxes, order, and what is hidden."""

from collections.abc import Callable
from pathlib import Path

import pytest
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas

from stackdocs_mcp.core.errors import ExtractionFailed
from stackdocs_mcp.core.model import Box, PageSource
from stackdocs_mcp.ocr.local import LocalEngine
from tests.ocr.conftest import first_page, read_all, texts
from tests.ocr.documents import PAGE, form, lines, locked_with_aes, lone_surrogate, pdf, rotated

pytestmark = pytest.mark.anyio


def _is_near(box: Box | None, x: float, y: float) -> bool:
    """The box is there, and its left and middle are where they should be."""
    return box is not None and abs(box.x0 - x) < 2 and box.y0 < y < box.y1


@pytest.mark.requirement("OCR-PDF-01")
async def test_lines_of_text_come_with_boxes_from_the_top_left(
    engine: LocalEngine, tmp_path: Path
) -> None:
    page = await first_page(engine, pdf(tmp_path / "a", lines("First line", "Second line")))

    assert texts(page) == ["First line", "Second line"]
    assert (page.source, page.width, page.height) == (PageSource.TEXT, *PAGE)
    assert _is_near(page.lines[1].box, 30, PAGE[1] - 357)


@pytest.mark.requirement("OCR-PDF-02")
@pytest.mark.parametrize(
    ("rotation", "matrix", "seen"),
    [
        (90, b"0 1 -1 0 270 30", (400, 300, 30, 267)),
        (180, b"-1 0 0 -1 270 370", (300, 400, 30, 367)),
        (270, b"0 -1 1 0 30 370", (400, 300, 30, 267)),
    ],
)
async def test_boxes_are_on_the_page_as_a_viewer_turns_it(
    engine: LocalEngine, tmp_path: Path, rotation: int, matrix: bytes, seen: tuple[float, ...]
) -> None:
    file = rotated(tmp_path / "a", rotation, matrix, b"Upright for the reader")
    width, height, x, y = seen

    page = await first_page(engine, file)

    assert (page.width, page.height, page.rotation) == (width, height, 0)
    assert texts(page) == ["Upright for the reader"]
    assert _is_near(page.lines[0].box, x, y)


@pytest.mark.requirement("OCR-PDF-03")
@pytest.mark.parametrize("drawn", [90, 180, 270])
async def test_text_that_runs_sideways_makes_the_page_turn(
    engine: LocalEngine, tmp_path: Path, drawn: int
) -> None:
    def draw(canvas: Canvas) -> None:
        canvas.setFont("Helvetica", 11)
        canvas.translate(150, 200)
        canvas.rotate(drawn)
        canvas.drawString(-100, 0, "The first line, sideways")
        canvas.drawString(-100, -16, "The second line, sideways")

    page = await first_page(engine, pdf(tmp_path / "a", draw))

    assert texts(page) == ["The first line, sideways", "The second line, sideways"]
    assert page.rotation == drawn
    assert (page.width, page.height) == (PAGE if drawn == 180 else PAGE[::-1])
    first, second = page.lines[0].box, page.lines[1].box
    assert first is not None
    assert second is not None
    assert first.y0 < second.y0
    assert abs(first.x0 - second.x0) < 1


@pytest.mark.requirement("OCR-PDF-04")
async def test_boxes_count_from_the_corner_of_the_crop_box(
    engine: LocalEngine, tmp_path: Path
) -> None:
    def draw(canvas: Canvas) -> None:
        canvas.setCropBox((20, 50, 280, 380))
        lines("Inside the crop box")(canvas)

    page = await first_page(engine, pdf(tmp_path / "a", draw))

    assert (page.width, page.height) == (260, 330)
    assert _is_near(page.lines[0].box, 10, 7)


@pytest.mark.requirement("OCR-PDF-05")
async def test_two_columns_are_read_one_after_the_other(
    engine: LocalEngine, tmp_path: Path
) -> None:
    left = [f"left column, this is running text {n}" for n in range(8)]
    right = [f"right column, this is running text {n}" for n in range(8)]

    def draw(canvas: Canvas) -> None:
        canvas.setFont("Helvetica", 8)
        for index, (one, other) in enumerate(zip(left, right, strict=True)):
            canvas.drawString(20, 300 - 12 * index, one)
            canvas.drawString(165, 300 - 12 * index, other)
        canvas.drawString(
            20, 370, "One title over both of the columns of the page, as papers have it"
        )

    page = await first_page(engine, pdf(tmp_path / "a", draw))

    assert texts(page)[1:] == left + right


@pytest.mark.requirement("OCR-PDF-06")
async def test_a_row_of_a_table_is_one_line_whatever_order_it_was_drawn_in(
    engine: LocalEngine, tmp_path: Path
) -> None:
    rows = [(f"A-{n}", "Espresso beans, one kilo", f"{n},00", f"{n * 3},50") for n in range(1, 9)]

    def draw(canvas: Canvas) -> None:
        canvas.setFont("Helvetica", 9)
        for column, x in enumerate((20, 60, 190, 250)):
            for index, row in enumerate(rows):
                canvas.drawString(x, 350 - 14 * index, row[column])

    page = await first_page(engine, pdf(tmp_path / "a", draw))

    assert texts(page) == ["  ".join(row) for row in rows]


@pytest.mark.requirement("OCR-PDF-07")
async def test_form_values_are_part_of_the_page(engine: LocalEngine, tmp_path: Path) -> None:
    page = await first_page(engine, form(tmp_path / "a", b"Ada Brandt"))

    assert texts(page) == ["Name of the applicant:  Ada Brandt"]


@pytest.mark.requirement("OCR-PDF-08")
async def test_a_lone_surrogate_comes_out_as_clean_text(
    engine: LocalEngine, tmp_path: Path
) -> None:
    page = await first_page(engine, lone_surrogate(tmp_path / "a"))

    assert texts(page) == ["A" * 80]


def _locked(file: Path, user: str, owner: str | None = None) -> Path:
    lock = StandardEncryption(user, owner, canPrint=0, strength=128)
    canvas = Canvas(str(file), encrypt=lock)
    canvas.drawString(30, 300, "Only some may read this")
    canvas.save()
    return file


@pytest.mark.requirement("OCR-PDF-09")
@pytest.mark.parametrize("passwords", [(), ("wrong", "Secret", "")])
async def test_a_pdf_without_its_password_is_encrypted(
    tmp_path: Path, passwords: tuple[str, ...]
) -> None:
    engine = LocalEngine(workers=1, passwords=passwords)

    with pytest.raises(ExtractionFailed) as failure:
        await read_all(engine, _locked(tmp_path / "a", "secret"))

    assert failure.value.code == "encrypted"
    assert "--password-file" in failure.value.advice
    tried = "none of the passwords given opens it" in str(failure.value)
    assert tried is bool(passwords)


@pytest.mark.requirement("OCR-PDF-13")
@pytest.mark.parametrize("password", ["secret", "of the owner"])
@pytest.mark.parametrize("lock", [_locked, locked_with_aes])
async def test_a_pdf_opens_with_any_of_its_passwords(
    tmp_path: Path, password: str, lock: Callable[[Path, str, str], Path]
) -> None:
    engine = LocalEngine(workers=1, passwords=("wrong", password))
    file = lock(tmp_path / "a", "secret", "of the owner")

    assert texts(await first_page(engine, file)) == ["Only some may read this"]


@pytest.mark.requirement("OCR-PDF-13")
async def test_a_pdf_that_only_its_owner_locked_opens_by_itself(
    engine: LocalEngine, tmp_path: Path
) -> None:
    file = _locked(tmp_path / "a", "", "of the owner")

    assert texts(await first_page(engine, file)) == ["Only some may read this"]


@pytest.mark.requirement("OCR-PDF-11")
async def test_each_of_many_white_lines_is_judged_by_its_own_ground(
    engine: LocalEngine, tmp_path: Path
) -> None:
    def draw(canvas: Canvas) -> None:
        for row in range(0, 22, 2):
            canvas.rect(20, 366 - 16 * row, 260, 15, stroke=0, fill=1)
        canvas.setFillGray(1)
        lines(*[f"Line {row} in white" for row in range(22)])(canvas)

    page = await first_page(engine, pdf(tmp_path / "a", draw))

    assert texts(page) == [f"Line {row} in white" for row in range(0, 22, 2)]
    assert texts(page, hidden=True) == [f"Line {row} in white" for row in range(1, 22, 2)]


@pytest.mark.requirement("OCR-PDF-12")
async def test_a_page_with_nothing_on_it_is_blank(engine: LocalEngine, tmp_path: Path) -> None:
    outline, pages = await read_all(
        engine,
        pdf(tmp_path / "a", lines("A page with text"), lines(), lines("Another one with text")),
    )

    assert outline.pages == 3
    assert [page.source for page in pages] == [PageSource.TEXT, PageSource.BLANK, PageSource.TEXT]


@pytest.mark.requirement("OCR-ENGINE-01")
async def test_pages_that_the_caller_has_are_left_out(engine: LocalEngine, tmp_path: Path) -> None:
    file = pdf(tmp_path / "a", *(lines(f"This is page {n}") for n in range(1, 5)))

    outline, pages = await read_all(engine, file, have={1, 3})

    assert outline.pages == 4
    assert [page.number for page in pages] == [2, 4]


@pytest.mark.requirement("OCR-PDF-LARGE-01")
async def test_a_large_pdf_is_read_like_a_small_one(engine: LocalEngine, tmp_path: Path) -> None:
    small = pdf(tmp_path / "small", lines("The first page"), lines("The second page"))
    large = tmp_path / "large"
    # Comments before a whole PDF: its table of objects points nowhere, and is made anew.
    head, tail = b"%PDF-1.4\n", small.read_bytes()
    comment = b"%" + b"x" * 998 + b"\n"
    large.write_bytes(head + comment * 11_000 + tail)

    assert (await read_all(engine, large))[1] == (await read_all(engine, small))[1]
