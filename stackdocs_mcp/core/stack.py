"""Stacks: what a collection of documents is asked for, how strictly, and how it is read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from stackdocs_mcp.core.binding import StackId
from stackdocs_mcp.core.model import DocumentId, DocumentStatus, JsonObject

ReasonCode = Literal[
    "page_unread",
    "page_without_text",
    "no_fields",
    "row_missing",
    "missing_required",
    "schema",
    "unknown_field",
    "evidence_unverified",
    "rows_missing",
    "rule",
]
"""Why a document may not be complete; see core/completion.py."""

EngineName = Literal["local", "mistral"]
OcrMode = Literal["auto", "always", "never"]


class Policy(BaseModel):
    """How strict a stack is. Fields override ``evidence`` with ``x-evidence`` in the schema."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    evidence: Literal["require", "warn", "off"] = "warn"
    min_confidence: float | None = Field(default=None, ge=0, le=1)
    acknowledgeable: list[ReasonCode] = ["page_without_text"]


@dataclass(frozen=True, slots=True)
class Ocr:
    """How documents are read. What is None is left to the server's settings."""

    engine: EngineName | None = None
    mode: OcrMode | None = None
    """auto: pages whose own text is missing or bad; always: every page; never: none."""
    languages: tuple[str, ...] | None = None
    """ISO 639-1 codes of the languages that documents are in: a hint for the recognition."""

    def over(self, other: "Ocr") -> "Ocr":
        """The choice made here, and the other's where this one has none."""
        return Ocr(
            self.engine or other.engine,
            self.mode or other.mode,
            other.languages if self.languages is None else self.languages,
        )


@dataclass(frozen=True, slots=True)
class Stack:
    """A collection of documents with one field schema and one policy."""

    id: StackId
    name: str
    schema: JsonObject | None
    instructions: str
    policy: Policy
    folder: str | None = None
    """The folder on this machine whose files are the stack, for ``serve FOLDER``."""
    ocr: Ocr = Ocr()


@dataclass(frozen=True, slots=True)
class StackSummary:
    """A stack with how much is in it."""

    stack: Stack
    documents: Mapping[DocumentStatus, int] = field(default_factory=dict)
    billed_pages: int = 0
    """Pages that a paid engine has charged for reading these documents."""


@dataclass(frozen=True, slots=True)
class FolderFile:
    """What a folder's file looked like when it was last taken in, to notice a change cheaply."""

    name: str
    """Relative to the folder, with ``/``."""
    size: int
    modified_ns: int
    document: DocumentId
