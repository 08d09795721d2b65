"""``stacks``: what there is in the data directory."""

from stackdocs_mcp.cli.output import put_table, say
from stackdocs_mcp.core.model import DocumentStatus
from stackdocs_mcp.server.compose import running, user_of
from stackdocs_mcp.settings import Settings


async def list_stacks(settings: Settings) -> int:
    """Print a row for each stack, by name; ``billed`` counts pages that a paid service charged.

    The id is in the stack's address over HTTP.
    """
    async with running(settings) as app:
        summaries = await app.store.stacks(app.user)

    rows = [
        (
            summary.stack.name,
            *(str(summary.documents.get(status, 0)) for status in DocumentStatus),
            str(summary.billed_pages),
            summary.stack.folder or "",
            summary.stack.id,
        )
        for summary in summaries
    ]
    statuses = (status.value for status in DocumentStatus)
    put_table(["stack", *statuses, "billed", "folder", "id"], rows)
    if not rows:
        whose = f" of {user_of(settings)}" if settings.is_on_supabase else ""
        say(f"There is no stack{whose} yet; `stackdocs-mcp add PATH` makes one.")
    return 0
