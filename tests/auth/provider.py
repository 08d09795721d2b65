"""An identity provider on loopback that answers over real HTTP, also as none should."""

import asyncio
import contextlib
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

Answer = bytes | Callable[[asyncio.StreamWriter], Any]
JWKS = "/keys"
OPENID = "/.well-known/openid-configuration"
RFC8414 = "/.well-known/oauth-authorization-server"


@dataclass
class HeldClock:
    """Stands still until a test moves it."""

    moment: datetime = datetime(2026, 11, 21, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.moment

    @property
    def seconds(self) -> int:
        return int(self.moment.timestamp())

    def advance(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


@dataclass
class Provider:
    """What is served under which path, and how often each was asked for."""

    port: int = 0
    hits: Counter[str] = field(default_factory=Counter)
    answers: dict[str, Answer] = field(default_factory=dict)
    released: asyncio.Event = field(default_factory=asyncio.Event)
    """Until then, whoever is kept waiting waits."""
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    server: asyncio.Server | None = None

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def fetched(self) -> int:
        """How often the keys were."""
        return self.hits[JWKS]

    def publish(self, *keys: Any) -> None:
        """These are the keys from now on."""
        self.answers[JWKS] = ok({"keys": list(keys)})

    def announce(self, path: str = OPENID, **changed: Any) -> None:
        """Metadata under this path; None leaves a member out."""
        said = {"issuer": self.base, "jwks_uri": f"{self.base}{JWKS}", **changed}
        self.answers[path] = ok({name: one for name, one in said.items() if one is not None})

    def fail(self) -> None:
        """Nothing but errors from now on."""
        self.answers = dict.fromkeys(self.answers, status(500))

    async def close(self) -> None:
        """Listen no more. Harmless twice."""
        assert self.server is not None
        self.released.set()
        self.server.close()
        await self.server.wait_closed()

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            request = await reader.readuntil(b"\r\n\r\n")
            path = request.split(b" ", 2)[1].decode()
            self.hits[path] += 1
            self.asked.set()
            answer = self.answers.get(path, status(404))
            if isinstance(answer, bytes):
                writer.write(answer)
            else:
                await answer(writer)
            await writer.drain()
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

    async def hold(self, writer: asyncio.StreamWriter) -> None:
        """Answer with the keys when released."""
        await self.released.wait()
        kept = self.answers["held"]
        assert isinstance(kept, bytes)
        writer.write(kept)

    async def drip(self, writer: asyncio.StreamWriter) -> None:
        """Always a little more, and never all of it."""
        writer.write(head(200, 1_000_000))
        while not self.released.is_set():
            writer.write(b" ")
            await writer.drain()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.released.wait(), 0.01)


def ok(content: Any) -> bytes:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return head(200, len(body)) + body


def status(code: int, *headers: str) -> bytes:
    return head(code, 0, *headers)


def head(code: int, length: int, *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {code} Whatever", f"Content-Length: {length}", "Connection: close"]
    return "\r\n".join([*lines, *headers, "", ""]).encode()


@asynccontextmanager
async def serving() -> AsyncIterator[Provider]:
    """A provider that is reachable; its metadata and no keys are published."""
    provider = Provider()
    provider.server = await asyncio.start_server(provider.answer, "127.0.0.1", 0)
    provider.port = provider.server.sockets[0].getsockname()[1]
    provider.announce()
    try:
        yield provider
    finally:
        await provider.close()
        waiting = [one for one in asyncio.all_tasks() if "answer" in repr(one.get_coro())]
        await asyncio.gather(*waiting)
