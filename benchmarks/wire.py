"""A client of raw HTTP/1.1 that costs next to nothing: for http_calls.py and load.py."""

import asyncio
import json
import socket
import time
from collections.abc import Mapping
from typing import Any

META = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientInfo": {"name": "benchmark", "version": "1"},
    "io.modelcontextprotocol/clientCapabilities": {},
}
PATIENCE = 60.0


def request(
    path: str, port: int, era: str, *, token: str = "", method: str = "tools/call", **params: Any
) -> bytes:
    """A JSON-RPC request as bytes that can be sent again and again."""
    modern = era == "2026-07-28"
    body = json.dumps(
        {
            "jsonrpc": "2.0",
            "id": 1,
            "method": method,
            "params": {**params, **({"_meta": META} if modern else {})},
        }
    ).encode()
    headers = {
        "Host": f"127.0.0.1:{port}",
        "Accept": "application/json, text/event-stream",
        "Content-Type": "application/json",
        "MCP-Protocol-Version": era,
        "Content-Length": str(len(body)),
    }
    if modern:
        headers |= {"Mcp-Method": method}
        headers |= {"Mcp-Name": str(params["name"])} if "name" in params else {}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    return _head(f"POST {path} HTTP/1.1", headers) + body


def _head(line: str, headers: Mapping[str, str]) -> bytes:
    lines = [line, *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode()


def is_whole(answer: bytes) -> bool:
    """All of an answer is there: its length or its last chunk says so."""
    head, found, rest = answer.partition(b"\r\n\r\n")
    if not found:
        return False
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return len(rest) >= int(line[15:])
    return rest.endswith(b"0\r\n\r\n")


def status(answer: bytes) -> int:
    return int(answer[9:12])


class Caller:
    """One connection, one call after the other, in this thread."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def call(self, sent: bytes) -> tuple[bytes, float]:
        """The answer, and the seconds that it took. Raises ConnectionError without a whole one."""
        started = time.perf_counter()
        self._socket.sendall(sent)
        answer = self._socket.recv(65_536)
        while not is_whole(answer):
            more = self._socket.recv(65_536)
            if not more:
                raise ConnectionError
            answer += more
        return answer, time.perf_counter() - started

    def close(self) -> None:
        self._socket.close()


class _Calling(asyncio.Protocol):
    """A connection that sends its request again with each answer, as long as there are any left."""

    def __init__(self, sent: bytes, left: list[int], times: list[float]) -> None:
        self._sent, self._left, self._times = sent, left, times
        self._answer = b""
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._next()

    def data_received(self, data: bytes) -> None:
        self._answer += data
        if is_whole(self._answer):
            self._times.append(time.perf_counter() - self._started)
            if status(self._answer) != 200:
                raise RuntimeError(self._answer)
            self._next()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(error or ConnectionError())

    def _next(self) -> None:
        if not self._left[0]:
            if not self.done.done():
                self.done.set_result(None)
            self._transport.close()
            return
        self._left[0] -= 1
        self._answer = b""
        self._started = time.perf_counter()
        self._transport.write(self._sent)


async def together(port: int, sent: bytes, calls: int, at_once: int) -> tuple[float, list[float]]:
    """Seconds that so many calls take, and each one's, so many at the same time."""
    left, times = [calls], list[float]()
    loop = asyncio.get_running_loop()
    made = [
        await loop.create_connection(lambda: _Calling(sent, left, times), "127.0.0.1", port)
        for _ in range(at_once)
    ]
    started = time.perf_counter()
    await asyncio.gather(*(protocol.done for _, protocol in made))
    return time.perf_counter() - started, times
