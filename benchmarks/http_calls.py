"""What a tool call over HTTP costs, against a bare server of the same SDK without any check.

    python benchmarks/http_calls.py [ROUNDS]

Three processes serve `list_documents`: the product (gate, token of its own issuer, membership), a
bare server that asks the same store, and a bare one that answers a constant. In each round each is
called 200 times in turn and 800 times by 16 connections, in changing order: a machine that gets
slower is slower for all. Printed are medians over all calls, and medians of the rounds' ratios.
"""

import asyncio
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from wire import Caller, request, status, together

from stackdocs_mcp.server.compose import local_user

ERAS = ("2026-07-28", "2025-11-25")
IN_TURN, TOGETHER, AT_ONCE = 200, 800, 16
UNLIMITED = {
    "STACKDOCS_RATE_PER_SECOND": "10000",
    "STACKDOCS_RATE_BURST": "100000",
    "STACKDOCS_CALLS_AT_ONCE": "1000",
}


@dataclass
class Server:
    name: str
    port: int
    path: str
    token: str = ""
    process: int = 0
    worked: dict[str, list[float]] = field(default_factory=dict)
    latencies: dict[str, list[float]] = field(default_factory=dict)
    medians: dict[str, list[float]] = field(default_factory=dict)
    rates: dict[str, list[float]] = field(default_factory=dict)

    def sent(self, era: str) -> bytes:
        return request(
            self.path, self.port, era, token=self.token, name="list_documents", arguments={}
        )

    def measure(self, era: str) -> None:
        sent = self.sent(era)
        caller = Caller(self.port)
        for _ in range(20):
            answer, _ = caller.call(sent)
            assert status(answer) == 200, answer
        before = processor(self.process)
        times = [caller.call(sent)[1] for _ in range(IN_TURN)]
        self.worked.setdefault(era, []).append((processor(self.process) - before) / IN_TURN)
        caller.close()
        self.latencies.setdefault(era, []).extend(times)
        self.medians.setdefault(era, []).append(statistics.median(times))
        seconds, _ = asyncio.run(together(self.port, sent, TOGETHER, AT_ONCE))
        self.rates.setdefault(era, []).append(TOGETHER / seconds)


def processor(process: int) -> float:
    """Seconds of processor time that a process has used so far (Linux; in steps of 10 ms)."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def started(command: list[str], port: int, limits: Mapping[str, str] = UNLIMITED) -> Iterator[int]:
    """A server process, once it takes connections; its process id."""
    with subprocess.Popen(
        [sys.executable, *command],
        env={**os.environ, **limits},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            for _ in range(600):
                try:
                    Caller(port).close()
                    break
                except OSError:
                    time.sleep(0.05)
            yield process.pid
        finally:
            process.terminate()


def product(data: str, port: int) -> list[str]:
    return ["-m", "stackdocs_mcp", "serve", "--http", "--port", str(port), "--data-dir", data]


def prepared(data: str) -> tuple[str, str, str]:
    """The user, the path of a stack with five documents, and a token for it."""
    with tempfile.TemporaryDirectory() as papers:
        for number in range(5):
            Path(papers, f"{number}.txt").write_text(f"Invoice {number}\nTotal 12.50 EUR\n")
        said(data, "add", papers)
    configuration = json.loads(said(data, "token", "--as", "json"))["mcpServers"]["stackdocs"]
    token = configuration["headers"]["Authorization"].removeprefix("Bearer ")
    return local_user(), urlsplit(configuration["url"]).path, token


def said(data: str, *arguments: str) -> str:
    command = [sys.executable, "-m", "stackdocs_mcp", *arguments, "--data-dir", data]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as one:
        return int(one.getsockname()[1])


def main(rounds: int) -> None:
    with tempfile.TemporaryDirectory() as data, ExitStack() as open_:
        user, path, token = prepared(data)
        ports = [free_port() for _ in range(3)]
        bare = str(Path(__file__).with_name("bare_http.py"))
        stack = path.split("/")[2]
        ours = Server("product", ports[0], path, token)
        others = [
            Server("same store, bare", ports[1], "/mcp"),
            Server("constant", ports[2], "/mcp"),
        ]
        servers = [ours, *others]
        commands = [
            product(data, ports[0]),
            [bare, str(ports[1]), data, user, stack],
            [bare, str(ports[2]), "constant"],
        ]
        for server, command in zip(servers, commands, strict=True):
            server.process = open_.enter_context(started(command, server.port))
        for number in range(rounds):
            for era in ERAS:
                turn = number % 3
                for server in (*servers[turn:], *servers[:turn]):
                    server.measure(era)
        for era in ERAS:
            show(era, ours, others)


def show(era: str, ours: Server, others: list[Server]) -> None:
    for one in (ours, *others):
        took = sorted(one.latencies[era])
        print(
            f"{era}  {one.name:17} median {1e3 * statistics.median(took):.2f} ms, "
            f"p95 {1e3 * took[len(took) * 95 // 100]:.2f} ms, "
            f"processor {1e3 * statistics.mean(one.worked[era]):.2f} ms; "
            f"{statistics.median(one.rates[era]):.0f} calls/s by {AT_ONCE} connections"
        )
    for one in others:
        slower = [a / b for a, b in zip(ours.medians[era], one.medians[era], strict=True)]
        more = [a / b for a, b in zip(ours.rates[era], one.rates[era], strict=True)]
        print(
            f"{era}  product / {one.name:17} latency {statistics.median(slower):.2f}, "
            f"throughput {statistics.median(more):.2f}"
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 7)
