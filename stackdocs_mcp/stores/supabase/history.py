"""The history of fields: read, undone, begun anew, and worked out anew."""

import re
from collections.abc import Sequence
from typing import Any

from stackdocs_mcp.core.errors import ChangeNotFound, EarlierExtraction, NothingToRedo
from stackdocs_mcp.core.history import ExtractionOutline
from stackdocs_mcp.core.model import Change, ChangeId, Document, DocumentId
from stackdocs_mcp.stores.changes import change_of
from stackdocs_mcp.stores.supabase.calling import Calling, bounded, moment
from stackdocs_mcp.stores.supabase.documents import document_of

LEAF = ("key", "touched", "before", "after", "locked_before", "locked_after")
_CHANGE = re.compile(r"(0|[1-9][0-9]{0,15})(?:-([1-9][0-9]{0,15}))?")
_NO_REVISION = -1


class BoundHistory(Calling):
    """What ``core.ports.Extractions`` says of history; the sentences of the port hold."""

    async def extractions(self, document: DocumentId) -> Sequence[ExtractionOutline]:
        return [
            ExtractionOutline(
                number=row["number"],
                started_at=moment(row["created_at"]),
                revision=row["revision"],
                fields=row["fields"],
                current=row["current"],
            )
            for row in await self._call("extractions", document)
        ]

    async def start_extraction(self, document: DocumentId) -> Document:
        return document_of(await self._call("start_extraction", document))

    async def undo(
        self, document: DocumentId, change: ChangeId | None = None, *, redo: bool = False
    ) -> Sequence[Change]:
        revision, ordinal = _position(change)
        try:
            made = await self._call("undo", document, revision=revision, ordinal=ordinal, redo=redo)
        except (ChangeNotFound, EarlierExtraction, NothingToRedo) as error:
            if change is None:
                raise
            raise type(error)(change) from error  # as it was asked for
        return [read(one) for one in made]

    async def changes(
        self, document: DocumentId | None = None, *, before: int | None = None, limit: int
    ) -> Sequence[Change]:
        whole = {"document": None} if document is None else {}
        found = await self._call(
            "changes",
            document,
            before=bounded(2**63 if before is None else before),
            limit=bounded(max(limit, 0)),
            **whole,
        )
        return [read(one) for one in found]

    async def came_to(self, document: DocumentId, digest: str) -> bool:
        return bool(await self._call("came_to", document, digest=digest))


def read(row: dict[str, Any]) -> Change:
    """The change of a row as ``stackdocs.change_json`` writes it."""
    return change_of(row, leaves_of(row))


def leaves_of(row: dict[str, Any]) -> list[dict[str, Any]]:
    """The leaves of such a row, by column."""
    return [dict(zip(LEAF, leaf, strict=True)) for leaf in row["leaves"]]


def _position(change: ChangeId | None) -> tuple[int | None, int | None]:
    """Revision and number in it, the latter None for a whole call; no call's for what is no id."""
    if change is None:
        return None, None
    match = _CHANGE.fullmatch(change)
    if match is None:
        return _NO_REVISION, None
    return int(match[1]), None if match[2] is None else int(match[2])
