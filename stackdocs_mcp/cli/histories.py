"""``doctor`` on histories: that they are whole, and still hold what was once kept of them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import IO

from stackdocs_mcp.cli.history import every_document
from stackdocs_mcp.core.binding import Actor, Binding, Right, UserId
from stackdocs_mcp.core.errors import InvalidArgument, StackdocsError
from stackdocs_mcp.core.history import Break
from stackdocs_mcp.core.model import Document, DocumentId
from stackdocs_mcp.core.paths import dotted
from stackdocs_mcp.core.ports import StackStore, Store
from stackdocs_mcp.core.stack import Stack

MOST_BRIEFLY = 1_000
"""Documents that are looked at where each is a call over the network, unless digests are given."""
_LINE = re.compile(r"(?P<id>[^\t]+)\t(?P<digest>[0-9a-f]{64})(\t.*)?")
_CHANGED = "The store was changed from outside of this program, or damaged"


@dataclass
class Looked:
    """What was looked at, and everything that is wrong, in a sentence each."""

    documents: int = 0
    changes: int = 0
    more: bool = False
    """There are documents that were not looked at."""
    wrong: list[str] = field(default_factory=list)


def kept_digests(file: IO[bytes] | None) -> Mapping[DocumentId, str]:
    """What ``history --digests`` printed once, by document. Raises InvalidArgument."""
    found: dict[DocumentId, str] = {}
    if file is None:
        return found
    for number, line in enumerate(file.read().decode("utf-8", "replace").splitlines(), 1):
        match = _LINE.fullmatch(line)
        if match is None:
            raise InvalidArgument(
                f"line {number} of the digests is not one that `history --digests` prints",
                "Give the file as it was printed.",
            )
        found[DocumentId(match["id"])] = match["digest"]

    return found


async def look_through(
    store: Store, user: UserId, kept: Mapping[DocumentId, str], most: int | None = None
) -> Looked:
    """Every document of all the user's stacks, one after the other; ``most`` of them, if given.

    With digests ``kept`` it is all of them: each that a digest was kept of has to be found.
    """
    limit = None if kept else most
    looked, unseen = Looked(), dict(kept)
    for summary in await store.stacks(user):
        stack = summary.stack
        bound = store.bind(Binding(user, stack.id, frozenset({Right.READ}), Actor("person")))
        async for document in every_document(bound):
            if limit is not None and looked.documents >= limit:
                looked.more = True
                return looked
            await _look(bound, stack, document, looked)
            digest = unseen.pop(document.id, None)
            if digest is not None and not await bound.came_to(document.id, digest):
                name = _named(stack, document)
                looked.wrong.append(
                    f"{name}: the history no longer holds what was kept of it. {_CHANGED}."
                )

    looked.wrong += [f"a document {one} was there when digests were kept" for one in unseen]
    return looked


async def _look(store: StackStore, stack: Stack, document: Document, looked: Looked) -> None:
    looked.documents += 1
    try:
        found = await store.verify(document.id)
    except StackdocsError as error:
        looked.wrong.append(f"{_named(stack, document)}: {error.message}. {_CHANGED}.")
        return
    looked.changes += found.changes
    if found.breaks:
        told = "; ".join(map(_break, found.breaks))
        looked.wrong.append(
            f"{_named(stack, document)}: {told}. {_CHANGED}: compare it with a backup."
        )


def _break(found: Break) -> str:
    at = f"change {found.change}: " if found.change else ""
    where = f" ({dotted(found.path)})" if found.path else ""
    return f"{at}{found.what}{where}"


def _named(stack: Stack, document: Document) -> str:
    return f"{document.filename} ({document.id}) in stack {stack.name}"
