"""Stacks with everything in them, taken out of the project for good: see migration 530."""

import logging
import uuid
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

from stackdocs_mcp.core.binding import StackId, UserId
from stackdocs_mcp.core.errors import StoreFailed
from stackdocs_mcp.stores.supabase.calling import as_uuid, micros
from stackdocs_mcp.stores.supabase.project import PROGRAM, Caller
from stackdocs_mcp.stores.supabase.rest import Rest

log = logging.getLogger(__name__)

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

    A stack that cannot be erased is in the way of no other. Raises StoreFailed where something is
    left that could not be erased.
    """
    for _ in range(ROUNDS):
        failed, folders = await _rows(rest)
        for stack in folders:
            try:
                await empty(stack)
                await rest.call(PROGRAM, "sd_emptied", {"p_stack": stack})
            except StoreFailed as error:
                log.warning("the files of a deleted stack could not be removed: %s", error.code)
        if not failed and not folders:
            return
    raise StoreFailed(
        "a deleted stack could not be erased wholly",
        "Nobody can see it any more; what is left is erased when the program starts again.",
    )


async def _rows(rest: Rest) -> tuple[Sequence[str], Sequence[StackId]]:
    """Erase all rows there are: stacks whose rows are left, and those that have only files left."""
    failed: list[str] = []
    while True:
        asked = {"p_rows": ROWS, "p_documents": DOCUMENTS, "p_skip": failed}
        answer = await rest.call(PROGRAM, "sd_erase", asked)
        if answer["rows"] is None:
            return failed, [StackId(stack) for stack in answer["folders"]]
        if "failed" in answer:
            log.warning("a deleted stack could not be erased: %s", answer["code"])
            failed.append(answer["failed"])
