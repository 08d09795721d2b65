"""Files that want to harm: bombs, cycles, cut and two-faced files. Each small, made when needed."""

import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

from docx.document import Document
from PIL import Image

from tests.ocr.documents import assembled, lines, lone_surrogate, pdf, stream, word

SEEN = "seen text"
_PAGE = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]"
_FONT = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"
_CATALOGUE = b"<</Type/Catalog/Pages 2 0 R>>"


def _packed(megabytes: int, filler: bytes = b" ") -> bytes:
    """Deflated; one megabyte is packed and then repeated, so that the sum at the end is wrong."""
    packer, block = zlib.compressobj(9), filler * 1_000_000
    first, again = [packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH) for _ in range(2)]
    return first + again * (megabytes - 1) + packer.flush()


def _with_content(file: Path, content: bytes) -> Path:
    one = b"<</Type/Pages/Kids[3 0 R]/Count 1>>"
    return assembled(file, [_CATALOGUE, one, _PAGE + b"/Contents 4 0 R>>", content])


def bomb_twice_packed(file: Path) -> Path:
    """Two gigabytes of spaces in a few kilobytes."""
    twice = zlib.compress(_packed(2_000), 9)
    return _with_content(file, stream(twice, b"/Filter[/FlateDecode/FlateDecode]"))


def twenty_thousand_pages(file: Path) -> Path:
    """A tree whose leaves are a hundred times the same hundred times the same page, twice."""
    fold = b"<</Type/Pages/Count %d/Kids[" + b"%d 0 R " * 100 + b"]>>"
    return assembled(
        file,
        [
            _CATALOGUE,
            b"<</Type/Pages/Count 20000/Kids[3 0 R 3 0 R]>>",
            fold % (10_000, *[4] * 100),
            fold % (100, *[5] * 100),
            _PAGE + b">>",
        ],
    )


def page_tree_without_end(file: Path) -> Path:
    return assembled(file, [_CATALOGUE, b"<</Type/Pages/Count 9/Kids[2 0 R 2 0 R]/Parent 2 0 R>>"])


def table_that_names_itself(file: Path) -> Path:
    """The previous table of the cross-reference table is the same one."""
    content = pdf(file, lines(SEEN)).read_bytes()
    start = content.rindex(b"startxref")
    offset = int(content[start:].split()[1])
    content = content.replace(b"trailer\n<<", b"trailer\n<< /Prev %d" % offset)
    file.write_bytes(content)
    return file


def half_a_pdf(file: Path) -> Path:
    content = pdf(file, lines(SEEN)).read_bytes()
    file.write_bytes(content[: len(content) // 2])
    return file


def nested_arrays(file: Path) -> Path:
    depth = 100_000
    return _with_content(file, b"[" * depth + b"]" * depth)


def form_that_draws_itself(file: Path) -> Path:
    own = b"/Type/XObject/Subtype/Form/BBox[0 0 300 200]/Resources<</XObject<</X 4 0 R>>>>"
    drawing = _PAGE + b"/Contents 5 0 R/Resources<</XObject<</X 4 0 R>>>>>>"
    one = b"<</Type/Pages/Kids[3 0 R]/Count 1>>"
    return assembled(
        file, [_CATALOGUE, one, drawing, stream(b"/X Do /X Do", own), stream(b"/X Do")]
    )


def pdf_and_archive(file: Path) -> Path:
    """A PDF to those who read from the start, a DOCX to those who read from the end."""
    first = pdf(file, lines(SEEN)).read_bytes()

    def write(document: Document) -> None:
        document.add_paragraph("other text")

    word(file, write)
    file.write_bytes(first + file.read_bytes())
    return file


def web_page_and_pdf(file: Path) -> Path:
    """The head of a PDF may stand within the first kilobyte."""
    content = pdf(file, lines("other text")).read_bytes()
    file.write_bytes(b"<!DOCTYPE html><html><body><p>" + SEEN.encode() + b"</p><!--\n" + content)
    return file


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _png(width: int, height: int, *chunks: bytes) -> bytes:
    head = _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(chunks) + _chunk(b"IEND", b"")


def vast_png(file: Path) -> Path:
    """50,000 by 50,000 pixels in 300 kilobytes."""
    file.write_bytes(_png(50_000, 50_000, _chunk(b"IDAT", _packed(312, b"\0"))))
    return file


def png_with_a_text_bomb(file: Path) -> Path:
    row = zlib.compress(b"\0\xff" * 8)
    text = _chunk(b"zTXt", b"Comment\0\0" + _packed(500))
    file.write_bytes(_png(8, 8, text, _chunk(b"IDAT", row)))
    return file


def vast_jpeg(file: Path) -> Path:
    """Says that it has 65,500 by 65,500 pixels."""
    packed = io.BytesIO()
    Image.new("RGB", (16, 16)).save(packed, "JPEG")
    content = bytearray(packed.getvalue())
    size = content.index(b"\xff\xc0") + 5
    content[size : size + 4] = struct.pack(">HH", 65_500, 65_500)
    file.write_bytes(content)
    return file


def vast_webp(file: Path) -> Path:
    """Says that it has 16,383 by 16,383 pixels."""
    packed = io.BytesIO()
    Image.new("RGB", (16, 16)).save(packed, "WEBP")
    content = bytearray(packed.getvalue())
    size = content.index(b"\x9d\x01\x2a") + 3
    content[size : size + 4] = struct.pack("<HH", 16_383, 16_383)
    file.write_bytes(content)
    return file


def _tiff(*entries: tuple[int, int, int, int], following: int = 0) -> bytes:
    """A directory of entries: tag, type, count and value."""
    packed = b"".join(struct.pack("<HHII", *entry) for entry in sorted(entries))
    return struct.pack("<H", len(entries)) + packed + struct.pack("<I", following)


def vast_fax(file: Path) -> Path:
    """A black-and-white fax of 60,000 by 60,000 pixels in a few bytes."""
    tags = [(256, 4, 1, 60_000), (257, 4, 1, 60_000), (258, 3, 1, 1), (259, 3, 1, 4)]
    tags += [(262, 3, 1, 0), (273, 4, 1, 8), (277, 3, 1, 1), (278, 4, 1, 60_000), (279, 4, 1, 8)]
    file.write_bytes(b"II*\0" + struct.pack("<I", 16) + b"\xff" * 8 + _tiff(*tags))
    return file


def many_frames(file: Path, count: int = 65_000) -> Path:
    tags = [(256, 4, 1, 8), (257, 4, 1, 8), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1)]
    tags += [(273, 4, 1, 8), (277, 3, 1, 1), (278, 4, 1, 8), (279, 4, 1, 64)]
    start, size = 72, len(_tiff(*tags))
    frames = [_tiff(*tags, following=start + size * (n + 1)) for n in range(count - 1)]
    head = b"II*\0" + struct.pack("<I", start) + b"\xff" * 64
    file.write_bytes(head + b"".join(frames) + _tiff(*tags))
    return file


def frames_in_a_circle(file: Path) -> Path:
    tags = [(256, 4, 1, 8), (257, 4, 1, 8), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1)]
    tags += [(273, 4, 1, 8), (277, 3, 1, 1), (278, 4, 1, 8), (279, 4, 1, 64)]
    file.write_bytes(b"II*\0" + struct.pack("<I", 72) + b"\xff" * 64 + _tiff(*tags, following=72))
    return file


_TYPES = "[Content_Types].xml", b"wordprocessingml.document.main+xml"


def _office(file: Path, *parts: tuple[str, bytes]) -> Path:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in (_TYPES, *parts):
            archive.writestr(name, content)
    return file


def swollen_archive(file: Path) -> Path:
    return _office(file, ("word/document.xml", b" " * 30_000_000))


def archives_in_archives(file: Path) -> Path:
    inner = b" " * 1_000_000
    for depth in range(6):
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for copy in range(8):
                archive.writestr(f"{depth}-{copy}.zip", inner)
        inner = packed.getvalue()
    return _office(file, ("word/document.xml", b"<w/>"), ("word/embedded.zip", inner))


def archive_that_lies(file: Path) -> Path:
    """Its directory says that the text unpacks to 100 bytes."""
    _office(file, ("word/document.xml", b" " * 50_000_000))
    content = bytearray(file.read_bytes())
    for mark, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        place = content.rindex(mark)
        content[place + offset : place + offset + 4] = struct.pack("<I", 100)
    file.write_bytes(content)
    return file


def billion_laughs(file: Path) -> Path:
    layers = "".join(f"<!ENTITY l{n} '{f'&l{n - 1};' * 10}'>" for n in range(1, 10))
    file.write_text(f"<?xml version='1.0'?><!DOCTYPE x [<!ENTITY l0 'ha'>{layers}]><x>&l9;</x>")
    return file


def deep_xml(file: Path) -> Path:
    depth = 100_000
    file.write_text("<?xml version='1.0'?>" + "<a>" * depth + SEEN + "</a>" * depth)
    return file


def deep_web_page(file: Path) -> Path:
    file.write_text("<!DOCTYPE html><html><body>" + "<div>" * 100_000 + SEEN)
    return file


def deep_document(file: Path) -> Path:
    space = b"http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    depth = 100_000
    table = b"<w:tbl><w:tr><w:tc>" * depth + b"</w:tc></w:tr></w:tbl>" * depth
    body = b'<w:document xmlns:w="%s"><w:body>%s</w:body></w:document>' % (space, table)
    return _office(file, ("word/document.xml", body))


OUTCOMES: dict[Callable[[Path], Path], str] = {
    bomb_twice_packed: "crashed",
    twenty_thousand_pages: "too_large",
    page_tree_without_end: "",
    table_that_names_itself: SEEN,
    half_a_pdf: "damaged",
    nested_arrays: "",
    form_that_draws_itself: "crashed",
    pdf_and_archive: SEEN,
    web_page_and_pdf: "other text",
    lone_surrogate: "A" * 80,
    vast_png: "too_large",
    png_with_a_text_bomb: "damaged",
    vast_jpeg: "too_large",
    vast_webp: "too_large",
    vast_fax: "too_large",
    many_frames: "too_large",
    frames_in_a_circle: "",
    swollen_archive: "too_large",
    archives_in_archives: "damaged",
    archive_that_lies: "damaged",
    billion_laughs: "damaged",
    deep_xml: "damaged",
    deep_web_page: "damaged",
    deep_document: "too_large",
}
"""The text that such a file is read as, on all of its pages, or why it is refused."""
