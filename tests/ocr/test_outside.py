"""Files that refer to what is outside of them, or swell."""

import socket
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import xlsxwriter
from docx.document import Document
from openpyxl.worksheet.worksheet import Worksheet
from pptx.util import Cm

from stackdocs_mcp.core.errors import ExtractionFailed
from stackdocs_mcp.ocr.limits import Limits
from stackdocs_mcp.ocr.local import LocalEngine
from tests.ocr.conftest import first_page, read_all, texts
from tests.ocr.documents import Slide, assembled, deck, rewritten, scan, stream, word, workbook

pytestmark = pytest.mark.anyio

SEEN = "seen text"
SECRET = "not for the reader"


def _words(document: Document) -> None:
    document.add_paragraph(SEEN)


def _cells(sheet: Worksheet) -> None:
    sheet.append([SEEN])


def _boxes(slide: Slide) -> None:
    slide.shapes.add_textbox(Cm(1), Cm(1), Cm(4), Cm(1)).text_frame.text = SEEN


def _shared(file: Path) -> Path:
    """As Excel writes text; openpyxl writes it into the cell."""
    with xlsxwriter.Workbook(file) as book:
        book.add_worksheet().write(0, 0, SEEN)
    return file


MAKE: dict[str, Callable[[Path], Path]] = {
    "word/document.xml": lambda file: word(file, _words),
    "xl/sharedStrings.xml": _shared,
    "xl/worksheets/sheet1.xml": lambda file: workbook(file, _cells),
    "ppt/slides/slide1.xml": lambda file: deck(file, _boxes),
}
RELATIONS = {
    "word/document.xml": "word/_rels/document.xml.rels",
    "xl/sharedStrings.xml": "xl/_rels/workbook.xml.rels",
    "ppt/slides/slide1.xml": "ppt/slides/_rels/slide1.xml.rels",
}


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield server


def address(listener: socket.socket) -> str:
    return f"http://127.0.0.1:{listener.getsockname()[1]}/"


def is_silent(listener: socket.socket) -> bool:
    """Nobody has connected: the handshake is the kernel's, so nothing has to be waited for."""
    try:
        listener.accept()[0].close()
    except BlockingIOError:
        return True
    return False


def with_grammar(file: Path, part: str, grammar: str, text: str) -> Path:
    """The part gets a document type, and ``text`` where it says what can be seen."""
    with zipfile.ZipFile(file) as archive:
        content = archive.read(part)
    start = content.index(b"?>") + 2 if content.startswith(b"<?xml") else 0
    changed = f"<!DOCTYPE x [{grammar}]>".encode() + content[start:]
    return rewritten(file, part, content, changed.replace(SEEN.encode(), text.encode()))


async def outcome(engine: LocalEngine, file: Path) -> str:
    """All text, seen and unseen, or the code of the failure."""
    try:
        _, pages = await read_all(engine, file)
    except ExtractionFailed as failure:
        return failure.code
    return "\n".join(line.text for page in pages for line in page.lines)


@pytest.mark.requirement("OCR-OOXML-01")
@pytest.mark.parametrize("part", MAKE)
async def test_an_outside_entity_of_an_office_file_stays_outside(
    engine: LocalEngine, tmp_path: Path, listener: socket.socket, part: str
) -> None:
    secret = tmp_path / "secret"
    secret.write_text(SECRET)
    read = []
    for place in (secret.as_uri(), address(listener)):
        file = MAKE[part](tmp_path / "a")
        with_grammar(file, part, f'<!ENTITY e SYSTEM "{place}">', "&e;")
        read.append(await outcome(engine, file))

    assert [text for text in read if SECRET in text] == []
    assert is_silent(listener)


@pytest.mark.requirement("OCR-OOXML-01")
@pytest.mark.parametrize("part", MAKE)
async def test_an_office_file_of_a_billion_laughs_stays_small(
    engine: LocalEngine, tmp_path: Path, part: str
) -> None:
    layers = "".join(f"<!ENTITY l{n} '{f'&l{n - 1};' * 10}'>" for n in range(1, 10))
    file = MAKE[part](tmp_path / "a")
    with_grammar(file, part, f"<!ENTITY l0 'ha'>{layers}", "&l9;")

    assert "haha" not in await outcome(engine, file)


@pytest.mark.requirement("OCR-REMOTE-01")
@pytest.mark.parametrize("part", RELATIONS)
async def test_links_of_an_office_file_are_not_followed(
    engine: LocalEngine, tmp_path: Path, listener: socket.socket, part: str
) -> None:
    file = MAKE[part](tmp_path / "a")
    kinds = ("image", "attachedTemplate", "externalLink", "oleObject", "hyperlink", "footer")
    base = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
    links = "".join(
        f'<Relationship Id="out{kind}" Type="{base}{kind}" Target="{address(listener)}{kind}"'
        ' TargetMode="External"/>'
        for kind in kinds
    )
    end = b"</Relationships>"
    rewritten(file, RELATIONS[part], end, links.encode() + end)

    assert SEEN in await outcome(engine, file)
    assert is_silent(listener)


@pytest.mark.requirement("OCR-REMOTE-01")
async def test_a_web_page_fetches_nothing(
    engine: LocalEngine, tmp_path: Path, listener: socket.socket
) -> None:
    url = address(listener)
    file = tmp_path / "a"
    file.write_text(
        f'<!DOCTYPE html SYSTEM "{url}x.dtd"><html><head><base href="{url}">'
        f'<link rel=stylesheet href="{url}a.css"><script src="{url}a.js"></script>'
        f"<style>@import url({url}b.css);</style><meta http-equiv=refresh content='0;url={url}'>"
        f'</head><body background="{url}b.png"><p>{SEEN}<img src="{url}c.png"><iframe src="{url}">'
        f'</iframe><object data="{url}"></object><embed src="{url}">'
    )
    page = await first_page(engine, file)
    file.write_text(
        f'<!DOCTYPE r SYSTEM "{url}r.dtd"><r xmlns:i="{url}"><i:include href="{url}"/>'
        f"<a>{SEEN}</a></r>"
    )
    other = await first_page(engine, file)

    assert texts(page) == [SEEN]
    assert texts(other)[-1] == f"a: {SEEN}"
    assert is_silent(listener)


def _calling_pdf(file: Path, url: str) -> Path:
    """Acts when it is opened, shown or clicked, and has a picture that would be fetched."""
    place = url.encode()
    form = b"<xdp:xdp xmlns:xdp='http://ns.adobe.com/xdp/'><submit target='%s'/></xdp:xdp>" % place
    page = (
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]/Contents 4 0 R/AA<</O 8 0 R>>"
        b"/Annots[9 0 R]/Resources<</Font<</F 5 0 R>>/XObject<</X 10 0 R>>>>>>"
    )
    return assembled(
        file,
        [
            b"<</Type/Catalog/Pages 2 0 R/OpenAction 6 0 R/AA<</WC 7 0 R>>/URI<</Base(%s)>>"
            b"/AcroForm<</Fields[]/XFA 11 0 R>>>>" % place,
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            page,
            stream(b"BT /F 11 Tf 30 100 Td (%s) Tj ET /X Do" % SEEN.encode()),
            b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
            b"<</S/JavaScript/JS(app.launchURL\\('%s', true\\);)/Next 8 0 R>>" % place,
            b"<</S/Launch/F<</FS/URL/F(%s)>>>>" % place,
            b"<</S/GoToR/F<</FS/URL/F(%s)>>/D[0/Fit]/Next 7 0 R>>" % place,
            b"<</Type/Annot/Subtype/Link/Rect[0 0 300 200]/A<</S/URI/URI(%s)>>>>" % place,
            stream(
                b"",
                b"/Type/XObject/Subtype/Image/Width 9/Height 9/BitsPerComponent 8"
                b"/ColorSpace/DeviceGray/F<</FS/URL/F(%s)>>" % place,
            ),
            stream(form),
        ],
    )


def _calling_drawing(file: Path, url: str) -> Path:
    file.write_text(
        f"<svg xmlns='http://www.w3.org/2000/svg'><image href='{url}'/><script href='{url}'/></svg>"
    )
    return file


def _calling_mail(file: Path, url: str) -> Path:
    file.write_text(
        "From: a@example.org\nTo: b@example.org\nSubject: seen\nMIME-Version: 1.0\n"
        "Content-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: text/html\n\n"
        f"<p>{SEEN}</p><img src='{url}'>\n--x\nContent-Type: message/external-body;"
        f' access-type=URL; URL="{url}"\n\nContent-Type: image/png\n\n--x--\n'
    )
    return file


CALLING: dict[str, tuple[Callable[[Path, str], Path], str]] = {
    "pdf": (_calling_pdf, SEEN),
    "drawing": (_calling_drawing, "unsupported"),
    "mail": (_calling_mail, SEEN),
}
"""By kind: a file that would fetch something, and what comes of it."""


@pytest.mark.requirement("OCR-REMOTE-01")
@pytest.mark.parametrize("kind", CALLING)
async def test_a_file_that_wants_to_call_is_read_in_silence(
    engine: LocalEngine, tmp_path: Path, listener: socket.socket, kind: str
) -> None:
    make, came = CALLING[kind]

    assert came in await outcome(engine, make(tmp_path / "a", address(listener)))
    assert is_silent(listener)


@pytest.mark.requirement("OCR-REMOTE-01")
def test_the_listener_would_hear_a_caller(listener: socket.socket) -> None:
    with socket.create_connection(listener.getsockname()):
        assert not is_silent(listener)


@pytest.mark.requirement("OCR-OOXML-02")
@pytest.mark.parametrize("part", MAKE)
async def test_a_damaged_or_swollen_office_file_fails_alone(tmp_path: Path, part: str) -> None:
    small = LocalEngine(Limits(unpacked_bytes=2_000_000), workers=1)
    file = MAKE[part](tmp_path / "named.txt")
    read = [await outcome(small, file)]
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    read.append(await outcome(small, file))
    file.write_bytes(whole)
    rewritten(file, part, b"</", b"<")
    read.append(await outcome(small, file))
    file.write_bytes(whole)
    rewritten(file, part, b"</", b" " * 3_000_000 + b"</")
    read.append(await outcome(small, file))
    await small.close()

    assert SEEN in read[0]
    assert read[1:3] == ["damaged"] * 2
    assert read[3] == "too_large"


@pytest.mark.requirement("OCR-SCAN-11")
async def test_a_webp_picture_is_recognised(engine: LocalEngine, tmp_path: Path) -> None:
    file = tmp_path / "photo.pdf"
    scan("Invoice 2026-118").save(file, "WEBP", lossless=True)

    outline, (page,) = await read_all(engine, file)

    assert outline.media_type == "image/webp"
    assert texts(page) == ["Invoice 2026-118"]


@pytest.mark.requirement("OCR-SCAN-11")
async def test_a_webp_picture_has_the_same_bounds(tmp_path: Path) -> None:
    small = LocalEngine(Limits(image_pixels=10_000), workers=1)
    file = tmp_path / "a"
    scan("Invoice 2026-118").save(file, "WEBP")
    read = await outcome(small, file)
    await small.close()

    assert read == "too_large"
