"""What a use case needs of a document, fetched at once: one moment, and one way to the store."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from stackdocs_mcp.core.model import Document, DocumentId, FieldValue, Page, PageOutline
from stackdocs_mcp.core.stack import Stack


@dataclass(frozen=True, slots=True)
class Seen:
    """What somebody looked at before writing: it has to be so still."""

    revision: int
    """Of the extraction that counts."""
    version: str
    """Of the stack's schema and policy."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a document stands: all that its completion is judged by."""

    document: Document
    stack: Stack
    outlines: Sequence[PageOutline]
    fields: Sequence[FieldValue]


@dataclass(frozen=True, slots=True)
class Shown:
    """A document with some of its pages, in order, and which of those were read before."""

    document: Document
    pages: Sequence[Page]
    read: frozenset[int]


class AtOnce(Protocol):
    """Answers of one transaction. Each raises what its parts do, see ``Documents``."""

    async def opened(self, document: DocumentId, *, recent: bool = False) -> tuple[Document, Stack]:
        """The document and the bound stack.

        With ``recent``, what this process saw of them last may be the answer, for a document that
        could be written then. Whoever acts on that gives ``write`` what was ``Seen``.
        """

    async def standing(self, document: DocumentId) -> Standing:
        """The document, the stack, all outlines of pages, and all fields that count."""

    async def shown(self, document: DocumentId, numbers: Collection[int]) -> Shown:
        """The document and these of its pages; those that are not there are left out."""
