"""The kinds of files that can be read, told apart by content and never by name.

Adding a kind is a row in ``KINDS`` and a converter module: ``pages(file, task)`` gives
an Outline, then a Read or a Picture with its bitmap for each page that is not in ``task.skip``.
"""

import codecs
import re
import zipfile
import zlib
from dataclasses import dataclass
from io import BytesIO
from os import SEEK_END
from typing import BinaryIO

from stackdocs_mcp.core import media
from stackdocs_mcp.ocr import charset, delimiter

HEAD = 4_096
"""Bytes that are looked at to tell the kind of a file."""
SAMPLE = 65_536
"""Bytes that are looked at to tell a table from a text."""
_TAIL = 256
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED_OOXML = "EncryptedPackage".encode("utf-16-le")
_OUTLOOK_MAIL = "__nameid_version1.0".encode("utf-16-le")
"""The storage of named properties, one in each MSG file ([MS-OXMSG] 2.2.3)."""
_WEB = re.compile(rb"<!doctype\s+html\b|<html\b", re.IGNORECASE)
_WEB_PART = re.compile(
    rb"<(?:head|body|div|p|table|section|article|main|h[1-6]|span|meta|ul|ol|center|font|b|a|style"
    rb"|title|form)\b[^<>]*>",
    re.IGNORECASE,
)
_XML = re.compile(rb"<!doctype\s|<[a-z_][\w.:-]*(?:\s[^<>]*)?>", re.IGNORECASE)
_XML_END = re.compile(rb"(?:</[\w.:-]+\s*>|/>|-->)\s*\Z")
_DRAWING = re.compile(rb"(?:<!doctype\s+svg\b|<(?:\w+:)?svg\b)", re.IGNORECASE)
_OTHER_TEXT = re.compile(rb"\s*(\{\\rtf|%!PS)")
_HEADER = re.compile(rb"([!-9;-~]+)[ \t]*:[^\r\n]*(?:\r?\n[ \t][^\r\n]*)*(?:\r?\n|\r|\Z)")
_ENVELOPE = re.compile(rb"From [^\r\n]*\r?\n")
"""How a mail begins in a mailbox."""
_SENT = {b"received", b"return-path", b"mime-version", b"delivered-to", b"message-id"}
"""What no one but a mail program writes at the top of a text."""
_SHOWN = {b"from", b"to", b"cc", b"date", b"subject"}
_CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file and the module of this package that turns it into pages."""

    name: str
    media_type: str
    converter: str

    @property
    def suffixes(self) -> tuple[str, ...]:
        """What names of such files end with, the usual one first."""
        return tuple(suffix for suffix, kind in media.SUFFIXES.items() if kind == self.media_type)


PDF = Kind("PDF", media.PDF, "pdf")
PNG = Kind("PNG", media.PNG, "images")
JPEG = Kind("JPEG", media.JPEG, "images")
WEBP = Kind("WebP", media.WEBP, "images")
TIFF = Kind("TIFF", media.TIFF, "images")
DOCX = Kind("DOCX", media.DOCX, "word")
XLSX = Kind("XLSX", media.XLSX, "workbook")
PPTX = Kind("PPTX", media.PPTX, "slides")
HTML = Kind("HTML", media.HTML, "web")
EML = Kind("EML", media.MAIL, "mail")
XML = Kind("XML", media.XML, "markup")
CSV = Kind("CSV", media.CSV, "delimited")
TEXT = Kind("plain text (Markdown too)", media.TEXT, "plain")
KINDS = (PDF, PNG, JPEG, WEBP, TIFF, DOCX, XLSX, PPTX, HTML, EML, XML, CSV, TEXT)
_MAIN_PARTS = {
    b"wordprocessingml.document.main+xml": DOCX,
    b"spreadsheetml.sheet.main+xml": XLSX,
    b"presentationml.presentation.main+xml": PPTX,
}
SUFFIXES = frozenset(media.SUFFIXES)
"""What to look for in a folder. The content decides in the end."""
NAMES = ", ".join(kind.name for kind in KINDS[:-1]) + f" and {KINDS[-1].name}"


def is_hopeless(head: bytes) -> bool:
    """A file that begins like this is of no kind that can be read, whatever follows.

    Looks at the first 4,096 bytes alone, and opens nothing.
    """
    if not head or head.startswith((_OLE, b"PK\x03\x04")):
        return False
    begun = head[:HEAD]
    return _magic(begun, BytesIO(begun)) == "unsupported"


def recognise(file: BinaryIO) -> Kind | str:
    """The file's kind, or the reason (see ``failures.SAID``) why it has none."""
    head = file.read(HEAD)
    if not head:
        return "empty"
    if head.startswith(_OLE):
        return _old_office(file)
    if head.startswith(b"PK\x03\x04"):
        return _zipped(file)
    return _magic(head, file)


def _magic(head: bytes, file: BinaryIO) -> Kind | str:
    if b"%PDF-" in head[:1_024]:
        return PDF
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if head.startswith(b"\xff\xd8\xff"):
        return JPEG
    if head.startswith((b"II*\x00", b"MM\x00*")):
        return TIFF
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return WEBP
    return _text(head, file)


def _text(head: bytes, file: BinaryIO) -> Kind | str:
    """What can be read as text, by what stands at its beginning and at its end."""
    plain = _unmarked(head)
    if _OTHER_TEXT.match(plain) or len(_CONTROLS.findall(plain)) > len(plain) // 100:
        return "unsupported"
    root = _after_prologue(plain)
    if _WEB.match(root):
        return HTML
    if plain.lstrip().startswith(b"<?xml") or _XML.match(root):
        return _marked_up(plain, root, _tail(file))
    if _is_mail(plain):
        return EML
    file.seek(0)
    sample = file.read(SAMPLE)
    return CSV if delimiter.found(sketch(sample), is_cut=bool(file.read(1))) else TEXT


def _is_mail(head: bytes) -> bool:
    """It begins with the header of a mail (RFC 5322, 2.2).

    A memo that begins the same way is one too, as long as all of its header would be shown.
    """
    names = set[bytes]()
    envelope = _ENVELOPE.match(head)
    place = envelope.end() if envelope else 0
    while found := _HEADER.match(head, place):
        names.add(found[1].lower())
        place = found.end()
    if names & _SENT or {b"from", b"content-type"} <= names:
        return True
    return {b"from", b"to"} <= names <= _SHOWN and head[place : place + 1] in b"\r\n"


def sketch(sample: bytes) -> str:
    """The beginning of a text as far as delimiters and ends of lines go, in any encoding."""
    return _unmarked(sample).decode("latin-1")


def _unmarked(head: bytes) -> bytes:
    """The same in an encoding that has ASCII in it."""
    if charset.marked(head):
        head = charset.decoded(head).encode("utf-8", "replace")
    return head.removeprefix(codecs.BOM_UTF8)


def _after_prologue(head: bytes) -> bytes:
    """From the first thing on that is neither a declaration, a comment nor white space."""
    head = head.lstrip()
    while head.startswith((b"<?", b"<!--")):
        closing = b"?>" if head.startswith(b"<?") else b"-->"
        head = head.partition(closing)[2].lstrip()
    return head


def _marked_up(head: bytes, root: bytes, tail: bytes) -> Kind | str:
    """A part of a web page, XML, or a text that begins with a word in angle brackets."""
    if _DRAWING.match(root):
        return "unsupported"
    if head.lstrip().startswith(b"<?xml") or root.startswith(b"<!"):
        return XML
    if _WEB_PART.match(root):
        return HTML
    return XML if _XML_END.search(tail) else TEXT


def _tail(file: BinaryIO) -> bytes:
    """The last characters; those of sixteen bits lose the half that ASCII does not need."""
    file.seek(-min(_TAIL, file.seek(0, SEEK_END)), SEEK_END)
    return file.read().replace(b"\x00", b"")


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
    for part_name, kind in _MAIN_PARTS.items():
        if part_name in types:
            return kind
    return "unsupported"


def _old_office(file: BinaryIO) -> str:
    """OLE: the wrapper of an encrypted OOXML file, a mail of Outlook, or an office file of old."""
    file.seek(0)
    tail = b""
    while block := file.read(1_000_000):
        if _ENCRYPTED_OOXML in tail + block:
            return "encrypted_office"
        if _OUTLOOK_MAIL in tail + block:
            return "outlook_mail"
        tail = block[-max(len(_ENCRYPTED_OOXML), len(_OUTLOOK_MAIL)) :]
    return "legacy_office"
