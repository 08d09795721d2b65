"""``history``: who changed what, newest first."""

from collections.abc import Sequence

from stackdocs_mcp.cli.opening import document_of, opened
from stackdocs_mcp.cli.output import put_table
from stackdocs_mcp.core import exact
from stackdocs_mcp.core.assembly import assemble
from stackdocs_mcp.core.model import Action, Change, JsonValue, Leaf
from stackdocs_mcp.core.paths import FieldPath, dotted
from stackdocs_mcp.settings import Settings
from stackdocs_mcp.workspace import Workspace

COLUMNS = ("change", "at", "who", "action", "path", "before -> after", "file")
AT_ONCE = 200


async def show_history(settings: Settings, document: str | None) -> int:
    """Print the changes of the stack, or of the document with this id or file name."""
    async with opened(settings) as workspace:
        changes = await _changes(workspace, document)
        names = {
            one: (await workspace.store.document(one)).filename
            for one in {change.document for change in changes}
        }
    put_table(COLUMNS, [_row(change, names[change.document]) for change in changes])
    return 0


async def _changes(workspace: Workspace, document: str | None) -> list[Change]:
    wanted = None
    if document is not None:
        wanted = (await document_of(workspace, document)).id
    found: list[Change] = []
    while True:
        more = await workspace.store.changes(wanted, after=len(found), limit=AT_ONCE)
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
    )


def _difference(change: Change) -> str:
    if change.action is Action.COMPLETE:
        return " ".join([*change.acknowledged, *([f"({change.reason})"] if change.reason else [])])
    return f"{_value(change.path, change.before)} -> {_value(change.path, change.after)}"


def _value(path: FieldPath, leaves: Sequence[Leaf]) -> str:
    """The value at the path as JSON; a dash for none."""
    if not leaves:
        return "-"
    value: JsonValue
    value, _gaps = assemble((leaf.path, leaf.value) for leaf in leaves)
    for segment in path:
        value = value[segment]  # type: ignore[index]  # the leaves stand below path
    return exact.dumps(value)
