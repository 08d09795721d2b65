"""From the service's Markdown, blocks and tables to lines and tables of the domain."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stackdocs_mcp.core.model import Box, PageSource, Table
from stackdocs_mcp.ocr.mistral import MistralEngine
from stackdocs_mcp.ocr.mistral_tables import TooLarge, of_html, of_markdown
from tests.ocr.documents import pdf
from tests.ocr.mistral.conftest import beside, by_number, read, sheets, texts
from tests.ocr.mistral.service import Service, block

pytestmark = pytest.mark.anyio

Change = Callable[[dict[str, Any]], dict[str, Any]]
TABLE = (
    '<table><thead><tr><th rowspan="2">Item</th><th colspan="2">Net &amp; gross</th></tr>'
    "<tr><th>EUR</th><th>CHF</th></tr></thead>"
    "<tr><td>Chair<br/>oak</td><td>74.50</td><td></td></tr></table>"
)


def blocks(*made: dict[str, Any], **more: object) -> Change:
    return lambda whole: {**whole, "blocks": list(made), **more}


def markdown(text: str, **more: object) -> Change:
    """Of an older model, that gives no blocks."""
    return lambda whole: {**whole, "markdown": text, "blocks": None, **more}


async def only_page(engine: MistralEngine, service: Service, tmp_path: Path, change: Change) -> Any:
    service.changed[1] = change
    return by_number(await read(engine, sheets(tmp_path / "a", 1)))[1]


def cells(table: Table) -> list[list[tuple[str, int]]]:
    return [[(cell.text, cell.columns) for cell in row] for row in table.rows]


@pytest.mark.requirement("MISTRAL-READ-01")
async def test_lines_have_the_box_of_their_block_in_points_and_its_score(
    engine: MistralEngine, service: Service, tmp_path: Path
) -> None:
    scores = {"average_content_confidence_score": 0.75}
    change = blocks(
        block("Invoice 12\nof 3 May", (100, 200, 300, 400), confidence_scores=scores),
        block("Total", (0, 600, 500, 800)),
        dimensions={"dpi": 200, "width": 600, "height": 800},
    )

    page = await only_page(engine, service, tmp_path, change)

    assert (page.width, page.height, page.source) == (300, 400, PageSource.OCR)
    assert [(line.number, line.text, line.score) for line in page.lines] == [
        (1, "Invoice 12", 0.75),
        (2, "of 3 May", 0.75),
        (3, "Total", 0.9),
    ]
    assert page.lines[0].box == page.lines[1].box == Box(50, 100, 150, 200)
    assert page.lines[2].box == Box(0, 300, 250, 400)


@pytest.mark.requirement("MISTRAL-READ-02")
@pytest.mark.parametrize("sides", [(900, 0, 950, 10), (30, 30, 10, 40), (-50, -50, 0, 0)])
async def test_a_box_that_is_not_on_the_page_is_left_out(
    engine: MistralEngine, service: Service, tmp_path: Path, sides: tuple[int, ...]
) -> None:
    change = blocks(block("A line", sides), dimensions={"dpi": 200, "width": 600, "height": 800})

    page = await only_page(engine, service, tmp_path, change)

    assert [(line.text, line.box) for line in page.lines] == [("A line", None)]


@pytest.mark.requirement("MISTRAL-READ-03")
@pytest.mark.parametrize(
    ("written", "printed"),
    [
        ("# Heading", ["Heading"]),
        ("###### 6.1 Deep", ["6.1 Deep"]),
        ("#12 is a number", ["#12 is a number"]),
        ("**Total:** 5 and *more*", ["Total: 5 and more"]),
        ("5*3*2 = 30 * 1", ["5*3*2 = 30 * 1"]),
        ("a_b_c and ____ to fill in", ["a_b_c and ____ to fill in"]),
        ("![img-0.jpeg](img-0.jpeg)", []),
        ("before ![img-1.jpeg](img-1.jpeg) after", ["before  after"]),
        ("See [our site](https://example.org/a) now", ["See our site now"]),
        ("Deng &amp; Zheng &lt;2021&gt;", ["Deng & Zheng <2021>"]),
        (r"US\$ 5 \* 3 \_ 2", ["US$ 5 * 3 _ 2"]),
        (r"of $\frac{a}{b}$ left", [r"of $\frac{a}{b}$ left"]),
        ("H<sub>2</sub>O<br>and<br/>m<sup>2</sup>", ["H2O", "and", "m2"]),
        ("one\n\n---\n\ntwo\n***\nthree", ["one", "two", "three"]),
        ("```python\nx = 1\n```", ["x = 1"]),
        ("- [ ] open\n- a point", ["- [ ] open", "- a point"]),
        ("|x| = 5", ["|x| = 5"]),
        ("x < 5 and y > 3", ["x < 5 and y > 3"]),
    ],
)
async def test_text_reads_as_it_is_printed(
    engine: MistralEngine, service: Service, tmp_path: Path, written: str, printed: list[str]
) -> None:
    change = blocks(block(written, (0, 0, 100, 100)))

    page = await only_page(engine, service, tmp_path, change)

    assert [line.text for line in page.lines] == printed


@pytest.mark.requirement("MISTRAL-READ-04")
@pytest.mark.parametrize("content", [TABLE, "[tbl-0.html](tbl-0.html)"])
async def test_a_table_is_kept_with_its_rows_as_lines(
    engine: MistralEngine, service: Service, tmp_path: Path, content: str
) -> None:
    change = blocks(
        block("Prices", (0, 0, 600, 100), "title"),
        block(content, (0, 100, 600, 400), "table", table_id="tbl-0.html"),
        block("Thank you", (0, 500, 600, 600)),
        tables=[{"id": "tbl-0.html", "content": TABLE, "format": "html"}],
        dimensions={"dpi": 200, "width": 600, "height": 800},
    )

    page = await only_page(engine, service, tmp_path, change)

    assert [line.text for line in page.lines] == [
        "Prices",
        "Item  Net & gross",
        "EUR  CHF",
        "Chair oak  74.50",
        "Thank you",
    ]
    (table,) = page.tables
    assert cells(table) == [
        [("Item", 1), ("Net & gross", 2)],
        [("", 1), ("EUR", 1), ("CHF", 1)],
        [("Chair oak", 1), ("74.50", 1), ("", 1)],
    ]
    assert (table.header_rows, table.box) == (2, Box(0, 50, 300, 200))
    assert [[cell.lines for cell in row] for row in table.rows] == [
        [(2,), (2,)],
        [(), (3,), (3,)],
        [(4,), (4,), ()],
    ]


@pytest.mark.requirement("MISTRAL-READ-05")
async def test_an_answer_without_blocks_gives_lines_without_boxes(
    engine: MistralEngine, service: Service, tmp_path: Path
) -> None:
    text = "# Prices\n\n[t](t)\n\n| a | b |\n| --- | :-: |\n| 1 | x \\| y |\n\nThe end"
    change = markdown(text, tables=[{"id": "t", "content": TABLE, "format": "html"}])

    page = await only_page(engine, service, tmp_path, change)

    assert [line.text for line in page.lines] == [
        "Prices",
        "Item  Net & gross",
        "EUR  CHF",
        "Chair oak  74.50",
        "a  b",
        "1  x | y",
        "The end",
    ]
    assert {(line.box, line.score) for line in page.lines} == {(None, 0.9)}
    assert cells(page.tables[1]) == [[("a", 1), ("b", 1)], [("1", 1), ("x | y", 1)]]
    assert page.tables[1].header_rows == 1


@pytest.mark.requirement("MISTRAL-READ-06")
async def test_a_page_is_read_whole_when_a_block_is_not_understood(
    engine: MistralEngine, service: Service, tmp_path: Path
) -> None:
    known = block("Known", (0, 0, 9, 9))
    of_a_new_kind = block("New", (0, 10, 9, 19), "stamp")
    broken = {"type": "text", "content": ["not", "text"]}

    both = await only_page(engine, service, tmp_path, blocks(known, of_a_new_kind))
    whole = await only_page(
        engine, service, tmp_path, blocks(known, broken, markdown="Known\n\nand the rest")
    )

    assert [line.text for line in both.lines] == ["Known", "New"]
    assert [line.text for line in whole.lines] == ["Known", "and the rest"]


@pytest.mark.requirement("MISTRAL-READ-07")
async def test_scores_that_are_none_are_none(
    engine: MistralEngine, service: Service, tmp_path: Path
) -> None:
    change = blocks(block("A line", (0, 0, 100, 100)), confidence_scores=None)

    page = await only_page(engine, service, tmp_path, change)

    assert [line.score for line in page.lines] == [None]


@pytest.mark.requirement("MISTRAL-READ-08")
async def test_text_of_an_answer_is_cleaned_as_all_text_is(
    engine: MistralEngine, service: Service, tmp_path: Path
) -> None:
    change = blocks(block("Total\u202e 5\u0000\u200b1\U000e0041", (0, 0, 100, 100)))

    page = await only_page(engine, service, tmp_path, change)

    assert [line.text for line in page.lines] == ["Total 51"]


@pytest.mark.requirement("MISTRAL-READ-09")
@pytest.mark.parametrize("boxed", [True, False])
async def test_a_picture_on_a_page_is_read_beside_the_pages_own_text(
    engine: MistralEngine, service: Service, tmp_path: Path, boxed: bool
) -> None:
    if not boxed:
        service.changed[3] = markdown("# Sheet 3")

    items = await read(engine, pdf(tmp_path / "a", beside(3)))

    page = by_number(items)[1]
    assert service.seen == [[3]]
    assert page.source is PageSource.HYBRID
    assert texts(items) == {1: ["This page has text of its own", "Sheet 3"]}
    box = page.lines[1].box
    assert box is not None
    assert 29 < box.x0 < 31
    assert 99 < box.y0 < 101
    assert box.x1 < 231


@pytest.mark.requirement("MISTRAL-READ-10")
async def test_a_page_on_which_nothing_was_found_says_so(
    engine: MistralEngine, service: Service, tmp_path: Path
) -> None:
    page = await only_page(engine, service, tmp_path, markdown(""))

    assert (page.source, page.lines) == (PageSource.NONE, ())


@pytest.mark.requirement("MISTRAL-READ-11")
@pytest.mark.parametrize(
    "content",
    [
        "<table>" + "<tr><td>1</td></tr>" * 20_001,
        "<table><tr>" + "<td rowspan=500 colspan=500>1</td>" * 2,
        "<table><tr><td rowspan=500 colspan=499>1</td></tr>" + "<tr><td>1</td></tr>" * 100,
    ],
)
def test_a_table_that_no_page_holds_is_refused(content: str) -> None:
    with pytest.raises(TooLarge):
        of_html(content)


@pytest.mark.requirement("MISTRAL-READ-12")
def test_nothing_in_a_table_is_followed_or_run(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("of this machine")
    content = (
        f'<!DOCTYPE t [<!ENTITY x SYSTEM "{secret.as_uri()}">]><table><!-- out -->'
        "<tr><td>&x;<script>alert(1)</script>a</td><td><table><tr><td>b</td></tr></table></td></tr>"
    )

    grid = of_html(content)

    assert "machine" not in str(grid)
    assert "out" not in str(grid)
    assert len(grid.rows) == 1


@pytest.mark.requirement("MISTRAL-READ-13")
def test_tables_may_be_ragged() -> None:
    html = of_html("<table><tr><td>a<tr><td rowspan=9>b<td>c<tr><td>d</table> after")
    bars = of_markdown(["|a|b|c|", "|-|-|-|", "|1|", "| 2 | 3 | 4 | 5 |"])

    assert [[cell.text for cell in row] for row in html.rows] == [["a"], ["b", "c"], ["", "d"]]
    assert [[cell.text for cell in row] for row in bars.rows] == [
        ["a", "b", "c"],
        ["1"],
        ["2", "3", "4", "5"],
    ]
    assert of_html("no table").rows == []
