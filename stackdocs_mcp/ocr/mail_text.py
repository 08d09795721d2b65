"""Text of a mail as its reader sees it: header fields and file names decoded, lines put together.

The header is read as bytes: programs put any encoding there, whatever the standards say.
"""

import re
from collections.abc import Iterator
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.utils import unquote

from stackdocs_mcp.ocr import charset

_LONGEST = 100_000
"""Characters of one header field; nobody reads on, and decoding takes time."""
_FOLD = re.compile(r"\r?\n[ \t]|[\r\n]")
_QUOTED = re.compile(r">*")
_SIGNATURE = "-- "


def field(mail: Message, name: str) -> str:
    """A header field in one line, decoded (RFC 2047); several of that name parted by commas."""
    values = [value for key, value in mail.raw_items() if key.lower() == name.lower()]
    return ", ".join(decoded for value in values if (decoded := _words(str(value))))


def file_name(part: Message) -> str:
    """What its sender calls the part, however it is encoded (RFC 2231, 2047), or nothing."""
    for header, parameter in (("content-disposition", "filename"), ("content-type", "name")):
        value = part.get_param(parameter, None, header)
        if isinstance(value, tuple):
            encoding, _, text = value
            encoded = unquote(text).encode("latin-1", "replace")
            return charset.decoded(encoded, encoding)
        if isinstance(value, str) and value.strip():
            return _words(unquote(value))
    return ""


def body(part: Message) -> str:
    """The text of a part in its encoding, its lines as they were before they were wrapped."""
    text = charset.decoded(content(part), encoding(part))
    if str(part.get_param("format", "")).lower() != "flowed":
        return text
    joins = str(part.get_param("delsp", "")).lower() == "yes"
    return "\n".join(_unwrapped(text.splitlines(), joins=joins))


def content(part: Message) -> bytes:
    """The bytes of a part; as they stand in the mail where they are encoded in no known way."""
    inner = part.get_payload()
    if isinstance(inner, list):  # of blocks of header fields, in a report on delivery
        return b"\n\n".join(one.as_bytes() for one in inner if isinstance(one, Message))
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def encoding(part: Message) -> str | None:
    """What the part says its text is encoded in."""
    named = part.get_param("charset")
    return named if isinstance(named, str) else None


def _words(value: str) -> str:
    unfolded = _FOLD.sub(" ", value[:_LONGEST])
    try:
        pieces = decode_header(unfolded)
    except (HeaderParseError, ValueError):
        pieces = [(unfolded, None)]
    return "".join(_decoded(text, encoding) for text, encoding in pieces).strip()


def _decoded(text: bytes | str, encoding: str | None) -> str:
    if isinstance(text, str):
        text = text.encode("ascii", "surrogateescape")
    return charset.decoded(text, encoding)


def _unwrapped(lines: list[str], *, joins: bool) -> Iterator[str]:
    """Paragraphs of flowed text (RFC 3676): a line that ends in a space goes on in the next one.

    ``joins``: that space is no part of the text.
    """
    paragraph, depth = "", -1
    for line in lines:
        marks = _QUOTED.match(line)
        assert marks is not None
        quotes = len(marks[0])
        text = line[quotes:].removeprefix(" ")
        if depth >= 0 and quotes != depth:
            yield paragraph
            paragraph, depth = "", -1
        if depth < 0 and quotes:
            paragraph = ">" * quotes + " "
        flows = text.endswith(" ") and text != _SIGNATURE
        paragraph += text[:-1] if flows and joins else text
        depth = quotes
        if not flows:
            yield paragraph
            paragraph, depth = "", -1
    if depth >= 0:
        yield paragraph
