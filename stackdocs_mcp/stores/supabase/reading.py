"""How far reading the bound stack's documents in has come."""

from collections.abc import Sequence
from datetime import datetime

from stackdocs_mcp.core.model import Document, DocumentId, Failure
from stackdocs_mcp.stores.supabase.calling import Calling, micros
from stackdocs_mcp.stores.supabase.documents import document_of


class BoundReading(Calling):
    """The part of ``core.ports.Documents`` that leads a document from ``processing`` on."""

    async def claim(self, document: DocumentId, owner: str, until: datetime) -> bool:
        claimed: bool = await self._call("claim", document, owner=owner, until=micros(until))
        return claimed

    async def release(self, document: DocumentId, owner: str) -> None:
        await self._call("release", document, owner=owner)

    async def unclaimed(self, now: datetime, limit: int) -> Sequence[Document]:
        found = await self._call("unclaimed", now=micros(now), limit=limit)
        return [document_of(row) for row in found]

    async def set_outline(self, document: DocumentId, media_type: str, pages: int) -> None:
        await self._call("set_outline", document, media_type=media_type, pages=pages)

    async def reserve_recognition(self, document: DocumentId, pages: int) -> None:
        await self._call("reserve_recognition", document, pages=pages)

    async def finish(self, document: DocumentId, owner: str | None = None) -> Document:
        return document_of(await self._call("finish", document, owner=owner))

    async def fail(
        self, document: DocumentId, failure: Failure, owner: str | None = None
    ) -> Document:
        failed = await self._call(
            "fail",
            document,
            code=failure.code,
            message=failure.message,
            advice=failure.advice,
            owner=owner,
        )
        return document_of(failed)

    async def retry(self, document: DocumentId) -> Document:
        return document_of(await self._call("retry", document))

    async def reread(self, document: DocumentId) -> Document:
        return document_of(await self._call("reread", document))
