"""What users have used in a month, counted in one statement against their quota."""

import sqlite3
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Literal, get_args

from stackdocs_mcp.core.binding import UserId
from stackdocs_mcp.core.model import DocumentId
from stackdocs_mcp.core.quota import Left, QuotaExceeded, Quotas
from stackdocs_mcp.stores.scope import Scope, moment

Kind = Literal["documents", "pages", "ocr_pages"]

_TAKE = {
    kind: f"""
INSERT INTO usage (user_id, month, {kind})
SELECT :user, :month, :amount WHERE :quota IS NULL OR :amount <= :quota
ON CONFLICT (user_id, month) DO UPDATE SET {kind} = {kind} + :amount
    WHERE :quota IS NULL OR {kind} + :amount <= :quota
"""
    for kind in get_args(Kind)
}
_GIVE_BACK = {
    kind: f"""
UPDATE usage SET {kind} = max(0, {kind} - :amount) WHERE user_id = :user AND month = :month
"""  # noqa: S608  names of columns
    for kind in get_args(Kind)
}
_USED = "SELECT documents, pages, ocr_pages FROM usage WHERE user_id = :user AND month = :month"
_DOCUMENT = """
SELECT added_by, pages_done, reserved_pages, reserved_pages_in, reserved_ocr, reserved_ocr_in
FROM documents WHERE stack_id = :stack AND id = :document
"""
_RESERVE_PAGES = """
UPDATE documents SET reserved_pages = :amount, reserved_pages_in = :month
WHERE stack_id = :stack AND id = :document
"""
_RESERVE_OCR = """
UPDATE documents SET reserved_ocr = reserved_ocr + :amount, reserved_ocr_in = :month
WHERE stack_id = :stack AND id = :document
"""
_SETTLE = """
UPDATE documents SET reserved_pages = max(0, reserved_pages - :read),
    reserved_ocr = max(0, reserved_ocr - :recognised)
WHERE stack_id = :stack AND id = :document AND (reserved_pages > 0 OR reserved_ocr > 0)
"""
_RELEASE = """
UPDATE documents SET reserved_pages = 0, reserved_ocr = 0
WHERE stack_id = :stack AND id = :document
"""
_NAMES: dict[Kind, str] = {"documents": "documents", "pages": "pages", "ocr_pages": "OCR pages"}


def left(
    connection: sqlite3.Connection, user: UserId, quotas: Quotas, now: datetime
) -> Left | None:
    """What the user may still use this month; None where nothing is limited."""
    if quotas == Quotas():
        return None
    used = connection.execute(_USED, {"user": user, "month": _month(now)}).fetchone()
    return left_of(quotas, {kind: used[kind] for kind in get_args(Kind)} if used else {}, now)


def left_of(quotas: Quotas, used: Mapping[Kind, int], now: datetime) -> Left:
    """What quotas leave to one who has used so much this month."""

    def rest(kind: Kind) -> int | None:
        limit: int | None = getattr(quotas, kind)
        return None if limit is None else max(0, limit - used.get(kind, 0))

    return Left(rest("documents"), rest("pages"), rest("ocr_pages"), next_month(now))


def count_document(scope: Scope, user: UserId) -> None:
    """Charge the user for a new document. Raises QuotaExceeded."""
    _take(scope, user, "documents", 1)


def reserve_pages(scope: Scope, document: DocumentId, pages: int) -> None:
    """Reserve the pages that a document of so many does not have. Raises QuotaExceeded.

    Whatever an earlier attempt at reading it has reserved is given back first.
    """
    release(scope, document)
    row = _charged(scope, document)
    wanted = max(0, pages - row["pages_done"])
    if wanted:
        month = _take(scope, UserId(row["added_by"]), "pages", wanted)
        scope.run(_RESERVE_PAGES, document=document, amount=wanted, month=month)


def reserve_recognition(scope: Scope, document: DocumentId, pages: int) -> None:
    """Reserve so many OCR pages more. Raises QuotaExceeded."""
    if pages < 1:
        return
    row = _charged(scope, document)
    month = _take(scope, UserId(row["added_by"]), "ocr_pages", pages)
    scope.run(_RESERVE_OCR, document=document, amount=pages, month=month)


def settle(scope: Scope, document: DocumentId, read: int, recognised: int) -> None:
    """So many pages that were reserved have been used."""
    if read or recognised:
        scope.run(_SETTLE, document=document, read=read, recognised=recognised)


def release(scope: Scope, document: DocumentId) -> None:
    """Give back what is reserved for the document."""
    row = _charged(scope, document)
    held: tuple[tuple[Kind, int, int], ...] = (
        ("pages", row["reserved_pages"], row["reserved_pages_in"]),
        ("ocr_pages", row["reserved_ocr"], row["reserved_ocr_in"]),
    )
    for kind, amount, month in held:
        if amount:
            scope.run(_GIVE_BACK[kind], user=row["added_by"], amount=amount, month=month)
    if any(amount for _, amount, _ in held):
        scope.run(_RELEASE, document=document)


def adder(scope: Scope, document: DocumentId) -> UserId:
    """Who added the document, and is charged for it."""
    return UserId(_charged(scope, document)["added_by"])


def _charged(scope: Scope, document: DocumentId) -> sqlite3.Row:
    row = scope.one(_DOCUMENT, document=document)
    assert row is not None
    return row


def _take(scope: Scope, user: UserId, kind: Kind, amount: int) -> int:
    """The month that was charged. Raises QuotaExceeded."""
    now = moment(scope.now)
    month, quota = _month(now), getattr(scope.quotas, kind)
    if not scope.run(_TAKE[kind], user=user, month=month, amount=amount, quota=quota):
        used = scope.one(_USED, user=user, month=month)
        rest = max(0, quota - (used[kind] if used else 0))
        raise QuotaExceeded(_NAMES[kind], amount, rest, quota, next_month(now))
    return month


def _month(now: datetime) -> int:
    """202611 for any time in November 2026, UTC."""
    utc = now.astimezone(UTC)
    return utc.year * 100 + utc.month


def next_month(now: datetime) -> datetime:
    """When it begins."""
    utc = now.astimezone(UTC)
    return datetime(utc.year + utc.month // 12, utc.month % 12 + 1, 1, tzinfo=UTC)
