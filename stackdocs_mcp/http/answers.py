"""What this server says itself, before or instead of the SDK: JSON, in one shape, never cached."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.types import Message, Send

from stackdocs_mcp.core.errors import StackdocsError

Headers = Sequence[tuple[bytes, bytes]]

ALWAYS: Headers = (
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
)
"""On whatever leaves the server, the SDK's answers too."""


class Answered(Exception):
    """A request that ends here, with this status and body. No text of others is in it."""

    def __init__(self, status: int, body: Mapping[str, Any] | None, headers: Headers = ()) -> None:
        super().__init__(status)
        self.status = status
        self.body = body
        self.headers = headers


def refusal(status: int, code: str, message: str, advice: str, headers: Headers = ()) -> Answered:
    """An error as everything beside MCP says it: what is wrong, and what to do next."""
    error = {"code": code, "message": message, "advice": advice}
    return Answered(status, {"error": error}, headers)


def refused(error: StackdocsError, status: int, headers: Headers = ()) -> Answered:
    """The same for one of our errors."""
    return refusal(status, error.code, error.message, error.advice, headers)


def rpc_refusal(status: int, code: int, message: str) -> Answered:
    """An error for a body that is no usable JSON-RPC message."""
    error = {"code": code, "message": message}
    return Answered(status, {"jsonrpc": "2.0", "id": None, "error": error})


def as_rpc(answer: Answered) -> Answered:
    """The same refusal as a JSON-RPC error, which is all that clients of MCP show to anybody.

    Its code is the HTTP status, outside of what JSON-RPC and MCP reserve; code and advice as they
    are said elsewhere are its data.
    """
    refused_as = answer.body or {}
    error = refused_as.get("error")
    if "jsonrpc" in refused_as or not isinstance(error, dict):
        return answer
    said = {
        "code": answer.status,
        "message": f"{error['message']}. {error['advice']}",
        "data": {"code": error["code"], "advice": error["advice"]},
    }
    body = {"jsonrpc": "2.0", "id": None, "error": said}
    return Answered(answer.status, body, answer.headers)


def not_found() -> Answered:
    """For every path, stack, link and thing that is not there, or is somebody else's."""
    return refusal(404, "not_found", "there is nothing here", "Check the address.")


def not_allowed(methods: Sequence[str]) -> Answered:
    """405 for all methods but these."""
    allowed = ", ".join(methods)
    return refusal(
        405,
        "method_not_allowed",
        f"this address takes {' and '.join(methods)} alone",
        f"Send a {methods[0]} request.",
        [(b"allow", allowed.encode())],
    )


async def send_json(
    send: Send, status: int, body: Mapping[str, Any] | None, headers: Headers = ()
) -> None:
    """A whole answer; None is an empty body."""
    content = b"" if body is None else json.dumps(body).encode()
    start: Message = {
        "type": "http.response.start",
        "status": status,
        "headers": [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(content)).encode()),
            *ALWAYS,
            *headers,
        ],
    }
    await send(start)
    await send({"type": "http.response.body", "body": content})
