"""The status that each of our errors has over HTTP; what clients do next depends on it."""

from stackdocs_mcp.core.errors import (
    Conflict,
    ExportTooLarge,
    FileTooLarge,
    FileUnsupported,
    MissingRight,
    NotFound,
    NotReady,
    StackdocsError,
    StoreFailed,
    TooManyListeners,
)
from stackdocs_mcp.core.identity import IssuerUnavailable
from stackdocs_mcp.core.quota import QuotaExceeded
from stackdocs_mcp.http.answers import Answered, Headers, not_found, refused

_STATUS: tuple[tuple[type[StackdocsError], int], ...] = (
    (MissingRight, 403),
    (FileTooLarge, 413),
    (FileUnsupported, 415),
    (Conflict, 409),
    (NotReady, 409),
    (ExportTooLarge, 422),
    (QuotaExceeded, 429),
    (TooManyListeners, 429),
    (IssuerUnavailable, 503),
    (StoreFailed, 503),
)
_OTHER = 400
"""Whatever else is ours says what is wrong with what was asked."""
_WAIT: Headers = [(b"retry-after", b"5")]


def answer_to(error: StackdocsError, headers: Headers = ()) -> Answered:
    """The error as an answer. What is not found is answered like a path that leads nowhere."""
    if isinstance(error, NotFound):
        return not_found()
    status = next((status for kind, status in _STATUS if isinstance(error, kind)), _OTHER)
    if isinstance(error, IssuerUnavailable):
        headers = [*headers, *_WAIT]
    return refused(error, status, headers)
