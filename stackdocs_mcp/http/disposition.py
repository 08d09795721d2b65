"""File names in headers: RFC 6266 with RFC 8187, as browsers and curl send them."""

import re
from urllib.parse import quote, unquote_to_bytes

_TYPE = re.compile(rb"\s*([!#$%&'*+.^_`|~0-9A-Za-z/-]+)\s*")
_PARAMETER = re.compile(
    rb";\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*=\s*"
    rb"(?:\"((?:[^\"\\]|\\.)*)\"|([^\s;\"]+))\s*",
    re.DOTALL,
)
_ESCAPED = re.compile(rb"\\(.)", re.DOTALL)
_EXTENDED = re.compile(rb"(?i:(utf-8|iso-8859-1))'[^']*'((?:%[0-9A-Fa-f]{2}|[^%'])*)")
_ASCII = re.compile(r"[^A-Za-z0-9_.() -]")


def parameters(header: bytes) -> tuple[bytes, dict[bytes, bytes]]:
    """A header's value and its parameters, names in lower case, the first of each name.

    Reading stops where it is no longer well-formed.
    """
    start = _TYPE.match(header)
    if start is None:
        return b"", {}
    found: dict[bytes, bytes] = {}
    place = start.end()
    while one := _PARAMETER.match(header, place):
        name, quoted, plain = one.groups()
        found.setdefault(name.lower(), plain if quoted is None else _ESCAPED.sub(rb"\1", quoted))
        place = one.end()
    return start[1].lower(), found


def filename(header: bytes) -> str | None:
    """The file name in a Content-Disposition; ``filename*`` counts before ``filename``."""
    _, found = parameters(header)
    extended = _EXTENDED.fullmatch(found.get(b"filename*", b""))
    if extended is not None:
        charset = "utf-8" if extended[1].lower() == b"utf-8" else "latin-1"
        return unquote_to_bytes(extended[2]).decode(charset, "replace")
    name = found.get(b"filename")
    if name is None:
        return None
    try:
        return name.decode("utf-8")  # what every client sends that sends more than ASCII
    except UnicodeDecodeError:
        return name.decode("latin-1")


def attachment(name: str) -> bytes:
    """A Content-Disposition that is saved under this name, and never shown."""
    plain = _ASCII.sub("_", name)
    header = f'attachment; filename="{plain}"'
    if plain != name:
        header += f"; filename*=UTF-8''{quote(name, safe='')}"
    return header.encode("ascii")
