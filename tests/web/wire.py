"""A connection that says what no HTTP client would: bytes as they are."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

import anyio

from tests.server.harness import PATIENCE
from tests.web.site import Site


def head(site: Site, path: str, headers: Mapping[str, str], *more: bytes) -> bytes:
    """The beginning of a POST with these headers, and lines added as they are."""
    lines = [f"POST {path} HTTP/1.1", f"Host: 127.0.0.1:{site.port}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return b"\r\n".join([*(line.encode() for line in lines), *more, b"", b""])


async def exchange(site: Site, sent: bytes, *, gone: bool = False) -> bytes:
    """All that the server says to these bytes until it closes; ``gone`` when nothing follows."""
    said = b""
    with anyio.fail_after(PATIENCE):
        async with await anyio.connect_tcp("127.0.0.1", site.port) as connection:
            while True:
                try:
                    if sent:
                        await connection.send(sent)
                    if sent and gone:
                        await connection.send_eof()
                    sent = b""
                    said += await connection.receive()
                except (anyio.EndOfStream, anyio.BrokenResourceError):
                    return said


def statuses(said: bytes) -> list[int]:
    """The status of each answer in it."""
    found: Iterable[bytes] = said.split(b"HTTP/1.1 ")[1:]
    return [int(one[:3]) for one in found]


def body(message: Mapping[str, Any]) -> bytes:
    return json.dumps(message).encode()
