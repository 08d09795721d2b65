"""Stacks with everything in them, taken out of the project for good: see migration 530."""

import uuid
from collections.abc import Awaitable, Callable
from datetime import datetime

from stackdocs_mcp.core.binding import StackId, UserId
from stackdocs_mcp.core.errors import StoreFailed
from stackdocs_mcp.stores.supabase.calling import as_uuid, micros
from stackdocs_mcp.stores.supabase.project import PROGRAM, Caller
from stackdocs_mcp.stores.supabase.rest import Rest

ROWS, DOCUMENTS = 2_000, 50
"""In one transaction: others want to write as well."""
ROUNDS = 5
"""How often somebody may be in the way before it is left to the next opening."""


async def mark(rest: Rest, user: UserId, stack: StackId, now: datetime) -> bool:
    """Make the user's own stack gone for everybody. False when the user has none with this id."""
    asked = {"p_call": str(uuid.uuid4()), "p_now": micros(now), "p_stack": as_uuid(stack)}
    marked: bool = await rest.call(Caller("authenticated", user), "sd_delete_stack", asked)
    return marked


async def erase(rest: Rest, empty: Callable[[StackId], Awaitable[None]]) -> None:
    """Erase all that is gone and that nobody else is erasing; ``empty`` removes a stack's files.

    Raises StoreFailed where something is left that could not be erased.
    """
    for _ in range(ROUNDS):
        answer = await rest.call(PROGRAM, "sd_erase", {"p_rows": ROWS, "p_documents": DOCUMENTS})
        while answer["rows"]:
            answer = await rest.call(
                PROGRAM, "sd_erase", {"p_rows": ROWS, "p_documents": DOCUMENTS}
            )
        if answer["rows"] is None and not answer["folders"]:
            return
        for stack in answer.get("folders", ()):
            await empty(StackId(stack))
            await rest.call(PROGRAM, "sd_emptied", {"p_stack": stack})
    raise StoreFailed(
        "a deleted stack could not be erased wholly",
        "Nobody can see it any more; what is left is erased when the program starts again.",
    )
