"""``audit``: what was refused to whom."""

from stackdocs_mcp.cli.output import put_table, say
from stackdocs_mcp.core.binding import UserId
from stackdocs_mcp.core.tenancy import MORE, AuditRow
from stackdocs_mcp.server.compose import running
from stackdocs_mcp.settings import Settings

COLUMNS = ("at", "user", "stack", "what", "code", "subject")


async def show(settings: Settings, user: str | None, limit: int) -> int:
    """Print a row for each refusal of the user, or of all users."""
    async with running(settings) as app:
        found = await app.store.denials(user=None if user is None else UserId(user), limit=limit)
    put_table(COLUMNS, map(_row, found))
    if not found:
        say("Nothing was refused in the last 90 days.")
    return 0


def _row(row: AuditRow) -> tuple[str, ...]:
    denial = row.denial
    code = denial.code if denial.code != MORE else f"{MORE} {row.count}"
    at = row.at.isoformat(sep=" ", timespec="seconds").replace("+00:00", "Z")
    return (at, denial.user, denial.stack, denial.what, code, denial.subject)
