"""What a mail consists of: the text that its reader sees first, and the files that came with it.

* Of alternatives the plain text is taken, unless the web page says more than twice as much: then
  the plain one only says that there is a web page. Files of either are kept.
* A picture within the text is a file of its own when it can be a page: 500 pixels on both sides.
  Smaller ones are logos. One that the sender attached always is a file.
* A mail in a mail is a file. The signature of a signed mail is not.
* What is encrypted stays closed.
"""

import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from email.errors import MessageError
from email.message import Message
from io import BytesIO

from PIL import Image

from stackdocs_mcp.ocr import clean, formats, mail_text, route, web
from stackdocs_mcp.ocr.failures import Unreadable
from stackdocs_mcp.ocr.wire import SentLine, unplaced

_PAGE_SIDE = 500
_STUB = 2
_LOCKED = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})
_PGP = "-----BEGIN PGP MESSAGE-----"
_MAILS = frozenset({"message/rfc822", "message/global"})
_UNNAMED = re.compile(r"[/\\:\s]+")


@dataclass(slots=True)
class Contents:
    """Lines to be read, the parts that are files, and whether something is encrypted."""

    lines: list[SentLine] = field(default_factory=list)
    files: list[Message] = field(default_factory=list)
    encrypted: bool = False
    plain: bool = True
    """No line comes from a web page."""

    def add(self, other: "Contents") -> None:
        self.lines += other.lines
        self.files += other.files
        self.encrypted |= other.encrypted
        self.plain &= other.plain

    @property
    def letters(self) -> int:
        """How many letters and digits can be seen."""
        return sum(route.alphanumerics(text) for text, _, hidden, _ in self.lines if not hidden)


@dataclass(frozen=True, slots=True)
class File:
    """A file that came with a mail; ``kind`` is the reason where it cannot be read."""

    name: str
    content: bytes
    kind: formats.Kind | str


def contents(part: Message) -> Contents:
    """All of a mail, or of a part of one. As deep as the parser went, which is not far."""
    kind = part.get_content_type()
    if part.is_multipart() and part.get_content_maintype() == "multipart":
        return _several(kind, [one for one in _parts(part) if isinstance(one, Message)])
    if kind in _LOCKED and part.get_param("smime-type") != "signed-data":
        return Contents(encrypted=True)
    if kind in _MAILS or not _is_text(part):
        return Contents(files=[part] if _is_file(part) else [])
    if kind == "text/html":
        return _page(part)
    return _text(part)


def files(parts: Sequence[Message]) -> list[File]:
    """The parts with their names and bytes; those without a name are called by their number."""
    return [_file(part, number) for number, part in enumerate(parts, 1)]


def _several(kind: str, parts: Sequence[Message]) -> Contents:
    if kind == "multipart/encrypted":
        return Contents(encrypted=True)
    if kind == "multipart/signed":
        parts = parts[:1]
    if kind == "multipart/alternative":
        return _chosen([contents(part) for part in parts])
    found = Contents()
    for part in parts:
        found.add(contents(part))
    return found


def _chosen(options: Sequence[Contents]) -> Contents:
    """One of several ways to say the same, with what is attached to any of them."""
    texts = [option for option in options if option.letters]
    plain = next((option for option in texts if option.plain), None)
    page = next((option for option in reversed(texts) if not option.plain), None)
    best = plain or page
    if plain and page and plain.letters * _STUB < page.letters:
        best = page
    return Contents(
        lines=best.lines if best else [],
        files=[
            file
            for option in options
            for file in option.files
            if best is None or not _says_the_same(file)
        ],
        encrypted=any(option.encrypted for option in options),
        plain=best is plain,
    )


def _says_the_same(part: Message) -> bool:
    """Another form of the text, such as an entry for a calendar, and not a file."""
    return part.get_content_maintype() == "text" and not _is_named(part)


def _text(part: Message) -> Contents:
    text = mail_text.body(part)
    if text.lstrip().startswith(_PGP):
        return Contents(encrypted=True)
    return Contents([unplaced(line) for line in clean.pieces(text)])


def _page(part: Message) -> Contents:
    """A web page; one that cannot be read is a file, which then says why."""
    try:
        lines = web.lines(mail_text.content(part), mail_text.encoding(part))
    except Unreadable:
        return Contents(files=[part])
    return Contents(lines, plain=False)


def _is_text(part: Message) -> bool:
    """To be shown, and not a file that happens to be text."""
    if part.get_content_disposition() == "attachment" or _is_named(part):
        return False
    kind = part.get_content_type()
    return (
        kind in ("text/plain", "text/html")
        or part.get_content_maintype() in ("multipart", "message")  # of which the parser made text
    )


def _is_named(part: Message) -> bool:
    return part.get_content_type() in _MAILS or bool(mail_text.file_name(part))


def _is_file(part: Message) -> bool:
    if part.get_content_maintype() != "image":
        return True
    return part.get_content_disposition() == "attachment" or _is_page(mail_text.content(part))


def _is_page(content: bytes) -> bool:
    """A picture, by its head, that is large enough to be of a paper."""
    warnings.simplefilter("ignore")
    try:
        with Image.open(BytesIO(content)) as picture:
            return min(picture.size) >= _PAGE_SIDE
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return True  # it fails as a document of its own, and says why


def _file(part: Message, number: int) -> File:
    if part.get_content_type() in _MAILS:
        return _mail(part, number)
    content = mail_text.content(part)
    kind = formats.recognise(BytesIO(content))
    named = mail_text.file_name(part)
    ending = kind.suffixes[0] if isinstance(kind, formats.Kind) else ""
    name = clean.file_name(named) if clean.line(named) else f"attachment-{number}{ending}"
    return File(name, content, kind)


def _mail(part: Message, number: int) -> File:
    """A mail that was forwarded as it was, called by its subject if it has no name."""
    inner = next((one for one in _parts(part) if isinstance(one, Message)), None)
    content, subject = b"", ""
    if inner is not None:
        subject = clean.line(_UNNAMED.sub(" ", mail_text.field(inner, "subject")))
        try:
            content = inner.as_bytes()
        except (MessageError, ValueError, LookupError, TypeError, AttributeError):
            return File(subject or f"attachment-{number}.eml", b"", "damaged")
    name = mail_text.file_name(part) or f"{subject or f'attachment-{number}'}.eml"
    return File(clean.file_name(name), content, formats.recognise(BytesIO(content)))


def _parts(part: Message) -> Sequence[object]:
    payload = part.get_payload()
    return payload if isinstance(payload, list) else []
