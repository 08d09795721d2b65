"""Whether program and database are of the same version, asked once when a store is opened."""

from collections.abc import Sequence

from stackdocs_mcp.core.errors import StoreFailed, StoreTooNew
from stackdocs_mcp.stores.supabase.project import Caller
from stackdocs_mcp.stores.supabase.rest import Rest
from stackdocs_mcp.stores.supabase.steps import Migration, missing, unknown


async def check(rest: Rest, steps: Sequence[Migration]) -> None:
    """One call. Raises StoreTooNew for a newer database, StoreFailed for an older one."""
    there = await rest.call(Caller("stackdocs_server"), "sd_version", {})
    if strange := unknown(steps, there):
        raise too_new(strange[-1], steps[-1].version)
    if lacking := missing(steps, there):
        raise StoreFailed(
            f"the project's database lacks {len(lacking)} of {len(steps)} migrations, the first "
            f"is {lacking[0].label}",
            "Run `stackdocs-mcp migrate`.",
        )


def too_new(theirs: str, ours: str) -> StoreTooNew:
    """For a database that a later program has brought up to date."""
    return StoreTooNew(
        f"the project's database has version {theirs}; this program knows versions up to {ours}",
        "Install the newer stackdocs-mcp that it was migrated with.",
    )
