"""Small documents made for the tests."""

import hashlib
import zipfile
import zlib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import docx
import openpyxl
import pptx
import reportlab
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from docx.document import Document
from openpyxl.worksheet.worksheet import Worksheet
from PIL import Image, ImageDraw, ImageFont
from reportlab.lib import pdfencrypt
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

Slide: TypeAlias = Any
"""Of python-pptx, whose own types do not tell what it does."""
FONT = Path(reportlab.__file__).parent / "fonts" / "Vera.ttf"
PAGE = 300.0, 400.0
CONTENT = b"/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>"
SCANNED = ("Invoice 2026-118", "Amount due 74.50 EUR", "Payable by 30 June")


def pdf(file: Path, *draw: Callable[[Canvas], None], size: tuple[float, float] = PAGE) -> Path:
    """A PDF with one page for each function that draws one."""
    canvas = Canvas(str(file), pagesize=size, invariant=1)
    for page in draw:
        page(canvas)
        canvas.showPage()
    canvas.save()
    return file


def lines(
    *texts: str, x: float = 30, top: float = 370, size: float = 11
) -> Callable[[Canvas], None]:
    """Draws lines of text, 16 points apart."""

    def draw(canvas: Canvas) -> None:
        canvas.setFont("Helvetica", size)
        for index, text in enumerate(texts):
            canvas.drawString(x, top - 16 * index, text)

    return draw


def scan(*texts: str, turned: int = 0, size: tuple[int, int] = (520, 240)) -> Image.Image:
    """A picture of text, turned clockwise."""
    picture = Image.new("L", size, 244)
    pen = ImageDraw.Draw(picture)
    font = ImageFont.truetype(FONT, 30)
    for index, text in enumerate(texts):
        pen.text((30, 30 + 62 * index), text, 30, font)
    return picture.rotate(-turned, expand=True)


def picture_at(
    picture: Image.Image, x: float, y: float, width: float, height: float
) -> Callable[[Canvas], None]:
    def draw(canvas: Canvas) -> None:
        canvas.drawImage(ImageReader(picture), x, y, width, height)

    return draw


def both(*draw: Callable[[Canvas], None]) -> Callable[[Canvas], None]:
    def all_of_them(canvas: Canvas) -> None:
        for each in draw:
            each(canvas)

    return all_of_them


def assembled(file: Path, objects: Sequence[bytes], trailing: bytes = b"") -> Path:
    """A PDF of these objects, numbered from 1; the first is the catalogue."""
    body, offsets = b"%PDF-1.7\n", []
    for number, content in enumerate(objects, 1):
        offsets.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    count = len(objects) + 1
    body += b"xref\n0 %d\n0000000000 65535 f \n%s" % (count, table)
    trailer = b"trailer\n<</Size %d/Root 1 0 R%s>>\nstartxref\n%d\n%%%%EOF\n"
    file.write_bytes(body + trailer % (count, trailing, body.index(b"xref\n0 ")))
    return file


def stream(data: bytes, extra: bytes = b"") -> bytes:
    return b"<<%s/Length %d>>\nstream\n%s\nendstream" % (extra, len(data), data)


def rotated(file: Path, degrees: int, matrix: bytes, text: bytes) -> Path:
    """A page of 300 by 400 points that viewers turn clockwise, with one line of text."""
    return assembled(
        file,
        [
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 400]/Rotate %d%s" % (degrees, CONTENT),
            stream(b"BT /F 11 Tf %s Tm (%s) Tj ET" % (matrix, text)),
            b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        ],
    )


def locked_with_aes(file: Path, user: str, owner: str) -> Path:
    """One line of text, encrypted with AES (ISO 32000-1, 7.6, revision 4)."""
    identity, allowed = b"0123456789abcdef", -44
    owner_key = pdfencrypt.computeO(user, owner, 3)
    key = pdfencrypt.encryptionkey(user, owner_key, allowed, identity, 3)
    user_key = pdfencrypt.computeU(key, revision=3, documentId=identity)
    number, salt = b"\x04\0\0\0\0", b"sAlT"
    own_key = hashlib.md5(key + number + salt, usedforsecurity=False).digest()
    content = b"BT /F 11 Tf 30 300 Td (Only some may read this) Tj ET"
    rest = 16 - len(content) % 16
    cipher = Cipher(algorithms.AES(own_key), modes.CBC(identity)).encryptor()
    packed = cipher.update(content + bytes([rest]) * rest) + cipher.finalize()
    lock = (
        b"<</Filter/Standard/V 4/R 4/Length 128/P %d/O<%s>/U<%s>"
        b"/CF<</StdCF<</CFM/AESV2/AuthEvent/DocOpen/Length 16>>>>/StmF/StdCF/StrF/StdCF>>"
    ) % (allowed, owner_key.hex().encode(), user_key.hex().encode())
    return assembled(
        file,
        [
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 400]" + CONTENT,
            stream(identity + packed),
            b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
            lock,
        ],
        b"/Encrypt 6 0 R/ID[<%s><%s>]" % (identity.hex().encode(), identity.hex().encode()),
    )


def form(file: Path, value: bytes, *, lines: bool = False) -> Path:
    """A filled-in field whose look is left to the viewer, as most programs leave it.

    With ``lines`` it has several, and another text stands beside the second.
    """
    font = b"/Font<</F 5 0 R>>"
    beside = b" 110 -26 Td (Date 4 May) Tj" if lines else b""
    return assembled(
        file,
        [
            b"<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[6 0 R]/NeedAppearances true"
            b"/DA(/F 10 Tf 0 g)/DR<<%s>>>>>>" % font,
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 400]/Annots[6 0 R]" + CONTENT,
            stream(b"BT /F 11 Tf 30 370 Td (Name of the applicant:) Tj%s ET" % beside),
            b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
            b"<</Type/Annot/Subtype/Widget/FT/Tx/T(applicant)/V(%s)/F 4/Ff %d"
            b"/DA(/F 10 Tf 0 g)/Rect[%s]/P 3 0 R>>"
            % (value, lines << 12, b"20 330 130 360" if lines else b"170 364 290 382"),
        ],
    )


def lone_surrogate(file: Path) -> Path:
    """Its font says that the letter B means half of a surrogate pair."""
    mapping = b"begincmap\n2 beginbfchar\n<41> <0041>\n<42> <D800>\nendbfchar\nendcmap"
    return assembled(
        file,
        [
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]" + CONTENT,
            stream(b"BT /F 6 Tf 30 100 Td (%s) Tj ET" % (b"A" * 40 + b"B" + b"A" * 40)),
            b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/ToUnicode 6 0 R>>",
            stream(mapping),
        ],
    )


def flate_bomb(file: Path, megabytes: int) -> Path:
    """A page whose content unpacks to as many megabytes of white space."""
    packer = zlib.compressobj(9)
    spaces = b" " * 1_000_000
    packed = b"".join(packer.compress(spaces) for _ in range(megabytes)) + packer.flush()
    return assembled(
        file,
        [
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]/Contents 4 0 R>>",
            stream(packed, b"/Filter/FlateDecode"),
        ],
    )


def word(file: Path, build: Callable[[Document], None]) -> Path:
    document = docx.Document()
    build(document)
    document.save(str(file))
    return file


def workbook(file: Path, *build: Callable[[Worksheet], None]) -> Path:
    """An XLSX file with one sheet for each function that fills one."""
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for fill in build:
        fill(book.create_sheet())
    book.save(file)
    return file


def deck(file: Path, *build: Callable[[Slide], None]) -> Path:
    """A PPTX file with one empty slide for each function that fills one."""
    presentation = pptx.Presentation()
    for fill in build:
        fill(presentation.slides.add_slide(presentation.slide_layouts[6]))
    presentation.save(str(file))
    return file


def rewritten(file: Path, part: str, old: bytes, new: bytes) -> Path:
    """The zip archive with some bytes of one part replaced. All but ``part`` stays."""
    with zipfile.ZipFile(file) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts[part] = parts[part].replace(old, new)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return file


def tiff(file: Path, frames: Iterable[Image.Image]) -> Path:
    first, *others = frames
    first.save(file, "TIFF", save_all=True, append_images=others, dpi=(144, 144))
    return file
