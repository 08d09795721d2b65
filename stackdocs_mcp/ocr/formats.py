"""The kinds of files that can be read, told apart by content and never by name.

Adding a kind is a row in ``KINDS`` and a converter module: ``pages(document, skip, limits)`` gives
an Outline, then a Read or a Picture with its bitmap for each page that is not in ``skip``.
"""

import re
import zipfile
import zlib
from dataclasses import dataclass
from typing import BinaryIO

from stackdocs_mcp.ocr import charset

HEAD = 4_096
"""Bytes that are looked at to tell the kind of a file."""
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED_OOXML = "EncryptedPackage".encode("utf-16-le")
_MARKUP = re.compile(
    rb"\s*(<\?xml|<!doctype|<html|<head|<body|<svg|<!--|\{\\rtf|%!PS)", re.IGNORECASE
)
_MAIL = re.compile(
    rb"^(received|return-path|mime-version|delivered-to):", re.IGNORECASE | re.MULTILINE
)
_CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file and the module of this package that turns it into pages."""

    name: str
    media_type: str
    suffixes: tuple[str, ...]
    converter: str


PDF = Kind("PDF", "application/pdf", (".pdf",), "pdf")
PNG = Kind("PNG", "image/png", (".png",), "images")
JPEG = Kind("JPEG", "image/jpeg", (".jpg", ".jpeg"), "images")
TIFF = Kind("TIFF", "image/tiff", (".tif", ".tiff"), "images")
DOCX = Kind(
    "DOCX",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    (".docx",),
    "word",
)
TEXT = Kind("plain text", "text/plain", (".txt",), "plain")
KINDS = (PDF, PNG, JPEG, TIFF, DOCX, TEXT)
SUFFIXES = frozenset(suffix for kind in KINDS for suffix in kind.suffixes)
"""What to look for in a folder. The content decides in the end."""
NAMES = ", ".join(kind.name for kind in KINDS[:-1]) + f" and {KINDS[-1].name}"


def recognise(file: BinaryIO) -> Kind | str:
    """The file's kind, or the reason (see ``failures.SAID``) why it has none."""
    head = file.read(HEAD)
    if not head:
        return "empty"
    if head.startswith(_OLE):
        return _old_office(file)
    if head.startswith(b"PK\x03\x04"):
        return _zipped(file)
    return _magic(head)


def _magic(head: bytes) -> Kind | str:
    if b"%PDF-" in head[:1_024]:
        return PDF
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if head.startswith(b"\xff\xd8\xff"):
        return JPEG
    if head.startswith((b"II*\x00", b"MM\x00*")):
        return TIFF
    return TEXT if _is_text(head) else "unsupported"


def _is_text(head: bytes) -> bool:
    """Readable as text, and not markup or mail, which read badly without a converter."""
    if charset.marked(head):
        head = charset.decoded(head).encode("utf-8", "replace")
    if _MARKUP.match(head) or _MAIL.search(head):
        return False
    return len(_CONTROLS.findall(head)) <= len(head) // 100


def _zipped(file: BinaryIO) -> Kind | str:
    """Office Open XML, told by the content type of its main part (ECMA-376 part 2)."""
    try:
        with zipfile.ZipFile(file) as archive:
            part = archive.getinfo("[Content_Types].xml")
            if part.file_size > 1_000_000:
                return "unpacks_too_large"
            types = archive.read(part)
    except KeyError:
        return "unsupported"
    except (zipfile.BadZipFile, OSError, ValueError, RuntimeError, zlib.error):
        return "damaged"
    if b"wordprocessingml.document.main+xml" in types:
        return DOCX
    return "unsupported"


def _old_office(file: BinaryIO) -> str:
    """OLE: either the wrapper of an encrypted OOXML file, or an office file of the last century."""
    file.seek(0)
    tail = b""
    while block := file.read(1_000_000):
        if _ENCRYPTED_OOXML in tail + block:
            return "encrypted"
        tail = block[-len(_ENCRYPTED_OOXML) :]
    return "legacy_office"
