"""What a resource is: a row of the table, and an address that means one."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Self

from stackdocs_mcp.core.errors import DocumentNotFound, NotFound
from stackdocs_mcp.core.events import About
from stackdocs_mcp.core.model import DocumentId
from stackdocs_mcp.resources import uris
from stackdocs_mcp.workspace import Workspace

NONE = DocumentId("")
"""What stands for a document in the address of a resource that is of none."""


class ResourceNotFound(NotFound):
    """For whatever is no resource of the bound stack: malformed, foreign and unknown alike."""

    code = "resource_not_found"

    def __init__(self, subject: str) -> None:
        super().__init__("Resource not found")
        self.subject = subject


@dataclass(frozen=True)
class Resource:
    """A row of the table: a resource of the stack, or one of each of its documents.

    ``name`` is that of the resource, or of its template. ``suffix`` stands behind a file's name in
    the name of one document's. ``after`` says after what it has to be read again.
    """

    template: str
    name: str
    title: str
    description: str
    mime_type: str
    after: frozenset[About]
    read: Callable[[Workspace, DocumentId], Awaitable[str]]
    suffix: str = ""

    @property
    def of_documents(self) -> bool:
        """There is one for each document."""
        return uris.DOCUMENT in self.template

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """What its addresses match in full."""
        return uris.pattern(self.template)

    def uri(self, document: DocumentId) -> str:
        """The address of this document's."""
        return self.template.replace(uris.DOCUMENT, document)


@dataclass(frozen=True, slots=True)
class Address:
    """A resource that an address means. Its document, if it has one, may be none of the stack."""

    resource: Resource
    document: DocumentId = NONE

    @property
    def uri(self) -> str:
        """The address as it is written."""
        return self.resource.uri(self.document)

    async def found(self, workspace: Workspace) -> Self:
        """The address, if there is something. Raises ResourceNotFound."""
        if self.resource.of_documents:
            try:
                await workspace.store.document(self.document)
            except DocumentNotFound as error:
                raise ResourceNotFound(self.document) from error
        return self
