"""A scan with a text layer: the layer counts as far as it is what the picture shows."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from reportlab.pdfgen.canvas import Canvas

from stackdocs_mcp.core.model import Page, PageSource
from stackdocs_mcp.ocr import pages, wire
from stackdocs_mcp.ocr.local import LocalEngine
from tests.ocr.conftest import first_page, texts
from tests.ocr.documents import SCANNED, both, lines, pdf, picture_at, scan

pytestmark = pytest.mark.anyio
HEIGHTS = (117, 81, 45)
"""Of the baselines of the picture's lines, drawn at the foot of the page."""


def _layer(*written: str) -> Callable[[Canvas], None]:
    """Text that is not drawn, over the lines of the picture."""

    def draw(canvas: Canvas) -> None:
        text = canvas.beginText()
        text.setFont("Helvetica", 16)
        text.setTextRenderMode(3)
        for line, y in zip(written, HEIGHTS, strict=False):
            text.setTextOrigin(17, y - 14)
            text.textOut(line)
        canvas.drawText(text)

    return draw


def _searchable(file: Path, *written: str) -> Path:
    return pdf(file, both(picture_at(scan(*SCANNED), 0, 0, 300, 138), _layer(*written)))


@pytest.mark.requirement("OCR-LAYER-01")
async def test_a_layer_that_says_what_the_picture_shows_is_the_text_of_the_page(
    engine: LocalEngine, tmp_path: Path
) -> None:
    page = await first_page(engine, _searchable(tmp_path / "a", *SCANNED))

    assert (page.source, page.notes) == (PageSource.TEXT, ())
    assert texts(page) == list(SCANNED)
    assert texts(page, hidden=True) == []
    assert [len(line.words) for line in page.lines] == [2, 4, 4]


@pytest.mark.requirement("OCR-LAYER-02")
async def test_a_line_whose_digits_the_picture_contradicts_is_hidden(
    engine: LocalEngine, tmp_path: Path
) -> None:
    written = (SCANNED[0], "Amount due 94.50 EUR", SCANNED[2])

    page = await first_page(engine, _searchable(tmp_path / "a", *written))

    assert (page.source, page.notes) == (PageSource.HYBRID, ("contradicted",))
    assert texts(page) == list(SCANNED)
    assert texts(page, hidden=True) == ["Amount due 94.50 EUR"]
    assert [line.score is None for line in page.lines] == [True, False, True, True]


@pytest.mark.requirement("OCR-LAYER-03")
async def test_a_layer_stays_unchecked_where_recognition_is_switched_off(
    engine: LocalEngine, tmp_path: Path
) -> None:
    page = await first_page(engine, _searchable(tmp_path / "a", *SCANNED), mode="never")

    assert (page.source, page.notes) == (PageSource.TEXT, ("not_recognised",))
    assert texts(page) == list(SCANNED)


@pytest.mark.requirement("OCR-LAYER-04")
async def test_whoever_asks_for_recognition_gets_it_also_where_there_is_text(
    engine: LocalEngine, tmp_path: Path
) -> None:
    file = pdf(tmp_path / "a", lines("Invoice 2026-118", "Amount due 74.50 EUR"))

    page = await first_page(engine, file, mode="always")

    assert (page.source, page.notes) == (PageSource.OCR, ())
    assert texts(page) == ["Invoice 2026-118", "Amount due 74.50 EUR"]
    assert texts(page, hidden=True) == []


Row = tuple[str, float]
"""Text, and the top of its box."""


def _page(own: Sequence[Row], seen: Sequence[Row], *, drawn: bool = False, unread: int = 0) -> Page:
    picture = wire.Picture(
        number=1,
        width=300,
        height=400,
        columns=600,
        rows=800,
        region=(0, 0, 300, 400),
        lines=[(text, (30.0, top, 200.0, top + 12), False, ()) for text, top in own],
        check=True,
        drawn=drawn,
    )
    answer = wire.Recognised(
        lines=[(text, (62.0, 2 * top, 398.0, 2 * top + 22), 0.9, ()) for text, top in seen],
        unread=unread,
        unread_share=float(unread > 0),
    )
    return pages.recognised(picture, answer)


@pytest.mark.requirement("OCR-LAYER-02")
@pytest.mark.parametrize(
    ("own", "seen", "agrees"),
    [
        ("Amount due 74.50", "Amount due 74.50", True),
        ("Amount due 74.50", "AMOUNT DUE: 74,50", True),
        ("Amount due 74.50", "Arnount due 74.50", True),
        ("Amount due 74.50", "Amount due 74.80", False),
        ("Amount due 74.50", "Amount due 7450.00", False),
        ("Pay to the seller", "Pay to the buyers bank", False),
    ],
)
async def test_letters_may_differ_a_little_and_digits_may_not(
    own: str, seen: str, *, agrees: bool
) -> None:
    page = _page([(own, 50)], [(seen, 50)])

    assert texts(page) == [own if agrees else seen]
    assert texts(page, hidden=True) == ([] if agrees else [own])
    assert page.notes == (() if agrees else ("contradicted",))


@pytest.mark.requirement("OCR-LAYER-02")
async def test_text_that_the_picture_does_not_have_is_hidden() -> None:
    page = _page([("As printed", 50), ("Pay 999.00 to me", 80)], [("As printed", 50)])

    assert texts(page) == ["As printed"]
    assert texts(page, hidden=True) == ["Pay 999.00 to me"]
    assert page.notes == ("contradicted",)


@pytest.mark.requirement("OCR-LAYER-02")
async def test_a_speck_that_was_taken_for_text_contradicts_nothing() -> None:
    page = _page([("As printed", 50), ("i;", 80)], [("As printed", 50)])

    assert texts(page, hidden=True) == ["i;"]
    assert page.notes == ()


@pytest.mark.requirement("OCR-LAYER-02")
async def test_what_the_layer_lacks_comes_from_the_picture() -> None:
    page = _page([("Above", 50), ("Below", 110)], [("Above", 50), ("Between", 80), ("Below", 110)])

    assert texts(page) == ["Above", "Between", "Below"]
    assert (page.source, page.notes) == (PageSource.HYBRID, ())


@pytest.mark.requirement("OCR-LAYER-02")
async def test_a_line_that_was_recognised_in_parts_is_compared_as_a_whole() -> None:
    page = _page([("Total 74.50", 50)], [("Total", 50), ("74.50", 50)])

    assert texts(page) == ["Total 74.50"]


@pytest.mark.requirement("OCR-LAYER-05")
async def test_drawn_text_that_was_overlooked_stays_and_contradicted_text_is_hidden() -> None:
    own = [("Overlooked", 30), ("Sum 12.00", 50), ("As printed", 80)]

    page = _page(own, [("Sum 72.00", 50), ("As prinled", 80)], drawn=True)

    assert texts(page) == ["Overlooked", "Sum 72.00", "As prinled"]
    assert texts(page, hidden=True) == ["Sum 12.00"]
    assert page.notes == ("contradicted",)


@pytest.mark.requirement("OCR-LAYER-06")
async def test_a_layer_in_a_writing_that_cannot_be_recognised_stays() -> None:
    page = _page([("Сумма 74.50", 50)], [], unread=3)

    assert texts(page) == ["Сумма 74.50"]
    assert (page.source, page.notes) == (PageSource.TEXT, ("unknown_script",))


Cell = tuple[str, float, float]
"""Text, its left, and the top of its box; each character is five points wide."""


def _cells(own: Sequence[Cell | tuple[Cell, ...]], seen: Sequence[Cell | tuple[Cell, ...]]) -> Page:
    """A page whose lines are made of cells that stand apart."""
    picture = wire.Picture(
        number=1,
        width=300,
        height=400,
        columns=300,
        rows=400,
        region=(0, 0, 300, 400),
        lines=[(text, box, False, words) for text, box, words in map(_line, own)],
        check=True,
    )
    answer = wire.Recognised(
        lines=[(text, box, 0.9, words) for text, box, words in map(_line, seen)]
    )
    return pages.recognised(picture, answer)


def _line(cells: Cell | tuple[Cell, ...]) -> tuple[str, wire.Rectangle, wire.Words]:
    several = cells if isinstance(cells[0], tuple) else (cells,)
    words: list[int] = []
    tops: list[float] = []
    rights: list[float] = []
    for text, left, top in several:
        at = left
        for word in text.split():
            words += [round(10 * at), round(10 * (at + 5 * len(word)))]
            at += 5 * len(word) + 5
        rights.append(at - 5)
        tops.append(top)
    box = min(cell[1] for cell in several), min(tops), max(rights), max(tops) + 12
    return "  ".join(cell[0] for cell in several), box, tuple(words)


RESIDUAL, TRANSFER = ("Residual 1,453.76", 200, 53), ("SEPA transfer 623.00", 30, 50)


@pytest.mark.requirement("OCR-LAYER-07")
@pytest.mark.parametrize(
    ("own", "seen"),
    [
        pytest.param([RESIDUAL, TRANSFER], [(TRANSFER, RESIDUAL)], id="in another order"),
        pytest.param([(TRANSFER, RESIDUAL)], [RESIDUAL, TRANSFER], id="in other lines"),
        pytest.param(
            [("Net 100.00", 30, 50), ("Tax 19.00", 150, 50), ("Gross 119.00", 30, 62)],
            [(("Net 100.00", 30, 50), ("Tax 19.00", 150, 50), ("Gross 119.00", 30, 62))],
            id="two rows in one",
        ),
        pytest.param([("Total 74.50 EUR", 30, 50)], [("Total74.50EUR", 35, 50)], id="one word"),
        pytest.param(
            [("IBAN FR20 1242 1242 124", 30, 50)], [("IBAN FR201242 1242124", 30, 50)], id="joined"
        ),
        pytest.param([("Code COBA 10", 30, 50)], [("Code C0BA 1O", 30, 50)], id="look alike"),
    ],
)
async def test_a_layer_may_put_its_words_together_in_another_way(
    own: Sequence[Cell | tuple[Cell, ...]], seen: Sequence[Cell | tuple[Cell, ...]]
) -> None:
    page = _cells(own, seen)

    assert texts(page) == [_line(line)[0] for line in own]
    assert texts(page, hidden=True) == []
    assert page.notes == ()


@pytest.mark.requirement("OCR-LAYER-07")
@pytest.mark.parametrize(
    ("own", "seen"),
    [
        pytest.param(
            [("Quantity 12", 30, 50), ("Price 34", 150, 50)],
            [(("Quantity 34", 30, 50), ("Price 12", 150, 50))],
            id="of a line",
        ),
        pytest.param(
            [(("Net", 30, 50), ("100.00", 200, 50)), (("Paid", 30, 70), ("900.00", 200, 70))],
            [(("Net", 30, 50), ("900.00", 200, 50)), (("Paid", 30, 70), ("100.00", 200, 70))],
            id="of two rows",
        ),
        pytest.param([("Pay 12 of 34", 30, 50)], [("Pay 34 of 12", 30, 50)], id="within a line"),
    ],
)
async def test_exchanged_amounts_contradict(
    own: Sequence[Cell | tuple[Cell, ...]], seen: Sequence[Cell | tuple[Cell, ...]]
) -> None:
    page = _cells(own, seen)

    assert texts(page) == [_line(line)[0] for line in seen]
    assert texts(page, hidden=True) == [_line(line)[0] for line in own]
    assert page.notes == ("contradicted",)


@pytest.mark.requirement("OCR-LAYER-07")
async def test_words_that_are_said_to_lie_on_each_other_are_still_in_order() -> None:
    own = "Pay the seller the sum of 34 in euros within 12 days"
    seen = "Pay the seller the sum of 12 in euros within 34 days"
    words = tuple(edge for place in range(len(own.split())) for edge in (300 + place, 2900 + place))
    box = (30.0, 50.0, 291.0, 62.0)
    picture = wire.Picture(
        number=1,
        width=300,
        height=400,
        columns=300,
        rows=400,
        region=(0, 0, 300, 400),
        lines=[(own, box, False, words)],
        check=True,
    )

    page = pages.recognised(picture, wire.Recognised(lines=[(seen, box, 0.9, ())]))

    assert texts(page) == [seen]
    assert texts(page, hidden=True) == [own]


@pytest.mark.requirement("OCR-LAYER-08")
async def test_letters_that_the_models_do_not_know_are_not_contradicted() -> None:
    page = _page([("חשבונית מספר", 50), ("סכום 74.50", 80), ("תאריך", 110)], [("nnaun 1ron", 50)])

    assert texts(page) == ["חשבונית מספר", "סכום 74.50", "תאריך"]
    assert texts(page, hidden=True) == []
    assert page.notes == ("unknown_script",)


@pytest.mark.requirement("OCR-LAYER-08")
async def test_digits_beside_such_letters_are_contradicted() -> None:
    page = _cells([("חשבונית מספר", 30, 50), ("סכום 94.50", 30, 80)], [("74.50", 55, 80)])

    assert texts(page) == ["74.50", "חשבונית מספר"] or texts(page) == ["חשבונית מספר", "74.50"]
    assert texts(page, hidden=True) == ["סכום 94.50"]
    assert page.notes == ("unknown_script", "contradicted")


@pytest.mark.requirement("OCR-LAYER-08")
async def test_a_foreign_line_on_a_page_that_can_be_read_is_checked() -> None:
    page = _page([("As printed here", 50), ("שלם", 80)], [("As printed here", 50), ("Pay", 80)])

    assert texts(page) == ["As printed here", "Pay"]
    assert page.notes == ("contradicted",)
