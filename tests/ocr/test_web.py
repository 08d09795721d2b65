"""HTML and XML."""

from pathlib import Path

import pytest

from stackdocs_mcp.core.errors import ExtractionFailed
from stackdocs_mcp.ocr.local import LocalEngine
from tests.ocr.conftest import first_page, read_all, texts

pytestmark = pytest.mark.anyio

LETTER = """<!DOCTYPE html>
<html><head><title>A letter</title><style>.gone {display: none} @media print {p {display: none}}
</style><script>document.write("never")</script></head>
<body><h1>The  sender</h1>
<p>Before the <b>ta</b>ble,&nbsp;<br>in two lines<div>and &lt;three&gt;</div>
<table><tr><th>Pos.<th>What<th>Amount
<tr><td>1<td><p>Repair</p><p>of it</p><td>50.00</table>
<table><tr><td><table><tr><td>Left</td><td>right</td></tr></table></td><td>In a layout</td></tr>
</table>
<ul><li>One<li>Two</ul><pre>As it
   is</pre>
<template>never</template><!-- never --><iframe src="x">never</iframe>
<select><option>never<option selected>chosen</select>
<label>Name <input value="Ann"></label><input type="hidden" value="never">
</body></html>"""


@pytest.mark.requirement("OCR-HTML-01")
async def test_a_page_reads_as_a_browser_shows_it(engine: LocalEngine, tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text(LETTER)

    outline, (page,) = await read_all(engine, file)

    assert outline.media_type == "text/html"
    assert texts(page, hidden=True) == []
    assert texts(page) == [
        "The sender",
        "Before the table,",
        "in two lines",
        "and <three>",
        "Pos. | What | Amount",
        "1 | Repair of it | 50.00",
        "Left | right",
        "In a layout",
        "One",
        "Two",
        "As it",
        "is",
        "chosen",
        "Name Ann",
    ]


@pytest.mark.requirement("OCR-HTML-02")
@pytest.mark.parametrize(
    "hiding",
    [
        'style="color: red; display:none"',
        "style='VISIBILITY : hidden'",
        'style="opacity:0"',
        'style="font-size:0px"',
        'style="position:absolute;left:-9999px"',
        'style="display:/**/none"',
        'style="left:-200em; position:absolute"',
        'style="text-indent:-9999px"',
        'style="clip: rect(0 0 0 0); position: absolute"',
        'style="clip-path: inset(50%)"',
        'style="height:0; overflow:hidden"',
        'style="max-height:1px;overflow-y:auto;overflow:hidden !important"',
        'style="transform: scale(0)"',
        'style="font-size: 0.01em"',
        'style="color:#fff"',
        'style="color: rgb(255, 255, 250)"',
        'style="color:transparent"',
        'style="background: black; color: #010101"',
        'style="COLOR:White!important; color:red"',
        'color="white"',
        "hidden",
        "class=pale",
        "class='a gone'",
        "id=away",
    ],
)
async def test_what_a_page_hides_is_flagged(
    engine: LocalEngine, tmp_path: Path, hiding: str
) -> None:
    file = tmp_path / "a"
    file.write_text(
        "<html><style>.gone, #away {display: none} .pale {color: #fefefe}</style>"
        "<p>The total is 10.00"
        f"<span {hiding}> or rather <b>999.00</b></span> EUR</p><div {hiding}><p>Approve</div>"
        f"<p>End<table><tr><td>1<td><i {hiding}>2</i><td>3</table>"
    )

    page = await first_page(engine, file)

    assert texts(page) == ["The total is 10.00 EUR", "End", "1 |  | 3"]
    assert texts(page, hidden=True) == ["or rather 999.00", "Approve", "2"]


@pytest.mark.requirement("OCR-HTML-02")
@pytest.mark.parametrize(
    "around",
    [
        '<div style="background:#000"><p style="color:#fff">{0}</p></div>',
        "<table bgcolor=navy><tr><td><font color=white>{0}</font></table>",
        '<div style="background:url(x.png)"><p style="color:#fff">{0}</p></div>',
        '<div style="background-image:linear-gradient(red, blue);color:white">{0}</div>',
        '<style>.page .dark {{background: #000}}</style><p class=dark style="color:#fff">{0}</p>',
        "<style>p {{color: white}} .page p {{color: black}}</style><p>{0}</p>",
        "<body bgcolor=black text=white><p>{0}</p>",
        '<style>.gone {{display: none}}</style><p class=gone style="display: block">{0}</p>',
        '<p style="color:#fff"><span style="color:#000">{0}</span></p>',
        '<p style="color:#ffffff80;background:black">{0}</p>',
        '<p style="height:0">{0}</p>',
        '<p style="background:white;color:#333">{0}</p>',
        "<style>p:hover {{color: white; display: none}}</style><p>{0}</p>",
        "<details><summary>{0}</summary></details>",
    ],
)
async def test_what_can_be_seen_is_not_flagged(
    engine: LocalEngine, tmp_path: Path, around: str
) -> None:
    file = tmp_path / "a"
    file.write_text("<html>" + around.format("The total is 10.00"))

    assert texts(await first_page(engine, file)) == ["The total is 10.00"]


@pytest.mark.requirement("OCR-HTML-02")
@pytest.mark.parametrize(
    "style",
    [
        "@media (max-width: 600px) {.wide {display: none} .x {display: none}}",
        ".wide {display: none} .wide {display: block}",
        ".print .wide {display: none}",
        ".wide {opacity: 0.9; font-size: 10px}",
    ],
)
async def test_what_only_another_screen_hides_is_not_flagged(
    engine: LocalEngine, tmp_path: Path, style: str
) -> None:
    file = tmp_path / "a"
    file.write_text(f"<html><style>{style}</style><p class=wide>The total is 10.00</p>")

    assert texts(await first_page(engine, file)) == ["The total is 10.00"]


@pytest.mark.requirement("OCR-HTML-03")
@pytest.mark.parametrize(
    ("head", "encoding"),
    [
        ("<meta charset=windows-1250>", "cp1250"),
        ('<meta http-equiv="Content-Type" content="text/html; charset=shift_jis">', "cp932"),
        ("<meta charset='iso-8859-1'>", "cp1252"),
        ("<meta charset=iso-2022-jp>", "iso2022_jp"),
        ("<meta charset=utf-16>", "utf-8"),
        ("<meta charset=nonsense>", "utf-8"),
        ("<meta charset=hex>", "utf-8"),
        ("", "utf-8"),
        ("", "utf-16"),
        ("", "utf-8-sig"),
    ],
)
async def test_a_page_is_read_in_the_encoding_it_declares(
    engine: LocalEngine, tmp_path: Path, head: str, encoding: str
) -> None:
    other = {"cp1250": "Zażółć gęślą jaźń", "cp932": "佐藤太郎 東京", "iso2022_jp": "東京"}
    written = other.get(encoding, "Größe “42”")
    file = tmp_path / "a"
    file.write_bytes(f"<html><head>{head}</head><p>{written}</p></html>".encode(encoding))

    assert texts(await first_page(engine, file)) == [written]


@pytest.mark.requirement("OCR-HTML-04")
async def test_a_page_is_read_to_any_depth_or_not_at_all(
    engine: LocalEngine, tmp_path: Path
) -> None:
    file = tmp_path / "a"
    file.write_text("<html><p>Top</p>" + "<div>" * 1_500 + "deep")
    page = await first_page(engine, file)
    file.write_text("<html><p>Top</p>" + "<div>" * 5_000 + "deeper")

    with pytest.raises(ExtractionFailed) as failure:
        await first_page(engine, file)

    assert texts(page) == ["Top", "deep"]
    assert failure.value.code == "damaged"


@pytest.mark.requirement("OCR-TEXT-04")
@pytest.mark.parametrize("form", ["<html><p>{0}", "<r>{0}</r>", "a;b\nc;d\n" * 9_000 + "{0};e\n"])
async def test_a_line_of_any_length_is_read_in_pieces(
    engine: LocalEngine, tmp_path: Path, form: str
) -> None:
    file = tmp_path / "a"
    file.write_text(form.format("word " * 1_800_000))

    _, pages = await read_all(engine, file)

    assert sum(text.count("word") for page in pages for text in texts(page)) == 1_800_000


LISTS = """<ol><li>One<li>Two<ol type=a><li>In<li>it</ol><li value=7>Seven<li>Eight</ol>
<ol start=3 type=I reversed><li>Third<li>Second</ol><ol style="list-style: none"><li>Bare</ol>
<ul><li>Dot</ul><ol><li><p>A paragraph</p></ol>"""


@pytest.mark.requirement("OCR-HTML-05")
async def test_items_have_the_numbers_that_a_browser_shows(
    engine: LocalEngine, tmp_path: Path
) -> None:
    file = tmp_path / "a"
    file.write_text(f"<html>{LISTS}")

    assert texts(await first_page(engine, file)) == [
        *("1. One", "2. Two", "a. In", "b. it", "7. Seven", "8. Eight"),
        *("III. Third", "II. Second", "Bare", "Dot", "1. A paragraph"),
    ]


ORDER = """<?xml version="1.0" encoding="ISO-8859-1"?>
<?xml-stylesheet href="http://127.0.0.1:9/"?>
<!-- never -->
<o:Order xmlns:o="urn:o" currency="EUR">
  <Seller><Party><Name>M\u00fcller &amp; S\u00f6hne</Name></Party></Seller>
  <Line id="1"><Amount unit="h">7
     50</Amount>and more</Line>
  <Empty/>
</o:Order>"""


@pytest.mark.requirement("OCR-XML-01")
async def test_a_text_stands_behind_the_names_that_lead_to_it(
    engine: LocalEngine, tmp_path: Path
) -> None:
    file = tmp_path / "a"
    file.write_bytes(ORDER.encode("latin-1"))

    outline, (page,) = await read_all(engine, file)

    assert outline.media_type == "application/xml"
    assert texts(page) == [
        'Order currency="EUR"',
        "Seller/Party/Name: Müller & Söhne",
        'Line id="1"',
        'Line/Amount unit="h": 7 50',
        "Line: and more",
    ]


@pytest.mark.requirement("OCR-XML-02")
@pytest.mark.parametrize(
    "grammar",
    [
        '<!ENTITY x SYSTEM "file:///etc/hostname">',
        '<!ENTITY % p SYSTEM "http://127.0.0.1:9/x.dtd"> <!ENTITY x "y">',
        '<!ENTITY a "ha"><!ENTITY x "&a;&a;&a;">',
    ],
)
async def test_entities_of_the_files_own_are_refused(
    engine: LocalEngine, tmp_path: Path, grammar: str
) -> None:
    file = tmp_path / "a"
    file.write_text(f"<?xml version='1.0'?><!DOCTYPE r [{grammar}]><r>before &x; after</r>")

    with pytest.raises(ExtractionFailed) as failure:
        await first_page(engine, file)

    assert failure.value.code == "unsupported"
    assert "entities" in str(failure.value)


@pytest.mark.requirement("OCR-XML-02")
async def test_a_billion_laughs_cost_nothing(engine: LocalEngine, tmp_path: Path) -> None:
    layers = "".join(f"<!ENTITY l{n} '{f'&l{n - 1};' * 10}'>" for n in range(1, 10))
    file = tmp_path / "a"
    file.write_text(f"<?xml version='1.0'?><!DOCTYPE r [<!ENTITY l0 'ha'>{layers}]><r>&l9;</r>")

    with pytest.raises(ExtractionFailed) as failure:
        await first_page(engine, file)

    assert failure.value.code in ("unsupported", "damaged")


@pytest.mark.requirement("OCR-TEXT-03")
@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        ("<div>Part of a page</div>", "text/html"),
        ("<!-- a --><!-- b -->\n<p>Part of a page</p>", "text/html"),
        (
            "<?xml version='1.0'?><html xmlns='http://www.w3.org/1999/xhtml'><p/></html>",
            "text/html",
        ),
        ("<Order><Name>a</Name></Order>\n", "application/xml"),
        ("<name> is what you fill in\nand then send\n", "text/plain"),
        ("<!-- " * 800, "text/plain"),
        ("# Title\n\n* one\n* [two](http://127.0.0.1:9/)\n", "text/plain"),
    ],
)
async def test_texts_are_told_apart_by_content(
    engine: LocalEngine, tmp_path: Path, content: str, media_type: str
) -> None:
    file = tmp_path / "a.pdf"
    file.write_text(content)

    assert (await read_all(engine, file))[0].media_type == media_type
