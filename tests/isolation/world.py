"""Two users and three stacks, everything in them marked, and a digest of all that is stored."""

from dataclasses import dataclass
from pathlib import Path

from stackdocs_mcp.core.binding import StackId, UserId
from stackdocs_mcp.core.model import DocumentId
from stackdocs_mcp.core.tenancy import Denial
from stackdocs_mcp.workspace import Workspace
from stackdocs_mcp.workspace.adding import add_document
from stackdocs_mcp.workspace.reading import read_ocr
from stackdocs_mcp.workspace.schemas import set_schema
from stackdocs_mcp.workspace.writing import Entry, set_fields
from tests.isolation.places import Place
from tests.isolation.speakers import Speaker
from tests.server.papers import INVOICE, SCHEMA
from tests.web.site import Site

ROWS = 110
"""So many that reading them back takes two answers."""
UNKNOWN = "00000000-0000-4000-8000-000000000000"


@dataclass(frozen=True)
class Planted:
    """A stack with documents, in which everything carries its canary."""

    user: UserId
    stack: StackId
    canary: str
    documents: tuple[DocumentId, ...]

    @property
    def document(self) -> DocumentId:
        return self.documents[0]


@dataclass(frozen=True)
class World:
    """What the client may see, and what it may not."""

    site: Site
    place: Place
    speaker: Speaker
    own: Planted
    sibling: Planted
    """Another stack of the same user."""
    foreign: Planted
    """A stack of somebody else."""

    def digest(self) -> str:
        """Of every row of the store, but for the record of refusals."""
        return self.place.digest(self.site.app.settings.data_dir)

    async def denials(self) -> list[Denial]:
        """The newest refusals of the client's user."""
        rows = await self.site.app.store.denials(user=self.own.user, limit=100_000)
        return [one.denial for one in rows]

    def forget_denials(self) -> None:
        """Begin the record anew: of so many a minute it keeps only the number."""
        self.place.forget_denials(self.site.app.settings.data_dir)

    def leaks(self, body: bytes) -> bool:
        """Something of a stack that is not the client's is in it."""
        return any(one.canary.encode() in body for one in (self.sibling, self.foreign))


async def plant(site: Site, user: UserId, name: str, canary: str, *, documents: int = 1) -> Planted:
    """A stack with a schema, documents that were read, and fields, all with the canary in it."""
    stack = await site.stack(user, name)
    workspace = site.workspace(user, stack)
    properties = {**SCHEMA["properties"], canary: {"type": "string"}}
    await set_schema(workspace, {**SCHEMA, "properties": properties}, f"about {canary}")
    made = [await add(workspace, site.files, canary, number) for number in range(documents)]
    return Planted(user, stack, canary, tuple(made))


async def add(workspace: Workspace, files: Path, canary: str, number: int = 0) -> DocumentId:
    """A document that was read to its end, with fields."""
    path = files / f"{canary}-{number}.txt"
    path.write_text(f"{INVOICE}{canary} {number}\n" + f"{canary} word\n" * 200)
    document = (await add_document(workspace, path.name)).document.id
    await read_ocr(workspace, document, max_chars=48_000)
    rows = [{"description": canary, "amount": row} for row in range(ROWS)]
    entries = [Entry(canary, f"{canary} {number}"), Entry("line_items", rows)]
    await set_fields(workspace, document, entries, dry_run=False)
    return document
