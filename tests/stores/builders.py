"""Small things to store, said in one line."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from stackdocs_mcp.core.assembly import leaves_of
from stackdocs_mcp.core.binding import Actor, Binding, Right, StackId, UserId
from stackdocs_mcp.core.files import Files
from stackdocs_mcp.core.model import (
    Document,
    Evidence,
    FieldValue,
    FieldWrite,
    JsonValue,
    Leaf,
    Line,
    NewDocument,
    Page,
    PageSource,
    Sha256,
    Verdict,
    Warn,
)
from stackdocs_mcp.core.paths import dotted, parse
from stackdocs_mcp.core.ports import StackStore, Store

ALICE, BOB = UserId("alice@example.org"), UserId("bob@example.org")
ENGINE = "engine-1"
WARNING = (Warn("label_far", "the label is nowhere near"),)


class SteppingClock:
    """A time that moves one second with every look, or stands where it is put."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 4, 5, 6, 7, 890_123, tzinfo=UTC)
        self.step = timedelta(seconds=1)

    def __call__(self) -> datetime:
        self.now += self.step
        return self.now


def binding(user: UserId, stack: StackId, client: str = "test") -> Binding:
    return Binding(user, stack, frozenset(Right), Actor("agent", client))


async def person_of(store: Store, repo: StackStore, name: str = "review") -> StackStore:
    """The same stack, for a person of the same user."""
    bound = binding(ALICE, (await repo.stack()).id)
    return store.bind(bound.acting_as(Actor("person", name)))


async def files_of(store: Store, repo: StackStore, user: UserId = ALICE) -> Files:
    """The files of the bound stack, for this user."""
    return store.files(binding(user, (await repo.stack()).id))


def digest(content: str) -> Sha256:
    return Sha256(hashlib.sha256(content.encode()).hexdigest())


def file(name: str = "invoice.pdf", content: str | None = None) -> NewDocument:
    return NewDocument(name, digest(name if content is None else content), 7)


async def added(
    repo: StackStore, name: str = "invoice.pdf", content: str | None = None
) -> Document:
    document, _ = await repo.add_document(file(name, content))
    return document


async def ready(repo: StackStore, name: str = "invoice.pdf") -> Document:
    """A document that has been read, with no pages."""
    return await repo.finish((await added(repo, name)).id)


def page(number: int, *texts: str, hidden: Sequence[str] = ()) -> Page:
    shown = [Line(count, text) for count, text in enumerate(texts, 1)]
    unseen = [Line(len(shown) + count, text, hidden=True) for count, text in enumerate(hidden, 1)]
    source = PageSource.TEXT if shown else PageSource.NONE
    return Page(number, 595.0, 842.0, source, (*shown, *unseen))


async def with_text(repo: StackStore, name: str, *texts: str) -> Document:
    document = await added(repo, name)
    await repo.save_pages(document.id, ENGINE, [page(1, *texts)])
    return document


def leaf(path: str, value: JsonValue, *, flagged: bool = False) -> Leaf:
    return Leaf(
        parse(path), value, Evidence(Verdict.UNCHECKED), warnings=WARNING if flagged else ()
    )


def setting(
    path: str, value: JsonValue, *, expected: int | None = None, flagged: bool = False
) -> FieldWrite:
    leaves = [leaf(dotted(at), one, flagged=flagged) for at, one in leaves_of(parse(path), value)]
    return FieldWrite(parse(path), tuple(leaves), expected)


def deleting(path: str, *, expected: int | None = None) -> FieldWrite:
    return FieldWrite(parse(path), (), expected)


async def put(repo: StackStore, document: Document, path: str, value: JsonValue) -> str:
    """Set one field, alone in its call; the change's id."""
    (result,) = await repo.write(document.id, [setting(path, value)])
    assert result.change is not None
    return result.change


async def values(repo: StackStore, document: Document) -> dict[str, JsonValue]:
    return shown(await repo.fields(document.id))


def shown(fields: Sequence[FieldValue]) -> dict[str, JsonValue]:
    return {dotted(field.leaf.path): field.leaf.value for field in fields}


def leaves_shown(leaves: Sequence[Leaf]) -> dict[str, JsonValue]:
    return {dotted(one.path): one.value for one in leaves}
