"""What one user feels of another's abuse, and whether memory stays: on loopback, bounded.

    python benchmarks/load.py [abuse | memory]

The product runs with its default limits. One user calls in turn, as fast as the user's own rate
allows, first alone and then beside each abuse in a process of its own; printed are the medians and
95th percentiles of the calls, their ratio, and what the server did about the abuse. For memory,
1,000 users make 10,000 calls, and the server's memory is read after 2,000 and after all of them.
"""

import asyncio
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path

from http_calls import free_port, product, started
from wire import Caller, request, status

from stackdocs_mcp.auth.local import LocalIssuer
from stackdocs_mcp.core.binding import Right, StackId, UserId
from stackdocs_mcp.server.compose import now, running
from stackdocs_mcp.settings import Settings

ERA = "2026-07-28"
ABUSES = (
    ("heads", 500, "500 heads, a byte a second"),
    ("bodies", 200, "200 bodies, a byte a second"),
    ("idle", 10_000, "10,000 idle connections"),
    ("listeners", 1_024, "1,024 listeners of one user"),
    ("calls", 32, "32 connections calling without a pause"),
    ("tokens", 16, "16 connections with bad tokens, without a pause"),
)
CALLS, PAUSE = 150, 0.06
"""Of the user that is measured: below the usual rate of 20 a second."""


async def people(data: Path, count: int) -> list[tuple[str, str]]:
    """A path and a token for each of so many users with a stack of their own."""
    found = []
    async with running(Settings(data_dir=data)) as app:
        issuer = LocalIssuer.open(data, now)
        for number in range(count):
            user = UserId(f"user-{number}")
            stack: StackId = (await app.store.open_stack(user, "mine")).id
            token = issuer.mint(user, stack, tuple(Right), timedelta(hours=1))
            found.append((f"/stacks/{stack}/mcp", token))
    return found


def sent(path: str, token: str, port: int) -> bytes:
    return request(path, port, ERA, token=token, name="list_documents", arguments={})


def felt(port: int, call: bytes) -> list[float]:
    """How long each call takes, with a pause between, as long as it is answered 200."""
    caller = Caller(port)
    times = []
    for _ in range(CALLS):
        answer, seconds = caller.call(call)
        assert status(answer) == 200, answer
        times.append(seconds)
        time.sleep(PAUSE)
    caller.close()
    return sorted(times)


@contextmanager
def abused(
    kind: str, port: int, path: str, token: str, count: int
) -> Iterator[subprocess.Popen[str]]:
    script = str(Path(__file__).with_name("abuse.py"))
    command = [sys.executable, script, kind, str(port), path, token, str(count)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == "ready\n"
            yield process
        finally:
            process.kill()


def p95(times: list[float]) -> float:
    return times[len(times) * 95 // 100]


def abuse(port: int, me: tuple[str, str], other: tuple[str, str]) -> None:
    call = sent(*me, port)
    felt(port, call)
    for kind, count, said in ABUSES:
        alone = felt(port, call)
        with abused(kind, port, *other, count) as process:
            beside = felt(port, call)
            assert process.stdout is not None
            outcome = process.stdout.readline().strip()
        print(
            f"{said}: median {1e3 * statistics.median(alone):.2f} -> "
            f"{1e3 * statistics.median(beside):.2f} ms, p95 {1e3 * p95(alone):.2f} -> "
            f"{1e3 * p95(beside):.2f} ms, ratio {p95(beside) / p95(alone):.2f}; {outcome}",
            flush=True,
        )


def memory(port: int, process: int, users: list[tuple[str, str]]) -> None:
    calls = [sent(*one, port) for one in users]
    caller = Caller(port)
    for number in range(10_000):
        answer, _ = caller.call(calls[number % len(calls)])
        assert status(answer) == 200, answer
        if number + 1 in (2_000, 10_000):
            print(f"after {number + 1:6,} calls by {len(users):,} users: {resident(process)} MB")
    caller.close()


def resident(process: int) -> str:
    status_of = Path(f"/proc/{process}/status").read_text()
    (line,) = [one for one in status_of.splitlines() if one.startswith("VmRSS")]
    return f"{int(line.split()[1]) / 1024:.1f}"


def main(what: str) -> None:
    with tempfile.TemporaryDirectory() as name, ExitStack() as open_:
        data = Path(name)
        users = asyncio.run(people(data, 1_000 if what == "memory" else 2))
        port = free_port()
        process = open_.enter_context(started(product(name, port), port, {}))
        if what == "memory":
            memory(port, process, users)
        else:
            abuse(port, *users)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "abuse")
