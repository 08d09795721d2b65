"""What the database answers when it refuses, in the program's own errors.

Classified by codes alone: messages change between versions, and may quote what nobody should see.
"""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from stackdocs_mcp.core.errors import (
    AlreadyUndone,
    ChangeNotFound,
    DocumentNotFound,
    EarlierExtraction,
    ExtractionNotFound,
    InvalidArgument,
    Locked,
    MissingRight,
    NothingToRedo,
    NothingToUndo,
    NotReady,
    StackdocsError,
    StaleCheck,
    StaleRevision,
    StoreFailed,
    UndoConflict,
)
from stackdocs_mcp.core.paths import PathKey, dotted, from_key
from stackdocs_mcp.core.quota import QuotaExceeded
from stackdocs_mcp.stores.stacks import gone
from stackdocs_mcp.stores.usage import next_month

TOKEN = frozenset({"PGRST300", "PGRST301", "PGRST302", "PGRST303"})
"""The token was refused; 301 is an expired one in older versions, 303 in newer ones."""
UNKNOWN_FUNCTION = frozenset({"PGRST202", "PGRST203", "42883"})
UNKNOWN_TABLE = frozenset({"PGRST205", "42P01"})
NOT_BEGUN = frozenset({"PGRST000", "PGRST002", "PGRST003", "53300", "57P03"})
"""The database was not reached: nothing was done, and the call may be made again."""
UNDONE = frozenset({"40001", "40P01", "55P03"})
"""The transaction gave way to another one, and may be made again."""
BROKEN_OFF = frozenset(
    {"PGRST001", "57P01", "57P02", "08000", "08003", "08006", "08007", "08P01", "40003"}
)
"""The database went away in the middle: it is not known what it did."""
UNSTORABLE = "22P05"
"""A character that the database has no room for; it says 22021 where the encoding is wrong."""
_TOO_LONG = frozenset({"57014"})
_NO_WRITES = frozenset({"25006", "53100"})

_NAMES = {"documents": "documents", "pages": "pages", "ocr_pages": "OCR pages"}
_REPLACED = {
    "pages": "the document was read anew",
    "rules": "the schema or the policy was replaced",
    "fields": "the extraction was changed",
}
_Details = Mapping[str, Any]


def _owner_stays() -> InvalidArgument:
    return InvalidArgument("the owner's place cannot be changed", "Name another user.")


def _one_owner() -> InvalidArgument:
    return InvalidArgument("a stack has one owner", "Make the user an editor or a viewer.")


def refused(code: str, details: object) -> StackdocsError:
    """The error of a call that the database refused with this code."""
    if code in _OURS:
        return _OURS[code](_read(details))
    if code in {UNSTORABLE, "22021"}:
        return InvalidArgument(
            "the text has a character that cannot be stored",
            "Send it without NUL and lone surrogates.",
        )
    for codes, message, advice in _SAID:
        if code in codes:
            return StoreFailed(message, advice)
    return StoreFailed("the Supabase project could not do this")


_SAID = (
    (
        TOKEN,
        "the Supabase project refused the token that this server signs",
        "Import the public part of STACKDOCS_SUPABASE_SIGNING_KEY into the project's JWT "  # noqa: ISC004
        "signing keys, or set the key that is there; `stackdocs-mcp doctor` compares them.",
    ),
    (
        UNKNOWN_FUNCTION | UNKNOWN_TABLE,
        "the Supabase project does not have what this version of the program calls",
        "Run `stackdocs-mcp migrate`; if that was done, run `notify pgrst, 'reload schema'` "  # noqa: ISC004
        "in the project's SQL editor.",
    ),
    (
        _TOO_LONG,
        "the database took too long and gave up",
        "Nothing was changed. Ask for less at once.",
    ),
    (
        _NO_WRITES,
        "the database takes no writes at the moment",
        "Nothing was changed. Look in the project's dashboard: its disk may be full.",
    ),
)


def key_refused() -> StoreFailed:
    """What stands before the project does not know its publishable key."""
    return StoreFailed(
        "the Supabase project refused the publishable key",
        "Nothing was changed. Copy STACKDOCS_SUPABASE_PUBLISHABLE_KEY again from the API settings "
        "of the project at STACKDOCS_SUPABASE_URL.",
    )


def paused() -> StoreFailed:
    """A project that nobody used for long."""
    return StoreFailed(
        "the Supabase project is paused", "Nothing was changed. Restore it in the dashboard."
    )


def nobody_there() -> StoreFailed:
    """Something answered that is no project."""
    return StoreFailed(
        "what answers at STACKDOCS_SUPABASE_URL is not a Supabase project",
        "Nothing was changed. Copy the address again from the project's API settings.",
    )


def too_much() -> StoreFailed:
    """An answer was given up over its size."""
    return StoreFailed(
        "the Supabase project's answer is too large", "Ask for less at once, or for one page."
    )


def unreachable() -> StoreFailed:
    """Nobody answered, and nothing was done."""
    return StoreFailed(
        "the Supabase project cannot be reached",
        "Nothing was changed. Check STACKDOCS_SUPABASE_URL and the network, then try again.",
    )


def does_not_answer() -> StoreFailed:
    """The project is there, and its database is not; nothing was done."""
    return StoreFailed(
        "the project's database does not answer at the moment",
        "Nothing was changed. Try again in a minute; if it lasts, tell whoever runs the server.",
    )


def unknown_outcome() -> StoreFailed:
    """The answer was lost, also when the call was made again."""
    return StoreFailed(
        "the Supabase project did not answer: it is not known whether this was done",
        "Look at how things stand, then call again: the same write twice is one.",
    )


def _exceeded(told: _Details) -> QuotaExceeded:
    now = datetime.fromtimestamp(0, UTC) + timedelta(microseconds=told["now"])
    begins = next_month(now)
    return QuotaExceeded(_NAMES[told["kind"]], told["wanted"], told["left"], told["limit"], begins)


def _not_ready(told: _Details) -> NotReady:
    if told["status"] == "failed":
        return NotReady("the document could not be read", "Call list_documents to see why.")
    return NotReady(
        "the document is still being read", "Call list_documents to see when it is ready."
    )


def _locked(told: _Details) -> Locked:
    refused = Locked(dotted(from_key(PathKey(told["key"]))))
    if told.get("other"):
        refused.advice = f"Call undo with change_id {told['other']!r}, the last one you may undo."
    return refused


def _read(details: object) -> _Details:
    found = json.loads(details) if isinstance(details, str) and details else {}
    return found if isinstance(found, dict) else {}


_OURS: dict[str, Callable[[_Details], StackdocsError]] = {
    "SD404": lambda _: gone(),
    "SD403": lambda told: MissingRight(told["right"]),
    "SD001": lambda told: DocumentNotFound(told["document"]),
    "SD429": _exceeded,
    "SD501": lambda _: _owner_stays(),
    "SD502": lambda _: _one_owner(),
    "SD101": _not_ready,
    "SD102": lambda told: StaleCheck(_REPLACED[told["what"]]),
    "SD103": lambda told: StaleRevision(told["expected"], told["current"]),
    "SD104": _locked,
    "SD105": lambda _: NothingToUndo(),
    "SD106": lambda told: NothingToRedo(told["change"]),
    "SD107": lambda told: ChangeNotFound(told["change"]),
    "SD108": lambda told: ExtractionNotFound(told["number"]),
    "SD109": lambda told: EarlierExtraction(told["change"]),
    "SD110": lambda told: UndoConflict(told["change"], told["later"]),
    "SD111": lambda told: AlreadyUndone(told["change"], told["by"]),
    "SD700": lambda _: StoreFailed(
        "the Supabase project has no queue of documents to be read",
        "Enable Queues under Integrations in the Supabase dashboard, then run `call "
        "stackdocs.make_queue()` in its SQL editor.",
    ),
}
