"""Stacks: what a collection of documents is asked for, how strictly, and how it is read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

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
REASON_CODES: frozenset[str] = frozenset(get_args(ReasonCode))

EngineName = Literal["local", "mistral"]
OcrMode = Literal["auto", "always", "never"]


class Policy(BaseModel):
    """How strict a stack is. The schema overrides it for a field and for what is below it.

    ``evidence`` (``x-evidence``), whether a value needs a place on a page. ``off``: nobody looks.
    ``warn``: what is not found is warned of. ``require``: nor is the document complete before
    every value stands where a reader can see it. That is so with the verdicts ``verified``;
    ``fuzzy``, since it never lets a digit differ, and else whoever corrects a slip of the
    recognition would have to copy the slip; and ``located`` and ``wrong_page``, unless the value
    stands in several places and it is open which is meant: citing page and lines decides it.

    ``min_confidence`` (``x-min-confidence``): a write with less is warned of, no more.

    ``acknowledgeable`` (``x-acknowledgeable``): codes of reasons that ``complete`` may pass over
    when they are acknowledged. For pages, and whatever else has no path, the policy's own count.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    evidence: Literal["require", "warn", "off"] = "warn"
    min_confidence: float | None = Field(default=None, ge=0, le=1)
    acknowledgeable: list[ReasonCode] = ["page_without_text"]

    @model_validator(mode="before")
    @classmethod
    def _has_no_other_keys(cls, given: object) -> object:
        """Say what a policy has to whoever mistypes a key."""
        for name in given if isinstance(given, Mapping) else ():
            if name not in cls.model_fields:
                raise PydanticCustomError(
                    "unknown_key",
                    "{name} is no part of a policy, which has {known}",
                    {"name": repr(str(name)[:64]), "known": ", ".join(cls.model_fields)},
                )
        return given


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
    version: str = ""
    """Of schema and policy: the same text for the same two, another one for others."""


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
