"""What crosses a process border: small JSON frames, validated on arrival, and raw bitmaps.

Never pickles: the other side may have been taken over by the file that it parsed.
"""

from collections.abc import Sequence
from multiprocessing.connection import Connection
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from stackdocs_mcp.core.model import PageNote, PageSource
from stackdocs_mcp.ocr.backend import Backend

Turn = Literal[0, 90, 180, 270]
Length = Annotated[float, Field(ge=-1e6, le=1e6, allow_inf_nan=False)]
Rectangle = tuple[Length, Length, Length, Length]
"""x0, y0, x1, y1 from the top left."""
Words = Sequence[int]
"""Left and right of each word of a line, one after the other, in tenths; empty if not known."""
Score = Annotated[float, Field(ge=0, le=1)]
SentLine = tuple[str, Rectangle | None, bool, Words]
"""Text of one line, where it stands, whether it is hidden, and its words."""
SentCell = tuple[str, Sequence[int], Rectangle | None, int]
"""Text, the indices in the frame's lines that it stands in, box, and columns spanned."""


class Garbled(Exception):
    """The other side sent something that is not a frame."""


class _Frame(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Outline(_Frame):
    kind: Literal["outline"] = "outline"
    media_type: str = Field(max_length=100)
    pages: int = Field(ge=0, le=1_000_000)


class SentTable(_Frame):
    """A table of a page. See ``core.model.Table``."""

    rows: Sequence[Sequence[SentCell]]
    box: Rectangle | None = None
    header_rows: int = Field(default=0, ge=0)


class Read(_Frame):
    """A page that needs no OCR."""

    kind: Literal["read"] = "read"
    number: int = Field(ge=1)
    width: Length
    height: Length
    source: PageSource
    rotation: Turn = 0
    lines: Sequence[SentLine] = ()
    tables: Sequence[SentTable] = ()
    notes: tuple[PageNote, ...] = ()


class Picture(_Frame):
    """A page, or a part of one, to recognise. Its bitmap, rows of BGR, is the next message."""

    kind: Literal["picture"] = "picture"
    number: int = Field(ge=1)
    width: Length
    height: Length
    columns: int = Field(ge=1)
    rows: int = Field(ge=1)
    region: Rectangle
    """The part of the page that the bitmap shows, in points."""
    rotation: Turn = 0
    whole: bool = True
    """The bitmap is the page and may have to be turned; otherwise it is a picture on the page."""
    lines: Sequence[SentLine] = ()
    """The page's own text."""
    tables: Sequence[SentTable] = ()
    """The tables in the page's own text."""
    check: bool = False
    """The page's own text is good if it is what the picture shows, else it is hidden text."""
    drawn: bool = False
    """The text to check can be seen. What was recognised takes its place, where there is any."""


class Attached(_Frame):
    """A file inside of the file. Its bytes are the next message."""

    kind: Literal["attached"] = "attached"
    name: str = Field(max_length=1_000)
    size: int = Field(ge=0)


class Failed(_Frame):
    """The file cannot be read; ``reason`` is a key of ``failures.SAID``."""

    kind: Literal["failed"] = "failed"
    reason: str = Field(max_length=40)


class Done(_Frame):
    kind: Literal["done"] = "done"


class Bitmap(_Frame):
    """What an OCR worker is asked; the bitmap is the next message.

    A ``whole`` page may be turned.
    """

    columns: int = Field(ge=1)
    rows: int = Field(ge=1)
    whole: bool
    languages: Sequence[str] = ()
    """What the document is written in, where that was said."""


class Recognised(_Frame):
    """Lines in reading order with boxes in pixels of the turned picture, and scores.

    A service may not say where a line stands, or how sure it is.
    """

    rotation: Turn = 0
    lines: Sequence[tuple[str, Rectangle | None, Score | None, Words]] = ()
    tables: Sequence[SentTable] = ()
    unread: int = Field(default=0, ge=0)
    """Texts that were seen and left out, because they could not be read."""
    is_last: bool = False
    """The worker has grown too large, and ends."""
    unread_share: float = Field(default=0, ge=0, le=1)
    """Theirs, of the area of all texts."""
    backend: Backend = "onnxruntime"
    """What the models ran on."""
    unavailable: bool = False
    """The OCR libraries cannot be imported here."""


Frame = Outline | Read | Picture | Attached | Failed | Done
_FRAME: TypeAdapter[Frame] = TypeAdapter(Annotated[Frame, Field(discriminator="kind")])


def unplaced(text: str, hidden: bool = False) -> SentLine:
    """A line of a format that has no layout."""
    return text, None, hidden, ()


def unrecognised(number: int, width: float, height: float, lines: Sequence[SentLine] = ()) -> Read:
    """A page that would have to be recognised, where that is switched off."""
    return Read(
        number=number,
        width=width,
        height=height,
        source=PageSource.NONE,
        lines=lines,
        notes=("not_recognised",),
    )


def send(channel: Connection, frame: BaseModel) -> None:
    """Send one frame. Characters that UTF-8 cannot carry (lone surrogates) stay behind."""
    try:
        encoded = frame.model_dump_json()
    except ValueError:
        encoded = _encodable(frame).model_dump_json()
    channel.send_bytes(encoded.encode())


def receive(channel: Connection, limit: int) -> Frame:
    """The next frame of a parsing child.

    Raises EOFError when the other side is gone, Garbled for anything that is not a frame.
    """
    try:
        return _FRAME.validate_json(_message(channel, limit))
    except ValidationError as error:
        raise Garbled from error


def receive_bitmap(channel: Connection, columns: int, rows: int, limit: int) -> bytes:
    """The raw rows of BGR that follow a Picture or Bitmap. Raises EOFError, Garbled."""
    if columns * rows * 3 > limit:
        raise Garbled
    pixels = _message(channel, columns * rows * 3)
    if len(pixels) != columns * rows * 3:
        raise Garbled
    return pixels


def receive_content(channel: Connection, size: int, limit: int) -> bytes:
    """The bytes that follow an Attached. Raises EOFError, Garbled."""
    if size > limit:
        raise Garbled
    content = _message(channel, size) if size else channel.recv_bytes(0)
    if len(content) != size:
        raise Garbled
    return content


def receive_recognised(channel: Connection, limit: int) -> Recognised:
    """The answer of an OCR worker. Raises EOFError, Garbled."""
    try:
        return Recognised.model_validate_json(_message(channel, limit))
    except ValidationError as error:
        raise Garbled from error


def receive_request(channel: Connection) -> Bitmap:
    """What an OCR worker is to do next. Raises EOFError when there is nothing more to come."""
    return Bitmap.model_validate_json(channel.recv_bytes())


def _message(channel: Connection, limit: int) -> bytes:
    try:
        return channel.recv_bytes(limit)
    except ConnectionError as error:
        raise EOFError from error
    except OSError as error:  # longer than the limit; the connection is closed by then
        raise Garbled from error


def _encodable(frame: BaseModel) -> BaseModel:
    if not isinstance(frame, Read | Picture):
        return frame
    lines = [(_utf8(text), *rest) for text, *rest in frame.lines]
    tables = [
        table.model_copy(
            update={"rows": [[(_utf8(text), *rest) for text, *rest in row] for row in table.rows]}
        )
        for table in frame.tables
    ]
    return frame.model_copy(update={"lines": lines, "tables": tables})


def _utf8(text: str) -> str:
    return text.encode("utf-8", "ignore").decode()
