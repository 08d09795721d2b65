"""Media types of the files that can be read, their suffixes, and whether a name tells the truth.

The content decides what a file is. Its name is only held against it.
"""

from collections.abc import Mapping
from pathlib import PurePath
from types import MappingProxyType

PDF = "application/pdf"
PNG = "image/png"
JPEG = "image/jpeg"
WEBP = "image/webp"
TIFF = "image/tiff"
_OOXML = "application/vnd.openxmlformats-officedocument."
DOCX = f"{_OOXML}wordprocessingml.document"
XLSX = f"{_OOXML}spreadsheetml.sheet"
PPTX = f"{_OOXML}presentationml.presentation"
HTML = "text/html"
MAIL = "message/rfc822"
XML = "application/xml"
CSV = "text/csv"
TEXT = "text/plain"

SUFFIXES: Mapping[str, str] = MappingProxyType(
    {
        ".pdf": PDF,
        ".png": PNG,
        ".jpg": JPEG,
        ".jpeg": JPEG,
        ".jpe": JPEG,
        ".jfif": JPEG,
        ".webp": WEBP,
        ".tif": TIFF,
        ".tiff": TIFF,
        ".docx": DOCX,
        ".xlsx": XLSX,
        ".pptx": PPTX,
        ".html": HTML,
        ".htm": HTML,
        ".eml": MAIL,
        ".xml": XML,
        ".csv": CSV,
        ".tsv": CSV,
        ".txt": TEXT,
        ".md": TEXT,
    }
)
"""What each suffix promises. Markdown is plain text: nothing in it says otherwise."""
_ARE: Mapping[str, str] = MappingProxyType(
    {
        PDF: "a PDF",
        PNG: "a PNG picture",
        JPEG: "a JPEG picture",
        WEBP: "a WebP picture",
        TIFF: "a TIFF picture",
        DOCX: "a DOCX document",
        XLSX: "an XLSX workbook",
        PPTX: "a PPTX presentation",
        HTML: "a web page",
        MAIL: "a mail",
        XML: "XML",
        CSV: "a table as text",
        TEXT: "plain text",
    }
)
_OTHERS = frozenset(
    f".{name}"
    for name in (
        *("doc", "xls", "ppt", "rtf", "odt", "ods", "odp", "pages", "msg"),
        *("gif", "bmp", "heic", "svg", "zip", "json", "exe"),
    )
)
"""Suffixes of well-known kinds that cannot be read."""
_WRITTEN = frozenset({HTML, XML, CSV, TEXT})
"""Told apart by how their text looks, which is not always beyond doubt."""
_MARKED_UP = frozenset({HTML, XML})


def misnamed(filename: str, media_type: str) -> str | None:
    """A phrase for a file whose suffix promises something else than what it is, else None.

    A suffix that promises nothing is nobody's lie, and neither is one kind of text for another -
    but for a table that turns out to be a web page or XML, as some banks send it.
    """
    suffix = PurePath(filename).suffix.lower()
    promised = SUFFIXES.get(suffix)
    if media_type not in _ARE or (promised is None and suffix not in _OTHERS):
        return None
    if promised == media_type:
        return None
    if {promised, media_type} <= _WRITTEN and not (promised == CSV and media_type in _MARKED_UP):
        return None
    return f"named {suffix}, but is {_ARE[media_type]}"
