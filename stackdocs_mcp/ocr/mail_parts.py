"""What a mail consists of: the text that its reader sees first, and the files that came with it.

* Of alternatives the web page is taken, as mail programs do (RFC 2046, 5.1.4). What only the plain
  text says is kept as hidden lines. Files of either are kept.
* A picture within the text is a file of its own when it can be a page: 500 pixels on both sides.
  Smaller ones are logos, which are named. One that was attached, or that has a name and is not
  shown by the web page, always is a file.
* A mail in a mail is a file. The signature of a signed mail is not.
* What is encrypted stays closed.
"""

import re
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from email.errors import MessageError
from email.message import Message
from io import BytesIO
from urllib.parse import unquote

from PIL import Image

from stackdocs_mcp.ocr import clean, formats, mail_text, route, web
from stackdocs_mcp.ocr.failures import Unreadable
from stackdocs_mcp.ocr.mail_unshown import Shown, unshown
from stackdocs_mcp.ocr.wire import SentLine, unplaced

_PAGE_SIDE = 500
_LOCKED = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})
_PGP = "-----BEGIN PGP MESSAGE-----"
_MAILS = frozenset({"message/rfc822", "message/global"})
_UNNAMED = re.compile(r"[/\\:\s]+")
_SHOWN_PICTURE = re.compile(r"\bcid:([^\s\"'<>()]{1,500})", re.IGNORECASE)


@dataclass(slots=True)
class Contents:
    """Lines to be read, the parts that are files, and what has to be said of the mail."""

    lines: list[SentLine] = field(default_factory=list)
    files: list[Message] = field(default_factory=list)
    logos: list[str] = field(default_factory=list)
    """Pictures that are too small to be read, with their size."""
    encrypted: bool = False
    contradicted: bool = False
    """Hidden lines have numbers that the lines to be seen have not."""
    plain: bool = True
    """No line comes from a web page."""

    def add(self, other: "Contents") -> None:
        self.lines += other.lines
        self.files += other.files
        self.logos += other.logos
        self.encrypted |= other.encrypted
        self.contradicted |= other.contradicted
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


def contents(mail: Message) -> Contents:
    """All of a mail. As deep as the parser went, which is not far."""
    return _contents(mail, frozenset(_pictures_shown(mail)))


def files(parts: Sequence[Message]) -> list[File]:
    """The parts with their names and bytes; those without a name are called by their number."""
    return [_file(part, number) for number, part in enumerate(parts, 1)]


def _pictures_shown(mail: Message) -> Iterator[str]:
    """The ids of the pictures that the mail's web pages show."""
    for part in mail.walk():
        if part.get_content_type() == "text/html" and not part.is_multipart():
            yield from map(unquote, _SHOWN_PICTURE.findall(mail_text.body(part)))


def _contents(part: Message, shown: frozenset[str]) -> Contents:
    """All of a part; ``shown`` are the ids of pictures."""
    kind = part.get_content_type()
    if part.is_multipart() and part.get_content_maintype() == "multipart":
        return _several(kind, [one for one in _parts(part) if isinstance(one, Message)], shown)
    if kind in _LOCKED and part.get_param("smime-type") != "signed-data":
        return Contents(encrypted=True)
    if kind in _MAILS or not _is_text(part):
        logo = _logo(part, shown)
        return Contents(logos=[logo]) if logo else Contents(files=[part])
    if kind == "text/html":
        return _page(part)
    return _text(part)


def _several(kind: str, parts: Sequence[Message], shown: frozenset[str]) -> Contents:
    if kind == "multipart/encrypted":
        return Contents(encrypted=True)
    if kind == "multipart/signed":
        parts = parts[:1]
    if kind == "multipart/alternative":
        return _chosen([_contents(part, shown) for part in parts])
    found = Contents()
    for part in parts:
        found.add(_contents(part, shown))
    return found


def _chosen(options: Sequence[Contents]) -> Contents:
    """The one of several ways to say the same that is shown, with what only the others have."""
    texts = [option for option in options if option.letters]
    pages = [option for option in texts if not option.plain]
    best = next(iter(pages[-1:] or texts), None)
    chosen = Contents(plain=not pages)
    for option in options:
        chosen.files += [file for file in option.files if not best or not _says_the_same(file)]
        chosen.logos += option.logos
        chosen.encrypted |= option.encrypted
    if best:
        chosen.lines += best.lines
        chosen.contradicted = best.contradicted
        seen = Shown(best.lines)
        for option in texts:
            if option is not best:
                hidden, contradicted = unshown(option.lines, seen)
                chosen.lines += hidden
                chosen.contradicted |= contradicted
    return chosen


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


def _logo(part: Message, shown: frozenset[str]) -> str:
    """The name and size of a picture that is part of the text and too small to be of a paper."""
    if part.get_content_maintype() != "image" or part.get_content_disposition() == "attachment":
        return ""
    name = mail_text.file_name(part)
    if name and str(part.get("content-id", "")).strip(" <>") not in shown:
        return ""
    warnings.simplefilter("ignore")
    try:
        with Image.open(BytesIO(mail_text.content(part))) as picture:
            width, height = picture.size
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return ""  # it fails as a document of its own, and says why
    if min(width, height) >= _PAGE_SIDE:
        return ""
    return f"{clean.file_name(name)} (too small: {width:,} x {height:,} pixels)"


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
