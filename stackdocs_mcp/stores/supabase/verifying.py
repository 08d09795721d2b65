"""Whether a document's history is whole, from pages of its rows: see ``stores.replaying``."""

from stackdocs_mcp.core.errors import Conflict
from stackdocs_mcp.core.history import Verification
from stackdocs_mcp.core.model import DocumentId
from stackdocs_mcp.stores.replaying import Replay
from stackdocs_mcp.stores.supabase.calling import Calling
from stackdocs_mcp.stores.supabase.history import leaves_of

PAGE = 500
"""Rows that are fetched at once."""
LOOKS = 5
FIELD = ("key", "leaf", "revision", "actor_kind", "actor_client", "at", "locked")


class _Moved(Exception):
    """The document was written between two pages."""


class BoundVerifying(Calling):
    """``verify`` of ``core.ports.Extractions``.

    A page is of one moment. The digest of the document says with each of them that nothing has
    been written since the first; where something was, all is looked at anew.
    """

    async def verify(self, document: DocumentId) -> Verification:
        for _ in range(LOOKS):
            try:
                return await self._look(document)
            except _Moved:
                continue
        raise Conflict(
            "the document is being written to while it is verified", "Call again a little later."
        )

    async def _look(self, document: DocumentId) -> Verification:
        first = await self._call("verify", document, after=0, limit=PAGE)
        head, changes = first["document"], first["changes"]
        replay = Replay(first["extractions"])
        while changes:
            for row in changes:
                if row["action"] == "start":
                    await self._fields(document, replay, head["digest"])
                    replay.begin()
                replay.change(row, leaves_of(row))
            if len(changes) < PAGE:
                break
            after = changes[-1]["sequence"]
            following = await self._call("verify", document, after=after, limit=PAGE)
            _unmoved(following["document"]["digest"], head["digest"])
            changes = following["changes"]

        replay.document(head)
        await self._fields(document, replay, head["digest"])
        return replay.end()

    async def _fields(self, document: DocumentId, replay: Replay, digest: str) -> None:
        extraction, after = replay.ended(), ""
        while extraction is not None:
            page = await self._call(
                "verify_fields", document, extraction=extraction, after=after, limit=PAGE
            )
            _unmoved(page["digest"], digest)
            for field in page["fields"]:
                row = dict(zip(FIELD, field, strict=True))
                replay.field({**row, "locked": int(row["locked"])})
            if len(page["fields"]) < PAGE:
                replay.fields_end()
                return
            after = page["fields"][-1][0]


def _unmoved(now: str, then: str) -> None:
    if now != then:
        raise _Moved
