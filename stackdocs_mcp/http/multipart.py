"""The one file in a form (RFC 7578), as it comes: ``curl -F file=@invoice.pdf``."""

from collections.abc import AsyncGenerator, AsyncIterator

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser

from stackdocs_mcp.http.answers import Answered, refusal
from stackdocs_mcp.http.disposition import filename, parameters

MOST_PARTS = 20
ROOM = 64 * 1024
"""Bytes of a form that are not the file."""


def boundary_of(content_type: bytes) -> bytes | None:
    """The boundary of a form; None for a body that is none. Raises Answered 400 without one."""
    kind, found = parameters(content_type)
    if kind != b"multipart/form-data":
        return None
    boundary = found.get(b"boundary", b"")
    if not 1 <= len(boundary) <= 70:
        raise _broken()
    return boundary


class OneFile:
    """Reads a form up to its file, then gives that file. What else is in the form is not kept."""

    def __init__(self, pieces: AsyncIterator[bytes], boundary: bytes) -> None:
        self._pieces = pieces
        self._name: str | None = None
        self._is_file = self._ended = False
        self._parts = 0
        self._header, self._value = b"", b""
        self._found: list[bytes] = []
        self._refused: Answered | None = None
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_header_field": self._field,
                "on_header_value": self._content,
                "on_header_end": self._named,
                "on_part_data": self._data,
                "on_part_end": self._part_end,
                "on_end": self._end,
            },
        )

    async def name(self) -> str:
        """The file's name. Raises Answered 400 for a form without a file, or that is broken."""
        async for piece in self._pieces:
            self._feed(piece)
            if self._name is not None:
                return self._name
        raise _no_file()

    async def content(self) -> AsyncGenerator[bytes, None]:
        """The file, after ``name``. Raises Answered 400 for a second file, or a form cut short."""
        for one in self._taken():
            yield one
        async for piece in self._pieces:
            self._feed(piece)
            for one in self._taken():
                yield one
        if not self._ended:
            raise _broken()

    def _feed(self, piece: bytes) -> None:
        try:
            self._parser.write(piece)
        except FormParserError as error:
            raise _broken() from error
        if self._refused is not None:
            raise self._refused

    def _taken(self) -> list[bytes]:
        found, self._found = self._found, []
        return found

    def _begin(self) -> None:
        self._parts += 1
        if self._parts > MOST_PARTS:
            self._refused = _broken()
        self._is_file = False
        self._header = self._value = b""

    def _field(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _content(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _named(self) -> None:
        header, value = self._header.lower(), self._value
        self._header = self._value = b""
        if header != b"content-disposition":
            return
        name = filename(value)
        if name is None:
            return
        if self._name is not None:
            self._refused = refusal(
                400, "several_files", "the form has more than one file", "Send one at a time."
            )
        self._is_file = True
        self._name = name.replace("%22", '"')  # the one escape of browsers

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._is_file:
            self._found.append(data[start:end])

    def _part_end(self) -> None:
        self._is_file = False

    def _end(self) -> None:
        self._ended = True


def _broken() -> Answered:
    return refusal(
        400, "form_broken", "the form cannot be read", "Send the file as the body of the request."
    )


def _no_file() -> Answered:
    return refusal(
        400, "no_file", "the form has no file", "Send one part with a file name, `-F file=@name`."
    )
