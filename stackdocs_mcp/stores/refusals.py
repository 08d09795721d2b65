"""The record of refusals: bounded for each user, and by age."""

import sqlite3
from collections.abc import Sequence
from datetime import timedelta

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
from stackdocs_mcp.stores.scope import moment

PRUNED = 20
"""Old rows that go with each new one: more than come, and never many."""

_MICROSECOND = timedelta(microseconds=1)
_MINUTE = timedelta(minutes=1) // _MICROSECOND
_DAY = timedelta(days=1) // _MICROSECOND

_SINCE = """
SELECT count(*) FROM (
    SELECT 1 FROM denials
    WHERE user_id = :user AND at >= :since AND counted_day IS NULL LIMIT :most
)
"""
_RECORD = """
INSERT INTO denials (at, user_id, stack, request, what, code, subject)
VALUES (:now, :user, :stack, :request, :what, :code, :subject)
"""
_COUNT = """
INSERT INTO denials (at, user_id, stack, request, what, code, subject, counted_day)
VALUES (:now, :user, '', '', '', :more, '', :day)
ON CONFLICT (user_id, counted_day) WHERE counted_day IS NOT NULL
    DO UPDATE SET count = count + 1, at = excluded.at
"""
_PRUNE = """
DELETE FROM denials WHERE id IN (
    SELECT id FROM denials WHERE at < :oldest ORDER BY at, id LIMIT :limit
)
"""
_OF_ALL = """
SELECT at, user_id, stack, request, what, code, subject, count FROM denials
WHERE :stack IS NULL OR stack = :stack ORDER BY at DESC, id DESC LIMIT :limit
"""
_OF_USER = """
SELECT at, user_id, stack, request, what, code, subject, count FROM denials
WHERE user_id = :user AND (:stack IS NULL OR stack = :stack)
ORDER BY at DESC, id DESC LIMIT :limit
"""


def record(connection: sqlite3.Connection, denial: Denial, now: int) -> None:
    """Keep the refusal, or count it where the user has had too many; forget a few old ones."""
    connection.execute(_PRUNE, {"oldest": now - KEPT_DAYS * _DAY, "limit": PRUNED})
    user = _user(denial.user)
    bounds = ((now - _MINUTE + 1, PER_MINUTE), (now - now % _DAY, PER_DAY))
    if any(_has(connection, user, since, most) for since, most in bounds):
        counted = {"now": now, "user": user, "more": MORE, "day": now // _DAY}
        connection.execute(_COUNT, counted)
        return
    texts = {
        "stack": denial.stack,
        "request": denial.request,
        "what": denial.what,
        "code": denial.code,
        "subject": denial.subject,
    }
    cut = {name: text[:LONGEST_TEXT] for name, text in texts.items()}
    connection.execute(_RECORD, {"now": now, "user": user, **cut})


def denials(
    connection: sqlite3.Connection, user: UserId | None, stack: str | None, limit: int
) -> Sequence[AuditRow]:
    """The newest first."""
    asked = {"stack": stack, "limit": max(limit, 0)}
    if user is None:
        rows = connection.execute(_OF_ALL, asked).fetchall()
    else:
        rows = connection.execute(_OF_USER, {"user": _user(user), **asked}).fetchall()
    return [
        AuditRow(
            moment(row["at"]),
            Denial(
                UserId(row["user_id"]),
                row["stack"],
                row["request"],
                row["what"],
                row["code"],
                row["subject"],
            ),
            row["count"],
        )
        for row in rows
    ]


def _has(connection: sqlite3.Connection, user: str, since: int, most: int) -> bool:
    """The user has so many rows since then."""
    asked = {"user": user, "since": since, "most": most}
    (found,) = connection.execute(_SINCE, asked).fetchone()
    return bool(found >= most)


def _user(user: UserId) -> str:
    return user[:LONGEST_USER]
