"""Where each word of a PDF's lines stands; what was drawn comes back."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import pytest
from hypothesis import given, settings, strategies as st
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas

from stackdocs_mcp.core.model import Line
from stackdocs_mcp.ocr import pages, pdf, wire
from stackdocs_mcp.ocr.local import LocalEngine
from stackdocs_mcp.ocr.task import Task
from tests.ocr.conftest import first_page, texts
from tests.ocr.documents import CONTENT, assembled, form, lines, pdf as drawn, stream

pytestmark = pytest.mark.anyio
WIDTH, HEIGHT = 400.0, 500.0


def _boxes(line: Line) -> list[tuple[str, float, float]]:
    return [(word, box.x0, box.x1) for word, box in line.word_boxes()]


@pytest.mark.requirement("OCR-SPAN-01")
async def test_each_word_has_its_place_in_the_line(engine: LocalEngine, tmp_path: Path) -> None:
    page = await first_page(engine, drawn(tmp_path / "a", lines("Amount due  74.50 EUR")))

    (line,) = page.lines
    expected, x = [], 30.0
    for word in ("Amount ", "due  ", "74.50 ", "EUR"):
        expected.append((word.strip(), x, x + stringWidth(word.strip(), "Helvetica", 11)))
        x += stringWidth(word, "Helvetica", 11)
    assert [word for word, _, _ in _boxes(line)] == [word for word, _, _ in expected]
    for found, wanted in zip(_boxes(line), expected, strict=True):
        assert found[1:] == pytest.approx(wanted[1:], abs=0.5)


@pytest.mark.requirement("OCR-SPAN-01")
async def test_cells_of_one_line_bring_their_words(engine: LocalEngine, tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        canvas.setFont("Helvetica", 11)
        for x, text in ((200, "1,50"), (30, "Espresso beans"), (250, "3,00 EUR")):
            canvas.drawString(x, 300, text)

    (line,) = (await first_page(engine, drawn(tmp_path / "a", draw))).lines

    assert line.text == "Espresso beans  1,50  3,00 EUR"
    starts = {word: round(x) for word, x, _ in _boxes(line)}
    assert list(starts) == ["Espresso", "beans", "1,50", "3,00", "EUR"]
    assert (starts["Espresso"], starts["1,50"], starts["3,00"]) == (30, 200, 250)


@pytest.mark.requirement("OCR-SPAN-02")
@pytest.mark.parametrize(
    ("codes", "text"),
    [
        (b"41 00a0 42 00a0 43", "A B C"),
        (b"41 0020 fb01 0020 43", "A fi C"),
        (b"41 0020 200b 0020 43", "A  C"),
        (b"05d0 0020 05d1 0020 05d2", None),
    ],
    ids=["no-break spaces", "a ligature", "nothing to show", "right to left"],
)
async def test_words_are_told_apart_as_the_clean_text_has_them(
    engine: LocalEngine, tmp_path: Path, codes: bytes, text: str | None
) -> None:
    units = codes.split()
    mapping = b"begincmap\n%d beginbfchar\n%s\nendbfchar\nendcmap" % (
        len(units),
        b"\n".join(b"<%02x> <%04x>" % (97 + i, int(unit, 16)) for i, unit in enumerate(units)),
    )
    content = b"BT /F 20 Tf 30 100 Td (%s) Tj ET" % bytes(range(97, 97 + len(units)))
    file = assembled(
        tmp_path / "a",
        [
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]" + CONTENT,
            stream(content),
            b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/ToUnicode 6 0 R>>",
            stream(mapping),
        ],
    )

    page = await first_page(engine, file, mode="never")

    (line,) = page.lines
    assert text is None or line.text == text
    assert len(line.words) == len(line.text.split())
    assert all(left < right for left, right in line.words)


@pytest.mark.requirement("OCR-SPAN-03")
async def test_words_of_a_page_that_was_turned_upright_run_from_left_to_right(
    engine: LocalEngine, tmp_path: Path
) -> None:
    def draw(canvas: Canvas) -> None:
        canvas.translate(150, 100)
        canvas.rotate(90)
        canvas.drawString(0, 0, "Amount due today")

    page = await first_page(engine, drawn(tmp_path / "a", draw))

    assert page.rotation == 90
    (line,) = page.lines
    assert line.box is not None
    widths = [stringWidth(word, "Helvetica", 12) for word in ("Amount", "due", "today")]
    assert [right - left for left, right in line.words] == pytest.approx(widths, abs=0.5)
    assert line.words[0][0] == pytest.approx(line.box.x0, abs=0.2)
    assert line.words[2][1] == pytest.approx(line.box.x1, abs=0.2)


@pytest.mark.requirement("OCR-SPAN-04")
async def test_hidden_lines_have_words_too(engine: LocalEngine, tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        lines("A line to be seen")(canvas)
        canvas.setFillGray(1)
        canvas.drawString(30, 200, "And one that is white")

    page = await first_page(engine, drawn(tmp_path / "a", draw))

    assert texts(page, hidden=True) == ["And one that is white"]
    assert len(page.lines[1].words) == 5


@pytest.mark.requirement("OCR-SPAN-05")
async def test_a_value_of_several_lines_stays_together(engine: LocalEngine, tmp_path: Path) -> None:
    page = await first_page(
        engine, form(tmp_path / "a", b"43 Brooklyn Road\\nAlbany, NY 12201", lines=True)
    )

    text = " ".join(texts(page))
    assert "43 Brooklyn Road Albany, NY 12201" in text
    assert "Date 4 May" in text


class Sample(NamedTuple):
    """A word or two at a place on the page as displayed."""

    text: str
    x: float
    baseline: float
    size: float


@st.composite
def _samples(draw: st.DrawFn) -> list[Sample]:
    """Lines one below the other, each too far from the next to be one with it."""
    words = st.lists(
        st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJ0123456789", min_size=2, max_size=8),
        min_size=1,
        max_size=3,
    )
    count = draw(st.integers(1, 6))
    return [
        Sample(
            text="Some words " + " ".join(draw(words)),
            x=draw(st.floats(5, 60)),
            baseline=60.0 + 50 * index,
            size=draw(st.floats(6, 14)),
        )
        for index in range(count)
    ]


def _file(file: Path, samples: list[Sample], rotation: int, crop: tuple[float, float]) -> Path:
    """The samples at their places once the page is cropped and turned by /Rotate."""
    left, bottom = crop
    wide, tall = WIDTH - 2 * left, HEIGHT - 2 * bottom
    if rotation in (90, 270):
        wide, tall = tall, wide
    size = (WIDTH, HEIGHT) if rotation in (0, 180) else (HEIGHT, WIDTH)  # as reportlab wants it
    canvas = Canvas(str(file), pagesize=size, invariant=1)
    canvas.setCropBox((left, bottom, WIDTH - left, HEIGHT - bottom))
    canvas.setPageRotation(rotation)
    canvas.translate(left, bottom)
    corner = {0: (0, 0), 90: (tall, 0), 180: (wide, tall), 270: (0, wide)}[rotation]
    canvas.translate(*corner)
    canvas.rotate(rotation)
    for sample in samples:
        canvas.setFont("Helvetica", sample.size)
        canvas.drawString(sample.x, tall - sample.baseline, sample.text)
    canvas.save()
    return file


@pytest.mark.requirement("OCR-SPAN-06")
@settings(max_examples=60, deadline=None)
@given(
    samples=_samples(),
    rotation=st.sampled_from([0, 90, 180, 270]),
    crop=st.tuples(st.floats(0, 20), st.floats(0, 20)),
)
def test_text_and_boxes_of_a_generated_page_come_back(
    samples: list[Sample], rotation: int, crop: tuple[float, float]
) -> None:
    with TemporaryDirectory() as folder:
        file = _file(Path(folder) / "a", samples, rotation, crop)
        (frame,) = [item for item in pdf.pages(file, Task()) if isinstance(item, wire.Read)]

    page = pages.read(frame)

    assert texts(page) == [sample.text for sample in samples]
    for line, sample in zip(page.lines, samples, strict=True):
        _assert_is_at(line, sample)


def _assert_is_at(line: Line, sample: Sample) -> None:
    box = line.box
    assert box is not None
    width = stringWidth(sample.text, "Helvetica", sample.size)
    assert (box.x0, box.x1) == pytest.approx((sample.x, sample.x + width), abs=1)
    assert box.y0 < sample.baseline - 0.6 * sample.size
    assert sample.baseline < box.y1 < sample.baseline + sample.size
    edges = [edge for word in line.words for edge in word]
    assert len(line.words) == len(line.text.split())
    assert edges == sorted(edges)
    assert box.x0 - 0.1 <= edges[0]
    assert edges[-1] <= box.x1 + 0.1
