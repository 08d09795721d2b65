"""``history``: who changed what, newest first."""

import sys
from collections.abc import AsyncIterator, Sequence

from stackdocs_mcp.cli.correcting import place
from stackdocs_mcp.cli.opening import document_of, opened
from stackdocs_mcp.cli.output import put, put_table, say, shown
from stackdocs_mcp.core import exact
from stackdocs_mcp.core.assembly import assemble
from stackdocs_mcp.core.model import Action, Change, Document, JsonValue, Leaf
from stackdocs_mcp.core.paths import FieldPath, dotted
from stackdocs_mcp.core.ports import StackStore
from stackdocs_mcp.settings import Settings
from stackdocs_mcp.workspace import Workspace

COLUMNS = (
    "change",
    "at",
    "who",
    "action",
    "path",
    "before -> after",
    "file",
    "evidence",
    "extraction",
    "user",
)
_ASIDE = ("file", "extraction", "user")
AT_ONCE = 200
SHORT = 16
"""Hexadecimal digits that tell a digest from any that happens to be, to be written down."""


async def show_history(settings: Settings, document: str | None) -> int:
    """Print the changes of the stack, or of the document with this id or file name.

    Of one document, say on standard error what its history comes to.
    """
    async with opened(settings) as workspace:
        changes = await _changes(workspace, document)
        names = {
            one: (await workspace.store.document(one)).filename
            for one in {change.document for change in changes}
        }
    rows = [_row(change, names[change.document]) for change in changes]
    columns = _telling(rows) if sys.stdout.isatty() else range(len(COLUMNS))
    put_table([COLUMNS[one] for one in columns], [[row[one] for one in columns] for row in rows])
    if document is not None and changes:
        say(f"{len(changes)} changes come to {changes[0].digest[:SHORT]}")
    return 0


def _telling(rows: Sequence[Sequence[str]]) -> list[int]:
    """The columns for a terminal, which has little room for what is the same in every row."""
    return [
        at
        for at, name in enumerate(COLUMNS)
        if name not in _ASIDE or len({row[at] for row in rows}) > 1
    ]


async def show_digests(settings: Settings, document: str | None) -> int:
    """Print what the history of the document, or of each of the stack, comes to."""
    async with opened(settings) as workspace:
        if document is not None:
            documents = [await document_of(workspace, document)]
        else:
            documents = [one async for one in every_document(workspace.store)]
    for one in documents:
        if one.digest:
            put(f"{one.id}\t{one.digest}\t{shown(one.filename)}")
    return 0


async def every_document(store: StackStore) -> AsyncIterator[Document]:
    """The documents of a stack, oldest first."""
    last = None
    while True:
        more = await store.documents(after=last, limit=AT_ONCE)
        for one in more:
            yield one
        if len(more) < AT_ONCE:
            return
        last = more[-1].id


async def _changes(workspace: Workspace, document: str | None) -> list[Change]:
    wanted = None
    if document is not None:
        wanted = (await document_of(workspace, document)).id
    found: list[Change] = []
    while True:
        before = found[-1].sequence if found else None
        more = await workspace.store.changes(wanted, before=before, limit=AT_ONCE)
        found += more
        if len(more) < AT_ONCE:
            return found


def _row(change: Change, filename: str) -> tuple[str, ...]:
    return (
        change.id,
        change.at.isoformat(sep=" ", timespec="seconds").replace("+00:00", "Z"),
        f"{change.actor.kind} {change.actor.client}".strip(),
        change.action.value,
        dotted(change.path) if change.path else "",
        _difference(change),
        filename,
        _evidence(change.after),
        str(change.extraction),
        change.user,
    )


def _difference(change: Change) -> str:
    if change.action is Action.COMPLETE:
        return " ".join([*change.acknowledged, *([f"({change.reason})"] if change.reason else [])])
    if change.action is Action.START:
        return ""
    if change.action is Action.RELEASE:
        return _value(change.path, change.after)
    return f"{_value(change.path, change.before)} -> {_value(change.path, change.after)}"


def _evidence(leaves: Sequence[Leaf]) -> str:
    """Of several leaves, that of the first which does not hold."""
    weakest = min(leaves, key=lambda leaf: leaf.evidence.verdict.holds, default=None)
    return "" if weakest is None else place(weakest.evidence)


def _value(path: FieldPath, leaves: Sequence[Leaf]) -> str:
    """The value at the path as JSON; a dash for none."""
    if not leaves:
        return "-"
    value: JsonValue
    value, _gaps = assemble((leaf.path, leaf.value) for leaf in leaves)
    for segment in path:
        value = value[segment]  # type: ignore[index]  # the leaves stand below path
    return exact.dumps(value)
