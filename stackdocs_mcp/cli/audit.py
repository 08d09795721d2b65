"""``audit``: what was refused to whom."""

from collections.abc import Mapping, Sequence

from stackdocs_mcp.cli.opening import named
from stackdocs_mcp.cli.output import put_table, say
from stackdocs_mcp.core.binding import UserId
from stackdocs_mcp.core.stack import Stack
from stackdocs_mcp.core.tenancy import MORE, AuditRow
from stackdocs_mcp.server.compose import running
from stackdocs_mcp.settings import Settings

COLUMNS = ("at", "user", "stack", "name", "what", "code", "subject", "request")


async def show(settings: Settings, user: str | None, stack: str | None, limit: int) -> int:
    """Print a row for each refusal of the user, or of all users; in the stack, or in all."""
    async with running(settings) as app:
        stacks = [summary.stack for summary in await app.store.stacks(app.user)]
        asked = None if stack is None else _id(stacks, settings, stack)
        of = None if user is None else UserId(user)
        found = await app.store.denials(user=of, stack=asked, limit=limit)
    names: dict[str, str] = {one.id: one.name for one in stacks}
    put_table(COLUMNS, [_row(row, names) for row in found], whole=True)
    if not found:
        say("Nothing was refused in the last 90 days.")
    return 0


def _id(stacks: Sequence[Stack], settings: Settings, wanted: str) -> str:
    """The id of the user's stack of this name; else what was given: others ask for other ids."""
    found = named(stacks, settings, wanted)
    return found[0].id if len(found) == 1 else wanted


def _row(row: AuditRow, names: Mapping[str, str]) -> tuple[str, ...]:
    denial = row.denial
    code = denial.code if denial.code != MORE else f"{MORE} {row.count}"
    at = row.at.isoformat(sep=" ", timespec="seconds").replace("+00:00", "Z")
    name = names.get(denial.stack, "")
    return (at, denial.user, denial.stack, name, denial.what, code, denial.subject, denial.request)
