"""Text in a PDF that no reader can see, and beside each kind what can be seen after all."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from stackdocs_mcp.core.model import PageSource
from stackdocs_mcp.ocr.local import LocalEngine
from tests.ocr.conftest import first_page, texts
from tests.ocr.documents import assembled, both, lines, pdf, stream

pytestmark = pytest.mark.anyio
Draw = Callable[[Canvas], None]
SECRET = "Total 999.00 is what it says"
PLAIN = "Total 10.00 to be seen"
TEXT = lines(SECRET, top=300)


def _filled(grey: float, alpha: float = 1.0, size: float = 11) -> Draw:
    def draw(canvas: Canvas) -> None:
        canvas.saveState()
        canvas.setFillGray(grey, alpha)
        lines(SECRET, top=300, size=size)(canvas)
        canvas.restoreState()

    return draw


def _mode(mode: int) -> Draw:
    def draw(canvas: Canvas) -> None:
        text = canvas.beginText(30, 300)
        text.setFont("Helvetica", 11)
        text.setTextRenderMode(mode)
        text.textLine(SECRET)
        canvas.drawText(text)

    return draw


def _squeezed(percent: float, *, size: float = 11, turned: float = 0) -> Draw:
    """Text whose letters are as high as ever, but narrower."""

    def draw(canvas: Canvas) -> None:
        canvas.saveState()
        canvas.translate(60, 200)
        canvas.rotate(turned)
        text = canvas.beginText(0, 0)
        text.setFont("Helvetica", size)
        text.setHorizScale(percent)
        text.textOut(SECRET)
        canvas.drawText(text)
        canvas.restoreState()

    return draw


def _rectangle(grey: float, alpha: float = 1.0, height: float = 30) -> Draw:
    def draw(canvas: Canvas) -> None:
        canvas.saveState()
        canvas.setFillGray(grey, alpha)
        canvas.rect(20, 290, 260, height, stroke=0, fill=1)
        canvas.restoreState()

    return draw


def _picture(colour: tuple[int, int, int, int]) -> Draw:
    picture = Image.new("RGBA", (40, 40), colour)

    def draw(canvas: Canvas) -> None:
        canvas.drawImage(ImageReader(picture), 20, 290, 260, 30, mask="auto")

    return draw


def _clipped(x: float, y: float, width: float, height: float, inside: Draw = TEXT) -> Draw:
    def draw(canvas: Canvas) -> None:
        canvas.saveState()
        path = canvas.beginPath()
        path.rect(x, y, width, height)
        canvas.clipPath(path, stroke=0)
        inside(canvas)
        canvas.restoreState()

    return draw


def _beneath_strokes(width: float) -> Draw:
    def draw(canvas: Canvas) -> None:
        TEXT(canvas)
        canvas.setStrokeGray(1)
        canvas.setLineWidth(width)
        canvas.line(20, 304, 280, 304)

    return draw


def _cropped(canvas: Canvas) -> None:
    canvas.setCropBox((0, 320, 300, 400))
    TEXT(canvas)


@pytest.mark.requirement("OCR-HIDDEN-01")
@pytest.mark.parametrize(
    "hide",
    [
        pytest.param(_mode(3), id="render mode 3"),
        pytest.param(both(_picture((90, 160, 90, 255)), _mode(3)), id="mode 3 over a picture"),
        pytest.param(_filled(1), id="white on white"),
        pytest.param(_filled(0.97), id="nearly white"),
        pytest.param(both(_rectangle(0), _filled(0)), id="black on black"),
        pytest.param(both(_rectangle(0.5), _filled(0.5)), id="grey on the same grey"),
        pytest.param(both(_picture((0, 0, 0, 255)), _filled(0)), id="black on a black picture"),
        pytest.param(_filled(0, alpha=0), id="transparent"),
        pytest.param(lines(SECRET, x=900), id="beside the page"),
        pytest.param(_cropped, id="outside the crop box"),
        pytest.param(lines(SECRET, top=300, size=0.5), id="microscopic"),
        pytest.param(_squeezed(1), id="squeezed"),
        pytest.param(_squeezed(1, size=40), id="large and squeezed"),
        pytest.param(_clipped(30, 100, 50, 50), id="clipped away"),
        pytest.param(both(TEXT, _rectangle(1)), id="under a white rectangle"),
        pytest.param(both(TEXT, _rectangle(0)), id="under a black rectangle"),
        pytest.param(both(TEXT, _picture((255, 255, 255, 255))), id="under a picture"),
        pytest.param(_beneath_strokes(24), id="under a broad stroke"),
    ],
)
async def test_text_that_nobody_can_see_is_kept_apart(
    engine: LocalEngine, tmp_path: Path, hide: Draw
) -> None:
    page = await first_page(engine, pdf(tmp_path / "a", both(lines(PLAIN), hide)))

    assert texts(page) == [PLAIN]
    assert texts(page, hidden=True) == [SECRET]


@pytest.mark.requirement("OCR-HIDDEN-02")
@pytest.mark.parametrize(
    "show",
    [
        pytest.param(both(_rectangle(0), _filled(1)), id="white on black"),
        pytest.param(both(_picture((20, 40, 90, 255)), _filled(1)), id="white on a picture"),
        pytest.param(_filled(0.8), id="pale grey"),
        pytest.param(_filled(0.75, size=5), id="small and grey"),
        pytest.param(_filled(0, alpha=0.4), id="half transparent"),
        pytest.param(_mode(1), id="outlines"),
        pytest.param(_mode(2), id="filled outlines"),
        pytest.param(lines(SECRET, top=300, size=3), id="small"),
        pytest.param(_squeezed(50), id="condensed"),
        pytest.param(both(_rectangle(0.9), TEXT), id="on a grey ground"),
        pytest.param(both(_picture((255, 230, 90, 255)), TEXT), id="on a picture"),
        pytest.param(both(TEXT, _rectangle(0.6, alpha=0.4)), id="under a transparent rectangle"),
        pytest.param(both(TEXT, _picture((255, 240, 0, 90))), id="highlighted"),
        pytest.param(both(TEXT, _rectangle(0, height=5)), id="underlined with a bar"),
        pytest.param(_beneath_strokes(3), id="struck through"),
        pytest.param(_clipped(20, 280, 260, 50), id="inside its clip"),
        pytest.param(
            _clipped(20, 280, 260, 50, _clipped(10, 270, 280, 70)), id="inside of two clips"
        ),
    ],
)
async def test_text_that_can_be_seen_is_not_hidden(
    engine: LocalEngine, tmp_path: Path, show: Draw
) -> None:
    page = await first_page(
        engine, pdf(tmp_path / "a", both(lines(PLAIN, PLAIN, PLAIN), show)), mode="never"
    )

    assert page.source is PageSource.TEXT
    assert texts(page) == [PLAIN, PLAIN, PLAIN, SECRET]
    assert texts(page, hidden=True) == []


@pytest.mark.requirement("OCR-HIDDEN-03")
async def test_only_the_words_under_a_bar_are_hidden(engine: LocalEngine, tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        canvas.setFont("Helvetica", 11)
        canvas.drawString(30, 300, "Born 4 May 1970 in Ghent")
        start = 30 + canvas.stringWidth("Born ", "Helvetica", 11)
        canvas.rect(start - 1, 296, canvas.stringWidth("4 May 1970", "Helvetica", 11) + 2, 14, 0, 1)

    page = await first_page(engine, pdf(tmp_path / "a", draw))

    assert texts(page) == ["Born  in Ghent"]
    assert texts(page, hidden=True) == ["4 May 1970"]


@pytest.mark.requirement("OCR-HIDDEN-03")
async def test_the_unseen_part_of_a_word_is_hidden(engine: LocalEngine, tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        text = canvas.beginText(30, 300)
        text.setFont("Helvetica", 11)
        text.textOut("The amount is 12")
        text.setTextRenderMode(3)
        text.textOut("000")
        text.setTextRenderMode(0)
        text.textOut(".50 only")
        canvas.drawText(text)

    page = await first_page(engine, pdf(tmp_path / "a", draw))

    assert texts(page, hidden=True) == ["000"]
    assert "12000" not in " ".join(texts(page))


@pytest.mark.requirement("OCR-HIDDEN-05")
@pytest.mark.parametrize(("percent", "is_hidden"), [(1, True), (100, False)])
async def test_text_on_its_side_is_hidden_if_it_is_squeezed_and_not_because_it_is_narrow(
    engine: LocalEngine, tmp_path: Path, percent: float, *, is_hidden: bool
) -> None:
    upwards = _squeezed(percent, size=4, turned=90)

    page = await first_page(
        engine, pdf(tmp_path / "a", both(lines(PLAIN, PLAIN, PLAIN), upwards)), mode="never"
    )

    found = " ".join(line.text for line in page.lines if line.text != PLAIN)
    assert sorted(found.split()) == sorted(SECRET.split())
    assert {line.hidden for line in page.lines if line.text != PLAIN} == {is_hidden}


@pytest.mark.requirement("OCR-HIDDEN-05")
async def test_a_long_column_of_characters_is_not_hidden(
    engine: LocalEngine, tmp_path: Path
) -> None:
    def draw(canvas: Canvas) -> None:
        canvas.setFont("Helvetica", 6)
        for index in range(60):
            canvas.drawString(150, 390 - 6 * index, "W")

    page = await first_page(engine, pdf(tmp_path / "a", draw), mode="never")

    assert "".join(texts(page)).replace(" ", "") == "W" * 60
    assert texts(page, hidden=True) == []


def _layered(file: Path, *, on: bool, form: bool) -> Path:
    """Text in a layer (optional content group) of content, or of a form XObject."""
    shown = b"BT /F 11 Tf 30 370 Td (%s) Tj ET " % PLAIN.encode()
    inside = b"BT /F 11 Tf 30 300 Td (%s) Tj ET" % SECRET.encode()
    content = shown + (b"/X Do" if form else b"/OC /L BDC " + inside + b" EMC")
    return assembled(
        file,
        [
            b"<</Type/Catalog/Pages 2 0 R/OCProperties<</OCGs[6 0 R]/D<</%s[6 0 R]>>>>>>"
            % (b"ON" if on else b"OFF"),
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            (
                b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 400]/Contents 4 0 R/Resources"
                b"<</Font<</F 5 0 R>>/Properties<</L 6 0 R>>/XObject<</X 7 0 R>>>>>>"
            ),
            stream(content),
            b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
            b"<</Type/OCG/Name(Layer)>>",
            stream(
                inside,
                b"/Type/XObject/Subtype/Form/BBox[0 0 300 400]/OC 6 0 R"
                b"/Resources<</Font<</F 5 0 R>>>>",
            ),
        ],
    )


@pytest.mark.requirement("OCR-HIDDEN-04")
@pytest.mark.parametrize("form", [False, True])
async def test_text_in_a_layer_is_hidden_if_the_layer_is_off(
    engine: LocalEngine, tmp_path: Path, *, form: bool
) -> None:
    off = await first_page(engine, _layered(tmp_path / "off", on=False, form=form))
    on = await first_page(engine, _layered(tmp_path / "on", on=True, form=form))

    assert (texts(off), texts(off, hidden=True)) == ([PLAIN], [SECRET])
    assert (texts(on), texts(on, hidden=True)) == ([PLAIN, SECRET], [])
