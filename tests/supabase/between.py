"""What stands between this program and a project: it writes down what is asked, and fails as told.

In the process of the test, and over real connections: a call that is cut off here was done there.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import httpx

Failing = Callable[[bytes], bytes]
"""Of a whole answer as it would go over the wire, what is sent before the connection is closed."""


def cut_off(answer: bytes) -> bytes:
    """All but the last bytes, under a length that promises them."""
    return answer[:-3]


def cut_off_without_a_length(answer: bytes) -> bytes:
    """The same from somebody who ends answers by closing the connection."""
    head, _, body = answer.partition(b"\r\n\r\n")
    status = head.split(b"\r\n")[0].replace(b"HTTP/1.1", b"HTTP/1.0")
    return status + b"\r\ncontent-type: application/json\r\n\r\n" + body[:-3]


def swallowed(_answer: bytes) -> bytes:
    """Nothing at all."""
    return b""


def instead(status: int, body: str = "", *headers: str) -> Failing:
    """What a gateway says that did not get the answer, or did not like it."""
    said = "".join(f"{one}\r\n" for one in headers)
    content = body.encode()
    head = f"HTTP/1.1 {status} Told\r\ncontent-length: {len(content)}\r\n{said}\r\n"
    return lambda _answer: head.encode() + content


@dataclass
class Between:
    """A project's address of its own; everything passes but what was planned otherwise."""

    url: str = ""
    upstream: str = ""
    asked: list[str] = field(default_factory=list)
    """Paths of all requests, as they came."""
    plan: list[Failing | None] = field(default_factory=list)
    """What happens to the next answers, one by one; None passes."""
    unasked: bool = False
    """The next failures happen before the call is passed on, and not after."""
    held: asyncio.Event | None = None
    """Answers wait for this."""
    answers: int = 0

    @property
    def functions(self) -> list[str]:
        """The functions that were called, without what comes before their names."""
        return [path.rpartition("/")[2] for path in self.asked if "/rpc/" in path]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with httpx.AsyncClient(timeout=60) as http:
            with suppress(asyncio.IncompleteReadError, ConnectionError):
                while await self._one(http, reader, writer):
                    pass
            writer.close()

    async def _one(
        self, http: httpx.AsyncClient, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        """Whether the connection stays open."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.strip().split("\r\n")
        method, path, _ = first.split(" ")
        headers = [
            (name.lower(), value) for name, _, value in (one.partition(": ") for one in lines)
        ]
        length = int(dict(headers).get("content-length", 0))
        body = await reader.readexactly(length)
        self.asked.append(path)
        failing = self.plan.pop(0) if self.plan else None
        if failing is not None and self.unasked:
            writer.write(failing(b""))
            await writer.drain()
            return False
        kept = [one for one in headers if one[0] not in {"host", "connection", "accept-encoding"}]
        answer = await http.request(method, self.upstream + path, headers=kept, content=body)
        whole = _as_sent(answer)
        if self.held is not None:
            await self.held.wait()
        self.answers += 1
        writer.write(whole if failing is None else failing(whole))
        await writer.drain()
        return failing is None


def _as_sent(answer: httpx.Response) -> bytes:
    lines = [f"HTTP/1.1 {answer.status_code} {answer.reason_phrase}"]
    passed = {"content-type", "date", "proxy-status", "www-authenticate"}
    lines += [f"{name}: {value}" for name, value in answer.headers.items() if name in passed]
    lines.append(f"content-length: {len(answer.content)}")
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + answer.content


@asynccontextmanager
async def between(upstream: str) -> AsyncIterator[Between]:
    """One before the project at this address."""
    made = Between(upstream=upstream)
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield made
    finally:
        server.close()
