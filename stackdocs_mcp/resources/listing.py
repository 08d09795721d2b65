"""What ``resources/*`` answers: the stack's resources, page by page, their templates, and one."""

import mcp_types as types

from stackdocs_mcp.core.model import Document, DocumentId
from stackdocs_mcp.resources.resource import Address, Resource, ResourceNotFound
from stackdocs_mcp.resources.table import RESOURCES
from stackdocs_mcp.workspace import Workspace, browsing

DOCUMENTS_AT_ONCE = 50
TTL_MS = 3_600_000
"""Templates are those of the release; what a stack holds can change at any time."""


def addressed(uri: str) -> Address:
    """What the address means. Raises ResourceNotFound for anything but an exact one of the table.

    The document's id in it has the form of one, no more.
    """
    for resource in RESOURCES:
        if match := resource.pattern.fullmatch(uri):
            return Address(resource, *map(DocumentId, match.groups()))
    raise ResourceNotFound(uri)


async def listed(workspace: Workspace, cursor: str | None) -> types.ListResourcesResult:
    """The stack's own resources, then those of each document, oldest first.

    Raises InvalidCursor.
    """
    page = await browsing.list_documents(
        workspace, cursor=cursor, limit=DOCUMENTS_AT_ONCE, call="resources/list"
    )
    own = [] if cursor else [one for one in RESOURCES if not one.of_documents]
    found = [_resource(one, None) for one in own]
    for document in page.documents:
        found += [_resource(one, document) for one in RESOURCES if one.of_documents]
    return types.ListResourcesResult(
        resources=found, next_cursor=page.next_cursor, ttl_ms=0, cache_scope="private"
    )


def templates() -> types.ListResourceTemplatesResult:
    """The same for every stack."""
    return types.ListResourceTemplatesResult(
        resource_templates=[
            types.ResourceTemplate(
                uri_template=one.template,
                name=one.name,
                title=one.title,
                description=one.description,
                mime_type=one.mime_type,
            )
            for one in RESOURCES
            if one.of_documents
        ],
        ttl_ms=TTL_MS,
        cache_scope="private",
    )


async def read(workspace: Workspace, uri: str) -> types.ReadResourceResult:
    """What the resource holds. Raises ResourceNotFound."""
    address = await addressed(uri).found(workspace)
    text = await address.resource.read(workspace, address.document)
    contents = types.TextResourceContents(
        uri=address.uri, mime_type=address.resource.mime_type, text=text
    )
    return types.ReadResourceResult(contents=[contents], ttl_ms=0, cache_scope="private")


def _resource(resource: Resource, document: Document | None) -> types.Resource:
    if document is None:
        return types.Resource(
            uri=resource.template,
            name=resource.name,
            title=resource.title,
            description=resource.description,
            mime_type=resource.mime_type,
        )
    return types.Resource(
        uri=resource.uri(document.id),
        name=f"{document.filename}{resource.suffix}",
        title=f"{document.filename}{resource.suffix}",
        description=resource.title,
        mime_type=resource.mime_type,
    )
