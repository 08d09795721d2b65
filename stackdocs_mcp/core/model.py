"""Documents, pages, lines, fields, evidence, changes: the nouns everything else speaks in.

Lengths are PDF points (1/72 inch), origin at the top left of the page as a reader holds it.
Times are UTC. Values are JSON values whose numbers are ``int`` or ``Decimal``, never ``float``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Literal, NewType

from stackdocs_mcp.core.binding import Actor, UserId
from stackdocs_mcp.core.paths import FieldPath

DocumentId = NewType("DocumentId", str)
ChangeId = NewType("ChangeId", str)
"""``"12-1"``: the first change of revision 12. ``"12"``: all changes of the call that made it."""
Sha256 = NewType("Sha256", str)
JsonScalar = None | bool | int | Decimal | str
JsonValue = JsonScalar | list["JsonValue"] | dict[str, "JsonValue"]
JsonObject = Mapping[str, object]


class DocumentStatus(StrEnum):
    """processing -> ocr_complete -> completed; failed has a reason and can be tried again."""

    PROCESSING = "processing"
    OCR_COMPLETE = "ocr_complete"
    COMPLETED = "completed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in points from the top left of the page; x1 and y1 are exclusive."""

    x0: float
    y0: float
    x1: float
    y1: float


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a page as a reader sees it, clean of anything that cannot be shown.

    ``number`` counts from 1 on each page in reading order. ``box`` is None where the format has no
    layout. ``score`` is the OCR engine's confidence 0..1, None where it gives none and for text
    that was not recognised but read. A ``hidden`` line is text that no reader can see, or that the
    page as it is drawn contradicts: it is shown flagged, never evidence. ``words`` has left and
    right of each of the text's words, in points, or nothing where they are not known. ``raw`` is
    the text as the file has it where cleaning took more away than white space; for audit, never
    for a model.
    """

    number: int
    text: str
    box: Box | None = None
    score: float | None = None
    hidden: bool = False
    words: tuple[tuple[float, float], ...] = ()
    raw: str | None = None

    def word_boxes(self) -> Sequence[tuple[str, Box]]:
        """Each word of the text with its box; nothing where they are not known."""
        if self.box is None or not self.words:
            return []
        top, bottom = self.box.y0, self.box.y1
        return [
            (word, Box(x0, top, x1, bottom))
            for word, (x0, x1) in zip(self.text.split(), self.words, strict=True)
        ]


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a table: its text, the numbers of the lines it stands in, and its box.

    A cell that spans several columns is followed by ``columns - 1`` places that have no cell.
    """

    text: str
    lines: tuple[int, ...] = ()
    box: Box | None = None
    columns: int = 1


@dataclass(frozen=True, slots=True)
class Table:
    """A table that was found on a page: its cells by rows, from the top and from the left.

    The first ``header_rows`` rows name the columns. Empty cells are there, with an empty text.
    """

    rows: tuple[tuple[Cell, ...], ...]
    box: Box | None = None
    header_rows: int = 0


PageNote = Literal["contradicted", "unknown_script", "not_recognised"]
"""What has to be said of a page: its own text is not what is drawn (the hidden lines have it);
lines of it are in a writing that the recognition does not know; it would have to be recognised and
that is switched off."""


class PageSource(StrEnum):
    """Where a page's lines come from."""

    TEXT = "text"  # the file's own text
    OCR = "ocr"  # recognised from the page's picture
    HYBRID = "hybrid"  # the file's own text, and recognised text from pictures on the page
    BLANK = "blank"  # nothing is printed on the page
    NONE = "none"  # something is printed, but no text could be read


@dataclass(frozen=True, slots=True)
class Page:
    """One page: its number from 1, its size in points as a reader holds it, its lines in order."""

    number: int
    width: float
    height: float
    source: PageSource
    lines: tuple[Line, ...] = ()
    rotation: Literal[0, 90, 180, 270] = 0
    """Degrees clockwise that the stored page had to be turned by to be upright."""
    tables: tuple[Table, ...] = ()
    notes: tuple[PageNote, ...] = ()

    @property
    def has_text(self) -> bool:
        return any(not line.hidden for line in self.lines)


@dataclass(frozen=True, slots=True)
class PageOutline:
    """A page without its lines: what listing, reading and completing need to know of it."""

    number: int
    source: PageSource
    lines: int
    characters: int
    hidden_lines: int
    read: bool
    """An agent or person has been shown all of its lines."""
    notes: tuple[PageNote, ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """A file of the stack. ``pages`` is 0 until they have been counted."""

    id: DocumentId
    filename: str
    sha256: Sha256
    size: int
    status: DocumentStatus
    pages: int
    pages_done: int
    pages_without_text: int
    fields: int
    flagged: int
    """Fields whose last write carries a warning."""
    revision: int
    created_at: datetime
    updated_at: datetime
    media_type: str | None = None
    error: "Failure | None" = None
    superseded_by: DocumentId | None = None
    """The file changed on disk; this is the document of its newer bytes."""
    billed_pages: int = 0
    """Pages that a paid engine has charged for reading this document."""
    abandoned: int = 0
    """How many readers in a row let their claim run out, with no new page in between."""
    readings: int = 0
    """How often its pages were given up to be read anew: page 1 is another page after that."""
    extraction: int = 1
    """The number of the extraction that counts."""
    digest: str = ""
    """What its history comes to: that of its last change."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a document could not be read, in our words."""

    code: str
    message: str
    advice: str = ""


class Verdict(StrEnum):
    """What the server found of a value on the page. See DESIGN 4.3."""

    VERIFIED = "verified"
    FUZZY = "fuzzy"
    WRONG_PAGE = "wrong_page"
    LOCATED = "located"
    DERIVED = "derived"
    VALUE_DIFFERS = "value_differs"
    NOT_FOUND = "not_found"
    HIDDEN = "hidden"
    UNCHECKED = "unchecked"  # the policy says off

    @property
    def holds(self) -> bool:
        """The value has a place on a page, or the schema says that it needs none."""
        return self in _HOLDING


_FOUND = {Verdict.VERIFIED, Verdict.FUZZY, Verdict.WRONG_PAGE, Verdict.LOCATED}
_HOLDING = frozenset({*_FOUND, Verdict.DERIVED})


@dataclass(frozen=True, slots=True)
class Citation:
    """Where a client says that a value stands: a page, with line numbers or a quote."""

    page: int
    lines: tuple[int, ...] = ()
    quote: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Lines of one page; ``quote`` is what stands there, ``boxes`` where, as far as it is known.

    ``span`` is the half-open range of characters from the first to the last of the quote, in the
    texts of ``lines`` joined by line feeds; None in evidence that was stored before it was kept.
    """

    page: int
    lines: tuple[int, ...]
    quote: str
    boxes: tuple[Box, ...] = ()
    span: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """The server's own finding. ``place`` is where the value stands, or where it was looked for."""

    verdict: Verdict
    place: Place | None = None
    others: tuple[Place, ...] = ()
    """Further places where the same value stands, likeliest first, at most five."""


@dataclass(frozen=True, slots=True)
class Warn:
    """Something that does not block a write but should be looked at."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Leaf:
    """One typed value at one path, as it is stored: a scalar, or an empty list or object."""

    path: FieldPath
    value: JsonValue
    evidence: Evidence
    confidence: float | None = None
    warnings: tuple[Warn, ...] = ()


@dataclass(frozen=True, slots=True)
class FieldValue:
    """A leaf that is set, with who set it and in which revision."""

    leaf: Leaf
    revision: int
    actor: Actor
    at: datetime
    locked: bool = False
    """A person set it: agents leave it as it is until a person releases it."""


@dataclass(frozen=True, slots=True)
class FieldWrite:
    """One write at ``path``: the leaves there from now on. None at all deletes what is there.

    A write of an object or a list replaces the subtree: leaves below ``path`` that it does not
    name are gone (the history keeps them).
    """

    path: FieldPath
    leaves: tuple[Leaf, ...]
    expected_revision: int | None = None


@dataclass(frozen=True, slots=True)
class WriteResult:
    """What became of one write: changed, nothing to change, or the conflict that refused it."""

    changed: bool
    revision: int
    change: ChangeId | None = None
    conflict: Literal["stale_revision", "path_conflict", "field_not_found", "locked"] | None = None
    current: tuple[FieldValue, ...] = ()
    """With a conflict: what is set at the path now, or the values that stand in its way."""


class Action(StrEnum):
    """What a change did."""

    SET = "set"
    DELETE = "delete"
    UNDO = "undo"
    REDO = "redo"  # undid an undo
    RELEASE = "release"  # what a person had locked, agents may write again
    COMPLETE = "complete"
    START = "start"  # opened a new extraction


@dataclass(frozen=True, slots=True)
class Change:
    """One entry of a document's history. ``before`` and ``after`` are the leaves at the path.

    ``user`` is whose call it was, ``actor`` what made it: a person, or which agent for them.
    """

    id: ChangeId
    document: DocumentId
    revision: int
    action: Action
    path: FieldPath
    before: tuple[Leaf, ...]
    after: tuple[Leaf, ...]
    user: UserId
    actor: Actor
    at: datetime
    digest: str  # of this change and of the digest of the one before: see ``Extractions.verify``
    sequence: int  # its number among the changes of the stack, from 1
    extraction: int = 1
    undoes: ChangeId | None = None
    reason: str = ""
    acknowledged: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Hit:
    """A line that a search found."""

    document: DocumentId
    filename: str
    page: int
    line: int
    snippet: str


@dataclass(frozen=True, slots=True)
class NewDocument:
    """A file about to become a document. Its bytes are in the file store already."""

    filename: str
    sha256: Sha256
    size: int


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that still stands between a document and ``completed``."""

    code: str
    message: str
    path: str | None = None
    page: int | None = None
    acknowledgeable: bool = False


@dataclass(frozen=True, slots=True)
class BrokenRule:
    """A rule of the schema that the extraction does not keep, or that could not be checked."""

    rule: str
    severity: Literal["error", "warn"]
    message: str
    path: str | None = None
    """The field that the rule is about, dotted."""


@dataclass(frozen=True, slots=True)
class Notice:
    """Something about an extraction that does not block completing it, and should be looked at."""

    code: str
    message: str
    path: str | None = None


@dataclass(frozen=True, slots=True)
class Completion:
    """How an attempt to complete is recorded."""

    acknowledged: Sequence[str] = ()
    reason: str = ""
