"""Clients that behave badly, as a process of their own: for load.py.

    python benchmarks/abuse.py KIND PORT PATH TOKEN COUNT

Prints a line when all of them are at it, then what the server has done about them, and goes on
until it is ended.
"""

import asyncio
import resource
import sys
from collections import Counter
from collections.abc import Awaitable, Callable

from wire import request, status

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def opened(port: int, count: int) -> list[Streams]:
    found = []
    for low in range(0, count, 100):
        few = range(low, min(low + 100, count))
        found += await asyncio.gather(*(asyncio.open_connection("127.0.0.1", port) for _ in few))
    return found


async def answers(connections: list[Streams], seconds: float) -> Counter[str]:
    """What was said on each connection within some seconds: a status, nothing, or its end."""

    async def one(reader: asyncio.StreamReader) -> str:
        try:
            async with asyncio.timeout(seconds):
                said = await reader.read(12)
        except TimeoutError:
            return "open"
        except ConnectionError:
            return "closed"
        return str(status(said)) if said else "closed"

    return Counter(await asyncio.gather(*(one(reader) for reader, _ in connections)))


async def dally(port: int, count: int, begun: bytes, more: bytes) -> None:
    connections = await opened(port, count)
    for _, writer in connections:
        writer.write(begun)
    print("ready", flush=True)

    async def trickle() -> None:
        while more:
            await asyncio.sleep(1)
            for _, writer in connections:
                if not writer.is_closing():
                    writer.write(more)

    trickling = asyncio.create_task(trickle())
    print(dict(await answers(connections, 8)), flush=True)
    await trickling
    await asyncio.Event().wait()


async def flood(port: int, count: int, sent: bytes) -> None:
    """Each connection asks again as soon as it has its answer."""
    seen: Counter[int] = Counter()

    async def one() -> None:
        while True:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                while True:
                    writer.write(sent)
                    head = await reader.readuntil(b"\r\n\r\n")
                    seen[status(head)] += 1
                    length = next(
                        (
                            int(line[15:])
                            for line in head.lower().split(b"\r\n")
                            if line.startswith(b"content-length:")
                        ),
                        None,
                    )
                    if length is None:
                        await reader.readuntil(b"0\r\n\r\n")
                    else:
                        await reader.readexactly(length)
            except (ConnectionError, asyncio.IncompleteReadError):
                pass
            finally:
                writer.close()

    tasks = [asyncio.create_task(one()) for _ in range(count)]
    print("ready", flush=True)
    await asyncio.sleep(8)
    print(dict(seen), flush=True)
    await asyncio.gather(*tasks)


async def main(kind: str, port: int, path: str, token: str, count: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < count + 100:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, count + 100), hard))
        count = min(count, hard - 100)
    era = "2026-07-28"
    good = request(path, port, era, token=token, name="list_documents", arguments={})
    head = good[: good.index(b"Content-Length")] + b"Content-Length: 4000\r\n"
    listen = request(
        path,
        port,
        era,
        token=token,
        method="subscriptions/listen",
        notifications={"resourcesListChanged": True},
    )
    bad = request(path, port, era, token="a" * 700, name="list_documents", arguments={})
    kinds: dict[str, Callable[[], Awaitable[None]]] = {
        "heads": lambda: dally(port, count, b"POST / HTTP/1.1\r\nX-Long: ", b"x"),
        "bodies": lambda: dally(
            port, count, head + f"Authorization: Bearer {token}\r\n\r\n".encode(), b" "
        ),
        "idle": lambda: dally(port, count, b"", b""),
        "listeners": lambda: dally(port, count, listen, b""),
        "calls": lambda: flood(port, count, good),
        "tokens": lambda: flood(port, count, bad),
    }
    await kinds[kind]()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4], int(sys.argv[5])))
