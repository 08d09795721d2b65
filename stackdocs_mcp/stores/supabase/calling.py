"""What everything bound to a stack is made of: calls of functions in the binding's name."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from stackdocs_mcp.core.binding import Binding
from stackdocs_mcp.core.errors import DocumentNotFound, MissingRight, NotFound
from stackdocs_mcp.core.model import DocumentId
from stackdocs_mcp.core.ports import Clock
from stackdocs_mcp.core.quota import Quotas
from stackdocs_mcp.stores.supabase.kept import Kept
from stackdocs_mcp.stores.supabase.memberships import Memberships
from stackdocs_mcp.stores.supabase.project import Caller, PgRole
from stackdocs_mcp.stores.supabase.recent import Recent
from stackdocs_mcp.stores.supabase.rest import Rest

NOWHERE = "00000000-0000-0000-0000-000000000000"
_EPOCH = datetime.fromtimestamp(0, UTC)
_MICROSECOND = timedelta(microseconds=1)


class Calling:
    """One binding; each method of the classes below it is one call, and so one transaction."""

    def __init__(
        self,
        rest: Rest,
        binding: Binding,
        clock: Clock,
        quotas: Quotas,
        role: PgRole = "authenticated",
        *,
        kept: Kept | None = None,
        recent: Recent | None = None,
        memberships: Memberships | None = None,
    ) -> None:
        """What this process has of the project: ``kept`` files, and documents seen ``recent``ly."""
        self._rest = rest
        self._binding = binding
        self._clock = clock
        self._quotas = quotas
        self._caller = Caller.of(binding, role)
        self._kept = kept
        self._recent = Recent() if recent is None else recent
        self._memberships = Memberships() if memberships is None else memberships

    async def _call(
        self, function: str, document: DocumentId | None = None, /, **arguments: Any
    ) -> Any:
        """What ``sd_<function>`` answers to these arguments; a lost answer is asked for again.

        So a function that does something more when it is called twice keeps what it answered to
        a call's id. Raises what the port says, and StoreFailed.
        """
        actor = self._binding.actor
        call = {
            "id": str(uuid.uuid4()),
            "now": micros(self._clock()),
            "owner": self._binding.owner,
            "kind": actor.kind,
            "client": actor.client,
            "quotas": {
                "documents": self._quotas.documents,
                "pages": self._quotas.pages,
                "ocr_pages": self._quotas.ocr_pages,
            },
        }
        named = {"p_call": call} | {f"p_{name}": value for name, value in arguments.items()}
        if document is not None:
            named["p_document"] = as_uuid(document)
        try:
            return await self._rest.call(self._caller, f"sd_{function}", named)
        except DocumentNotFound as error:
            if document is None:
                raise
            raise DocumentNotFound(document) from error  # as it was asked for
        except (NotFound, MissingRight):
            self._memberships.forget(self._binding.stack)
            raise


def micros(moment: datetime) -> int:
    """A time as it crosses the border: microseconds since 1970, exactly."""
    return (moment - _EPOCH) // _MICROSECOND


def moment(stored: int) -> datetime:
    """The time that ``micros`` made this of."""
    return _EPOCH + stored * _MICROSECOND


def as_uuid(given: str) -> str:
    """The id as the database takes one; for what is none, one that nothing has."""
    try:
        made = uuid.UUID(given)
    except ValueError:
        return NOWHERE
    return given if str(made) == given else NOWHERE


def bounded(number: int, bits: int = 63) -> int:
    """The number, or the nearest one that an integer of the database holds."""
    most: int = 2**bits - 1
    return max(-most, min(number, most))
