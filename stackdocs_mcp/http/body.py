"""A request's body: read up to a limit and a deadline, and then one strict JSON object."""

from typing import Any

import anyio
from starlette.types import Message, Receive, Scope

from stackdocs_mcp.core import strict
from stackdocs_mcp.core.amounts import sized
from stackdocs_mcp.http.answers import refusal, rpc_refusal
from stackdocs_mcp.http.headers import all_of

MAX_BODY = 4 * 1024 * 1024
BODY_SECONDS = 20.0
MAX_ID = 256
_PARSE_ERROR, _INVALID_REQUEST = -32700, -32600


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
    surrogates, nested deeper than 64, a batch, no object, no request, notification or response.
    """
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


def again(body: bytes, receive: Receive) -> Receive:
    """What the SDK receives: the body that was read here, then whatever else comes."""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def received() -> Message:
        return messages.pop() if messages else await receive()

    return received


def _too_large(limit: int) -> Exception:
    return refusal(
        413, "body_too_large", f"the body has more than {sized(limit)}", "Send less at once."
    )
