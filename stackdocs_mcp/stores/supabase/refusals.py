"""The record of refusals, shared by all processes: bounded for each user, and by age."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from stackdocs_mcp.core.binding import UserId
from stackdocs_mcp.core.tenancy import (
    KEPT_DAYS,
    LONGEST_TEXT,
    LONGEST_USER,
    MORE,
    PER_DAY,
    PER_MINUTE,
    AuditRow,
    Denial,
)
from stackdocs_mcp.stores.refusals import PRUNED
from stackdocs_mcp.stores.supabase.calling import micros, moment
from stackdocs_mcp.stores.supabase.project import PROGRAM
from stackdocs_mcp.stores.supabase.rest import Rest

_BOUNDS = {
    "minute": PER_MINUTE,
    "day": PER_DAY,
    "days": KEPT_DAYS,
    "pruned": PRUNED,
    "more": MORE,
}


async def record(rest: Rest, denial: Denial, now: datetime) -> None:
    """Keep the refusal, or count it. Raises StoreFailed."""
    texts = {
        "stack": denial.stack,
        "request": denial.request,
        "what": denial.what,
        "code": denial.code,
        "subject": denial.subject,
    }
    cut = {name: _storable(text[:LONGEST_TEXT]) for name, text in texts.items()}
    asked = {
        "p_call": str(uuid.uuid4()),
        "p_now": micros(now),
        "p_denial": {"user": _user(denial.user), **cut},
        "p_bounds": _BOUNDS,
    }
    await rest.call(PROGRAM, "sd_record_denial", asked)


async def denials(
    rest: Rest, user: UserId | None, stack: str | None, limit: int
) -> Sequence[AuditRow]:
    """The newest first. Raises StoreFailed."""
    asked = {
        "p_user": None if user is None else _user(user),
        "p_stack": None if stack is None else _storable(stack),
        "p_limit": limit,
    }
    return [
        AuditRow(
            moment(row["at"]),
            Denial(
                UserId(row["user"]),
                row["stack"],
                row["request"],
                row["what"],
                row["code"],
                row["subject"],
            ),
            row["count"],
        )
        for row in await rest.call(PROGRAM, "sd_denials", asked)
    ]


def _user(user: UserId) -> str:
    return _storable(user[:LONGEST_USER])


def _storable(text: str) -> str:
    """The text as Postgres takes it: a refusal is recorded, whatever was asked for."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", "?")
