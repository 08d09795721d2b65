"""``stacks delete``: a stack erased for good."""

from stackdocs_mcp.cli.opening import named
from stackdocs_mcp.cli.output import say, shown
from stackdocs_mcp.core.errors import InvalidArgument, NotFound
from stackdocs_mcp.core.stack import StackSummary
from stackdocs_mcp.server.compose import running
from stackdocs_mcp.settings import Settings


async def wanted(settings: Settings, name: str) -> StackSummary:
    """The stack of this name, or of the served folder of this name or path.

    Raises NotFound, or InvalidArgument when several folders have the name.
    """
    async with running(settings) as app:
        summaries = await app.store.stacks(app.user)
    ids = {stack.id for stack in named([one.stack for one in summaries], settings, name)}
    found = [one for one in summaries if one.stack.id in ids]
    if len(found) == 1:
        return found[0]
    if found:
        folders = ", ".join(str(one.stack.folder) for one in found)
        raise InvalidArgument(
            f"several folders have a stack named {name!r}", f"Give the folder itself: {folders}."
        )
    raise NotFound(f"there is no stack {name!r}", "`stackdocs-mcp stacks` lists them.")


def question(summary: StackSummary) -> str:
    """What a person is asked before."""
    return (
        f"Delete the stack {shown(summary.stack.name)!r} with {_documents(summary)}, "
        "their fields and their history? This cannot be undone."
    )


async def delete(settings: Settings, summary: StackSummary) -> int:
    """Erase the stack. Raises NotFound when somebody else was faster."""
    async with running(settings) as app:
        if not await app.store.delete_stack(app.user, summary.stack.id):
            raise NotFound("the stack is no longer there", "Somebody else has deleted it.")
    say(f"The stack {shown(summary.stack.name)!r} was deleted with {_documents(summary)}.")
    return 0


def _documents(summary: StackSummary) -> str:
    count = sum(summary.documents.values())
    return f"{count} document{'' if count == 1 else 's'}"
