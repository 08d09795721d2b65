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
_WESTERN = ("cp125", "iso8859")
"""Each byte is a sign in these, so that they are declared in vain and nobody notices."""
_CALLED_OTHERWISE = {
    "iso-8859-1": _USUAL,
    "latin1": _USUAL,
    "latin-1": _USUAL,
    "us-ascii": _USUAL,
    "ascii": _USUAL,
    "iso-8859-9": "cp1254",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "utf-16": "utf-8",  # who could read the declaration was not reading UTF-16
    "utf-16le": "utf-8",
    "utf-16be": "utf-8",
}


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


def decoded(data: bytes, declared: str | None = None) -> str:
    """The text of a file; what an encoding has no character for becomes U+FFFD.

    What a file declares counts if there is no mark, if it is an encoding at all, and if the bytes
    do not say otherwise: those above ASCII make up valid UTF-8 by chance as good as never.
    """
    if encoding := marked(data):
        return data.decode(encoding, "replace")
    known = _known(declared)
    if known and not known.startswith(_WESTERN):
        text = data.decode(known, "replace")
        if known != "utf-8" or 2 * text.count("\ufffd") <= sum(sign > "\x7f" for sign in text):
            return text
        known = None
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        if known:
            return data.decode(known, "replace")
        return data.decode(_guess(data[:_GUESSED_FROM]), "replace")


def _known(declared: str | None) -> str | None:
    """The encoding that browsers take for this name (WHATWG Encoding, 4.2)."""
    name = (declared or "").strip().lower()
    if name in _CALLED_OTHERWISE:
        return _CALLED_OTHERWISE[name]
    try:
        return codecs.lookup(name).name if "".encode(name) == b"" else None
    except (LookupError, ValueError):  # unknown, or not an encoding of text
        return None


def _guess(data: bytes) -> str:
    from charset_normalizer import from_bytes  # noqa: PLC0415 - only for text that is not UTF-8

    likely = from_bytes(data)
    best = likely.best()
    if best is None:
        return _USUAL
    # Its relatives differ in a few signs only, which tell the guesser nothing.
    usual = any(match.encoding == _USUAL and match.chaos <= best.chaos for match in likely)
    return _USUAL if usual else best.encoding
