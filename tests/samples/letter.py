"""A letter in DOCX: sender, recipient, reference, an amount in a sentence, and a small table."""

import zipfile
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import docx
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.shared import Mm, Pt

WRITTEN = datetime(2026, 10, 19, 9, 0, tzinfo=UTC)
EPOCH = (1980, 1, 1, 0, 0, 0)
TABLE = [
    ("Instalment", "Due date", "Amount"),
    ("1", "01.11.2026", "1,250.00 EUR"),
    ("2", "01.12.2026", "1,250.00 EUR"),
    ("3", "02.01.2027", "1,340.00 EUR"),
]


def write_letter(file: Path) -> None:
    document = docx.Document()
    document.core_properties.author = "Hansen & Thode Property Management"
    document.core_properties.created = document.core_properties.modified = WRITTEN
    document.styles["Normal"].font.name = "Calibri"
    document.styles["Normal"].font.size = Pt(11)
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin = section.right_margin = Mm(25)
    section.header.paragraphs[0].text = "Hansen & Thode Property Management"
    section.footer.paragraphs[
        0
    ].text = "Hansen & Thode · Am Sandtor 41 · 20457 Hamburg · +49 40 555 0177"

    _block(document, "Hansen & Thode Property Management", "Am Sandtor 41", "20457 Hamburg")
    _block(document, "Mr Emil Larsson", "Fischmarkt 15", "22767 Hamburg")
    date = document.add_paragraph("Hamburg, 19 October 2026")
    date.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    subject = document.add_paragraph()
    subject.add_run(
        "Our reference: HT-2026-1183\nPayment plan for the 2025 service charges"
    ).bold = True
    document.add_paragraph("Dear Mr Larsson,")
    document.add_paragraph(
        "Thank you for your call on 15 October 2026. As agreed, the outstanding amount of "
        "3,840.00 EUR for the flat at Fischmarkt 15, second floor left, may be paid in three "
        "instalments:"
    )
    table = document.add_table(rows=0, cols=3, style="Light Grid Accent 1")
    for values in TABLE:
        for cell, value in zip(table.add_row().cells, values, strict=True):
            cell.text = value

    document.add_paragraph()
    document.add_paragraph(
        "Please use the account DE02 2005 0550 1015 8719 52 and quote our reference. No interest "
        "is charged as long as each instalment arrives by its due date."
    )
    document.add_paragraph("Yours sincerely,")
    document.add_paragraph("Wiebke Thode")
    packed = BytesIO()
    document.save(packed)
    file.write_bytes(_undated(packed))


def _block(document: "docx.document.Document", *lines: str) -> None:
    paragraph = document.add_paragraph("\n".join(lines))
    paragraph.paragraph_format.space_after = Pt(18)


def _undated(packed: BytesIO) -> bytes:
    """The same archive without the time of its making."""
    undated = BytesIO()
    with zipfile.ZipFile(packed) as source, zipfile.ZipFile(undated, "w") as target:
        for part in source.infolist():
            entry = zipfile.ZipInfo(part.filename, EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(entry, source.read(part))

    return undated.getvalue()
