"""The record of refusals: whoever asks for what is not theirs leaves a row, and learns nothing."""

import logging

from stackdocs_mcp.core.binding import Binding
from stackdocs_mcp.core.errors import StackdocsError, StoreFailed
from stackdocs_mcp.core.tenancy import Audit, Denial

log = logging.getLogger(__name__)

MAX_SUBJECT = 64


async def keep(audit: Audit, denial: Denial) -> None:
    """Record the refusal. One that cannot be recorded is logged, and stays the same refusal."""
    try:
        await audit.record(denial)
    except StoreFailed as error:
        log.error(  # noqa: TRY400  no foreign text
            "the refusal of request %s (%s) is not recorded: %s",
            denial.request,
            denial.code,
            error.code,
        )


async def refused(
    audit: Audit, binding: Binding, request: str, what: str, error: StackdocsError
) -> None:
    """Record an error that says: this is not there for you. Others are the caller's own business.

    What was asked for is not told apart from what is nowhere: nobody here knows either.
    """
    if error.is_denial:
        denial = Denial(binding.user, binding.stack, request, what, error.code, cut(error.subject))
        await keep(audit, denial)


def cut(subject: str) -> str:
    """As much of what a client has sent as a record takes, and nothing that is not shown."""
    return "".join(one for one in subject[: 4 * MAX_SUBJECT] if one.isprintable())[:MAX_SUBJECT]
