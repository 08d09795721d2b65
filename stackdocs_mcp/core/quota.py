"""How much a user may have read in a calendar month (UTC), and what is left of it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from stackdocs_mcp.core.amounts import counted
from stackdocs_mcp.core.binding import UserId
from stackdocs_mcp.core.errors import StackdocsError
from stackdocs_mcp.core.model import JsonValue


@dataclass(frozen=True, slots=True)
class Quotas:
    """What each user may use in a month; None is without limit.

    ``documents`` are those that were added, ``pages`` those that were read, and ``ocr_pages`` those
    of them that had to be recognised, by this machine or a service.
    """

    documents: int | None = None
    pages: int | None = None
    ocr_pages: int | None = None


UNLIMITED = Quotas()


@dataclass(frozen=True, slots=True)
class Left:
    """What a user may still use, None being without limit, and when it begins anew."""

    documents: int | None
    pages: int | None
    ocr_pages: int | None
    resets_at: datetime

    def told(self) -> dict[str, JsonValue]:
        """The same as clients see it; what is without limit is left out."""
        counts = {
            "documents_left": self.documents,
            "pages_left": self.pages,
            "ocr_pages_left": self.ocr_pages,
        }
        limited = {name: count for name, count in counts.items() if count is not None}
        return {**limited, "resets_at": self.resets_at.isoformat()}


_MORE_THAN_A_MONTH = (
    "No month has as many: ask whoever runs the server for a higher quota, then try again."
)


class QuotaExceeded(StackdocsError):
    """Something needs more than the month's quota has left; of what was asked nothing was done."""

    code = "quota_exceeded"

    def __init__(self, what: str, wanted: int, left: int, limit: int, resets_at: datetime) -> None:
        """``what`` is counted: documents, pages, or OCR pages."""
        super().__init__(
            f"the quota of {counted(limit, what)} a month has {left} left, and this needs {wanted}",
            _MORE_THAN_A_MONTH
            if wanted > limit
            else f"It begins anew at {resets_at.isoformat()}: try again then, or ask whoever runs "
            "the server for a higher one.",
        )
        self.resets_at = resets_at


class Usage(Protocol):
    """What users have used. It is counted with or without a quota, so that one can be set later.

    Charged is whoever added the document (for what is attached to one: whoever added that), also
    for what somebody else has read again. Everything is counted in the transaction that it belongs
    to, so that processes at the same time cannot spend the same twice:

    * ``add_document`` counts a new document; one that is there costs nothing.
    * ``set_outline`` reserves the pages that the document does not have yet. Those that the user's
      store had already are the document's by then, and cost nothing.
    * ``reserve_recognition`` reserves OCR pages before they are recognised.
    * ``save_pages`` turns reserved pages into used ones. ``finish``, ``fail``, another
      ``set_outline`` and the end of the stack give back what was reserved and not used.
    """

    async def quota(self, user: UserId) -> Left | None:
        """What the user may still use this month; None where nothing is limited."""
