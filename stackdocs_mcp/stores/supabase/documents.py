"""The bound stack and its documents: described, added, found, listed."""

import json
import logging
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from anyio import to_thread

from stackdocs_mcp.core import exact
from stackdocs_mcp.core.binding import Binding, Role
from stackdocs_mcp.core.errors import MissingRight, NotFound, StackdocsError
from stackdocs_mcp.core.model import (
    Document,
    DocumentId,
    DocumentStatus,
    Failure,
    JsonObject,
    NewDocument,
    Sha256,
)
from stackdocs_mcp.core.quota import QuotaExceeded
from stackdocs_mcp.core.stack import Ocr, Policy, Stack
from stackdocs_mcp.stores.documents import folded
from stackdocs_mcp.stores.stacks import stack_of
from stackdocs_mcp.stores.supabase.calling import Calling, as_uuid, moment
from stackdocs_mcp.stores.supabase.objects import Objects, key_of
from stackdocs_mcp.stores.supabase.project import Caller

log = logging.getLogger(__name__)


class BoundDocuments(Calling):
    """``core.ports.Documents`` but for reading files in; the sentences of the port hold."""

    async def stack(self) -> Stack:
        return stack_of(await self._call("stack"))

    async def set_schema(
        self, schema: JsonObject | None, instructions: str, policy: Policy
    ) -> Stack:
        changed = await self._call(
            "set_schema",
            schema=None if schema is None else exact.dumps(schema),
            instructions=instructions,
            policy=policy.model_dump_json(),
        )
        return stack_of(changed)

    async def set_ocr(self, ocr: Ocr) -> Stack:
        chosen = {name: part for name, part in asdict(ocr).items() if part is not None}
        return stack_of(await self._call("set_ocr", ocr=json.dumps(chosen)))

    async def add_document(
        self, new: NewDocument, *, part_of: DocumentId | None = None
    ) -> tuple[Document, bool]:
        key = key_of(self._binding.stack, new.sha256)
        try:
            answer = await self._call(
                "add_document",
                filename=new.filename,
                folded=folded(new.filename),
                sha256=new.sha256,
                size=new.size,
                file_path=key,
                part_of=None if part_of is None else as_uuid(part_of),
            )
        except (QuotaExceeded, MissingRight, NotFound):
            await self._discard(key)
            raise
        if not answer["kept"]:
            await self._send_again(key)
        return document_of(answer["document"]), answer["new"]

    async def _send_again(self, key: str) -> None:
        """Send a document's file that somebody had removed before the document had it.

        Once: now nobody may remove it. A file that is not on this machine is told of as missing
        by whoever reads it.
        """
        file = None if self._kept is None else await to_thread.run_sync(self._kept.find, key)
        if file is not None:
            await Objects(self._rest).send(self._caller, key, file, file.stat().st_size)

    async def _discard(self, key: str) -> None:
        """Remove the file that was to become a document, unless a document has it.

        In the owner's name: the caller is perhaps no member any more. Where that fails, the file
        stays until the same bytes are added again, or the stack is deleted.
        """
        binding = Binding(self._binding.owner, self._binding.stack, Role.OWNER.rights)
        try:
            removed = await Objects(self._rest).remove(Caller.of(binding), [key])
        except StackdocsError as error:
            log.warning("a file that was not wanted could not be removed: %s", error.code)
            return
        if removed and self._kept is not None:
            self._kept.forget(key)

    async def document(self, document: DocumentId) -> Document:
        return document_of(await self._call("document", document))

    async def documents(
        self,
        *,
        status: DocumentStatus | None = None,
        query: str | None = None,
        after: DocumentId | None = None,
        limit: int,
    ) -> Sequence[Document]:
        found = await self._call(
            "documents",
            status=status,
            query=None if query is None else folded(query),
            after=None if after is None else as_uuid(after),
            limit=limit,
        )
        return [document_of(one) for one in found]


def document_of(row: dict[str, Any]) -> Document:
    """The document of a row as ``stackdocs.document_json`` writes it."""
    return Document(
        id=DocumentId(row["id"]),
        filename=row["filename"],
        sha256=Sha256(row["sha256"]),
        size=row["size"],
        status=DocumentStatus(row["status"]),
        pages=row["pages"],
        pages_done=row["pages_done"],
        pages_without_text=row["pages_without_text"],
        fields=row["fields"],
        flagged=row["flagged"],
        revision=row["revision"],
        created_at=moment(row["created_at"]),
        updated_at=moment(row["updated_at"]),
        media_type=row["media_type"],
        error=Failure(*row["failure"]) if row["failure"] else None,
        superseded_by=row["superseded_by"],
        billed_pages=row["billed_pages"],
        abandoned=row["abandoned"],
        readings=row["readings"],
        extraction=row["extraction"],
        digest=row["digest"],
    )
