"""Tools that are others for clients on other machines: files come and go by one-time links."""

import re
from typing import Annotated

from pydantic import Field

from stackdocs_mcp.core.amounts import counted
from stackdocs_mcp.core.links import Link
from stackdocs_mcp.tools import finishing
from stackdocs_mcp.tools.finishing import Export, Inline, Lists
from stackdocs_mcp.tools.reading import QuotaLeft, quota_left, said_of
from stackdocs_mcp.tools.tool import Answer, Arguments, Result
from stackdocs_mcp.workspace import Workspace, handing_out, uploading

_HARMLESS = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
"""A name that no shell reads as anything else."""


class OfferDocument(Arguments):
    filename: Annotated[str, Field(min_length=1, max_length=255)]
    size: Annotated[int, Field(ge=1, description="In bytes")]


class UploadLink(Result):
    url: str
    method: str
    expires_at: str
    max_bytes: int


class OfferedDocument(Result):
    upload: UploadLink
    quota: QuotaLeft | None = None


class ExportLink(Result):
    url: str
    expires_at: str


class LinkedExport(Result):
    link: ExportLink
    documents: int
    lists: Lists | None = None
    untrusted: Inline | None = None


async def add_document(workspace: Workspace, given: OfferDocument) -> Answer:
    link = await uploading.offer(workspace, given.filename, given.size)
    # The command is run in a shell that is not known here: a name goes in bare or not at all.
    name = given.filename if _HARMLESS.fullmatch(given.filename) else "FILE"
    upload = UploadLink(url=link.url, method="PUT", expires_at=_time(link), max_bytes=given.size)
    quota = quota_left(await workspace.shared.store.quota(workspace.binding.user))
    return Answer(
        f"send the bytes: curl --fail-with-body -T {name} {link.url}{said_of(quota)}",
        OfferedDocument(upload=upload, quota=quota),
    )


async def export(workspace: Workspace, given: Export) -> Answer:
    offered = await handing_out.offer(workspace, given.format, evidence=given.evidence)
    link = offered.link
    said = finishing.said_of(offered.lists, "are files of their own in its zip")
    return Answer(
        f"{counted(offered.documents, 'documents')}, for one download until {_time(link)}: "
        f"curl --fail-with-body -OJ {link.url}{said}",
        LinkedExport(
            link=ExportLink(url=link.url, expires_at=_time(link)),
            documents=offered.documents,
            lists=finishing.named(offered.lists),
            untrusted=None if offered.inline is None else Inline(content=offered.inline),
        ),
    )


def _time(link: Link) -> str:
    return link.expires_at.isoformat(timespec="seconds")
