"""The last barrier for errors of handlers that answer with a result or a protocol error.

What a low-level handler raises reaches a client of the 2025 era word for word, so nothing but our
own sentences may be raised.
"""

import logging
import uuid
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import mcp_types as types
from mcp.server import ServerRequestContext
from mcp.shared.exceptions import MCPError
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from stackdocs_mcp.core.errors import (
    InvalidArgument,
    InvalidCursor,
    MissingRight,
    NotFound,
    StackdocsError,
)
from stackdocs_mcp.resources.resource import ResourceNotFound
from stackdocs_mcp.server.bound import Bound, request_id
from stackdocs_mcp.workspace import auditing

log = logging.getLogger(__name__)

MAX_ERROR = 2_000
LONGEST_URI = 256
RESOURCE_NOT_FOUND = -32_002
"""Until 2025-11-25; from 2026-07-28 on it is an invalid parameter (SEP-2164)."""

ParamsT = TypeVar("ParamsT")
ResultT = TypeVar("ResultT")
Context = ServerRequestContext[Any]
Handler = Callable[[Context, ParamsT], Awaitable[ResultT]]


def guarded(handler: Handler[ParamsT, ResultT], bound: Bound) -> Handler[ParamsT, ResultT]:
    """The handler, whose errors are protocol errors in our words, and whose refusals are kept."""

    async def answer(context: Context, params: ParamsT) -> ResultT:
        try:
            return await _recorded(handler, bound, context, params)
        except MCPError:
            raise
        except ResourceNotFound as error:
            modern = context.protocol_version in MODERN_PROTOCOL_VERSIONS
            uri = str(getattr(params, "uri", ""))[:LONGEST_URI]
            raise MCPError(
                types.INVALID_PARAMS if modern else RESOURCE_NOT_FOUND, error.message, {"uri": uri}
            ) from None
        except StackdocsError as error:
            raise MCPError(_code(error), sentences(error)) from None
        except Exception as error:  # noqa: BLE001  no foreign text leaves the process
            reference = broken(context.method, error)
            raise MCPError(
                types.INTERNAL_ERROR,
                f"This failed because of a fault in this server ({reference}). If it happens "
                "again, report the reference.",
            ) from None

    return answer


async def _recorded(
    handler: Handler[ParamsT, ResultT], bound: Bound, context: Context, params: ParamsT
) -> ResultT:
    try:
        return await handler(context, params)
    except StackdocsError as error:
        if error.is_denial:
            workspace, request = bound(context), request_id(context)
            store = workspace.shared.store
            await auditing.refused(store, workspace.binding, request, context.method, error)
        raise


def whole_list(params: types.PaginatedRequestParams | None) -> None:
    """Raise MCPError for a cursor into a list that has one page: none was ever given out."""
    if params is not None and params.cursor is not None:
        raise MCPError(types.INVALID_PARAMS, sentences(InvalidCursor()))


def sentences(error: StackdocsError) -> str:
    """What is wrong, and what to do next."""
    said = " ".join(part for part in (f"{error.message}.", error.advice) if part)
    return said[:MAX_ERROR]


def broken(what: str, error: Exception) -> str:
    """Log what nobody foresaw, under a reference that the client may be told."""
    reference = uuid.uuid4().hex[:8]
    log.error("%s broke: %s (%s)", what, type(error).__name__, reference)
    log.debug("%s", reference, exc_info=error)
    return reference


def _code(error: StackdocsError) -> int:
    theirs = isinstance(error, NotFound | InvalidArgument | MissingRight)
    return types.INVALID_PARAMS if theirs else types.INTERNAL_ERROR
