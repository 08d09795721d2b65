"""A request's body: read up to a limit and a deadline, and then one strict JSON object."""

from typing import Any

import anyio
from starlette.types import Message, Receive, Scope

from stackdocs_mcp.core import strict
from stackdocs_mcp.core.amounts import sized
from stackdocs_mcp.http.answers import refusal, rpc_refusal
from stackdocs_mcp.http.headers import all_of

MAX_BODY = 1024 * 1024
MAX_MARKS = 30_000
"""Commas, colons and opening brackets, in texts too. They bound how many values a body can have,
and so how long it takes to read: there is one thread for all. The largest call that means anything,
200 fields with long quotes, has fewer; this many take a few hundredths of a second."""
MAX_LISTEN_BODY, MAX_LISTEN_MARKS = 64 * 1024, 4_000
"""Of what stays in memory for as long as somebody listens: twice what 500 addresses need."""
BODY_SECONDS = 20.0
MAX_ID = 256
_PARSE_ERROR, _INVALID_REQUEST = -32700, -32600
_MARKS = b",:[{"


class Gone(Exception):
    """The client went away before its request was whole; there is nobody to answer."""


async def whole(scope: Scope, receive: Receive, *, limit: int, seconds: float) -> bytes:
    """The body. Raises Answered 413 or 408, 415 for one that is encoded, Gone without a client."""
    check_plain(scope)
    declared = all_of(scope, b"content-length")
    if declared and declared[0].isdigit() and int(declared[0]) > limit:
        raise _too_large(limit)

    parts: list[bytes] = []
    size = 0
    with anyio.move_on_after(seconds) as patience:
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise Gone
            part = message.get("body", b"")
            size += len(part)
            if size > limit:
                raise _too_large(limit)
            parts.append(part)
            if not message.get("more_body", False):
                break
    if patience.cancelled_caught:
        raise refusal(
            408, "body_late", "the body did not arrive in time", "Send the request again."
        )
    return b"".join(parts)


def check_plain(scope: Scope) -> None:
    """Raise Answered 415 for a body that would have to be unpacked."""
    encoding = all_of(scope, b"content-encoding")
    if encoding and encoding != [b"identity"]:
        raise refusal(
            415, "encoded_body", "the body is encoded", "Send it without a Content-Encoding."
        )


def message_of(body: bytes) -> dict[str, Any]:
    """The one JSON-RPC message that all parsers read alike.

    Raises Answered 400 with a JSON-RPC error otherwise: not UTF-8, duplicate keys, NaN, lone
    surrogates, nested deeper than 64, a batch, no object, no request, notification or response;
    and, before it is read, for more than 30,000 commas, colons and brackets.
    """
    _check_marks(body, MAX_MARKS, "fewer fields")
    try:
        message = strict.read(body.decode("utf-8"))
    except strict.NotStrict as error:
        raise rpc_refusal(400, _PARSE_ERROR, f"the message cannot be read: {error}") from error
    except UnicodeDecodeError as error:
        raise rpc_refusal(400, _PARSE_ERROR, "the message is not JSON in UTF-8") from error
    if not isinstance(message, dict):
        raise rpc_refusal(400, _INVALID_REQUEST, "the message is not a JSON-RPC object")
    if wrong := _wrong(message):
        raise rpc_refusal(400, _INVALID_REQUEST, f"the message is not JSON-RPC 2.0: {wrong}")
    return message


def _wrong(message: dict[str, Any]) -> str | None:
    """What keeps it from being one message of JSON-RPC as MCP narrows it; see its schema.

    The SDK says this in a library's words, with what was sent; of an id that is none it makes a
    notification, which nobody answers.
    """
    if message.get("jsonrpc") != "2.0":
        return "jsonrpc must be '2.0'"
    number = message.get("id", 0)
    if isinstance(number, bool) or not isinstance(number, str | int):
        return "the id must be a text or an integer"
    if len(str(number)) > MAX_ID:
        return f"the id is longer than {MAX_ID} characters"
    if not isinstance(message.get("params", {}), dict):
        return "params must be an object"
    method = message.get("method")
    if "method" in message:
        said = isinstance(method, str) and method and not message.keys() & {"result", "error"}
        return None if said else "the method must be a text, and stand alone"
    return None if message.keys() & {"result", "error"} else "there is no method"


def check_listening(body: bytes) -> None:
    """Raise Answered 413 or 400 for a body that is too large to be held as long as a stream."""
    if len(body) > MAX_LISTEN_BODY:
        raise _too_large(MAX_LISTEN_BODY)
    _check_marks(body, MAX_LISTEN_MARKS, "fewer addresses")


def _check_marks(body: bytes, limit: int, less: str) -> None:
    marks = len(body) - len(body.translate(None, _MARKS))  # one pass, however many there are
    if marks > limit:
        raise rpc_refusal(
            400,
            _INVALID_REQUEST,
            f"the message has more than {limit:,} commas, colons and brackets; send {less} at once",
        )


def again(body: bytes, receive: Receive) -> Receive:
    """What the SDK receives: the body that was read here, once, then whatever else comes."""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def received() -> Message:
        return messages.pop() if messages else await receive()

    return received


def _too_large(limit: int) -> Exception:
    return refusal(
        413, "body_too_large", f"the body has more than {sized(limit)}", "Send less at once."
    )
