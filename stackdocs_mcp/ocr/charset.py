"""The encoding of plain text: by its byte order mark, as UTF-8, or by the likeliest guess."""

import codecs

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # begins like the next one
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_GUESSED_FROM = 200_000
"""Bytes that are looked at to guess an encoding."""
_USUAL = "cp1252"


def marked(data: bytes) -> str | None:
    """The encoding that the first bytes name, or that every second byte betrays."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return encoding
    head = data[:4_096]
    enough = len(head) // 4  # of the half that is NUL in Western text
    for encoding, offset in (("utf-16-le", 1), ("utf-16-be", 0)):
        if enough and head[offset::2].count(0) > enough and not head[1 - offset :: 2].count(0):
            return encoding
    return None


def decoded(data: bytes) -> str:
    """The text of a file; what an encoding has no character for becomes U+FFFD."""
    if encoding := marked(data):
        return data.decode(encoding, "replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode(_guess(data[:_GUESSED_FROM]), "replace")


def _guess(data: bytes) -> str:
    from charset_normalizer import from_bytes  # noqa: PLC0415 - only for text that is not UTF-8

    likely = from_bytes(data)
    best = likely.best()
    if best is None:
        return _USUAL
    # Its relatives differ in a few signs only, which tell the guesser nothing.
    usual = any(match.encoding == _USUAL and match.chaos <= best.chaos for match in likely)
    return _USUAL if usual else best.encoding
