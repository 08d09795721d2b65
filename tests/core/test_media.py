"""Names that promise another kind of file."""

import pytest

from stackdocs_mcp.core import media
from stackdocs_mcp.ocr.formats import KINDS


@pytest.mark.requirement("OCR-NAME-01")
@pytest.mark.parametrize(
    ("name", "media_type", "said"),
    [
        ("a.pdf", media.PNG, "named .pdf, but is a PNG picture"),
        ("a.JPG", media.PNG, "named .jpg, but is a PNG picture"),
        ("mail.eml/a.png", media.PDF, "named .png, but is a PDF"),
        ("a.xlsx", media.DOCX, "named .xlsx, but is a DOCX document"),
        ("a.doc", media.DOCX, "named .doc, but is a DOCX document"),
        ("a.xls", media.CSV, "named .xls, but is a table as text"),
        ("a.csv", media.HTML, "named .csv, but is a web page"),
        ("a.txt", media.PDF, "named .txt, but is a PDF"),
        ("a.txt", media.MAIL, "named .txt, but is a mail"),
        ("a.pdf", media.TEXT, "named .pdf, but is plain text"),
    ],
)
def test_a_name_that_promises_something_else_is_said(name: str, media_type: str, said: str) -> None:
    assert media.misnamed(name, media_type) == said


@pytest.mark.requirement("OCR-NAME-01")
@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("a.jpeg", media.JPEG),
        ("a.jfif", media.JPEG),
        ("a.jpe", media.JPEG),
        ("a.PDF", media.PDF),
        ("a.txt", media.CSV),
        ("a.csv", media.TEXT),
        ("a.md", media.TEXT),
        ("a.md", media.HTML),
        ("a.html", media.XML),
        ("a.html", media.TEXT),
        ("README", media.TEXT),
        ("invoice", media.PDF),
        ("No. 2026.118", media.PDF),
        ("a.pdf", "application/x-unknown"),
    ],
)
def test_a_name_that_is_right_or_promises_nothing_is_not(name: str, media_type: str) -> None:
    assert media.misnamed(name, media_type) is None


@pytest.mark.requirement("OCR-NAME-01")
def test_each_kind_that_can_be_read_has_a_suffix_and_a_name() -> None:
    assert {kind.media_type for kind in KINDS} == set(media.SUFFIXES.values())
    assert [kind.name for kind in KINDS if media.misnamed("a.exe", kind.media_type) is None] == []
