"""What can be said of a document's history as a whole: its extractions, and whether it fits."""

from dataclasses import dataclass
from datetime import datetime

from stackdocs_mcp.core.model import ChangeId
from stackdocs_mcp.core.paths import FieldPath


@dataclass(frozen=True, slots=True)
class ExtractionOutline:
    """One extraction of a document, without its fields. Numbers count from 1."""

    number: int
    started_at: datetime
    revision: int
    fields: int
    current: bool
    """It is the one that is written, completed and exported."""


@dataclass(frozen=True, slots=True)
class Break:
    """Something in a document's history that does not fit: where, and what in our words."""

    what: str
    change: ChangeId | None = None
    path: FieldPath | None = None


@dataclass(frozen=True, slots=True)
class Verification:
    """How many changes were looked at, what the history comes to, and all that does not fit."""

    changes: int
    digest: str
    breaks: tuple[Break, ...] = ()
