"""The server as a process of its own, whose log is looked through for what must not be there."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from queue import Queue
from threading import Thread
from typing import IO, Any

from stackdocs_mcp.auth.local import LocalIssuer
from stackdocs_mcp.core.binding import Right, StackId, UserId
from stackdocs_mcp.server.compose import local_user, now, running
from stackdocs_mcp.settings import Settings
from tests.cli.shell import environment
from tests.conftest import TOKEN
from tests.server.harness import PATIENCE
from tests.web.site import HOUR


@dataclass
class Process:
    """A server that takes connections."""

    process: subprocess.Popen[str]
    data: Path
    lines: Queue[str]
    port: int = 0
    said: list[str] = field(default_factory=list)

    def hears(self, pattern: str) -> re.Match[str]:
        """The first line of the log from here on that has this; waits for it."""
        while True:
            line = self.lines.get(timeout=PATIENCE)
            self.said.append(line)
            if found := re.search(pattern, line):
                return found

    def endpoint(self, stack: StackId) -> str:
        return f"http://127.0.0.1:{self.port}/stacks/{stack}/mcp"

    def token(self, stack: StackId, user: UserId | None = None) -> str:
        issuer = LocalIssuer.open(self.data, now)
        return issuer.mint(user or local_user(), stack, tuple(Right), HOUR)


async def stack_in(data: Path, name: str = "invoices", **settings: Any) -> StackId:
    """The id of a stack of the local user, made before anybody serves it."""
    async with running(Settings(data_dir=data, **settings)) as app:
        return (await app.store.open_stack(app.user, name)).id


@contextmanager
def serving(data: Path, *options: str, **variables: str) -> Iterator[Process]:
    """A server on a free port of loopback; no line of its log may hold a token."""
    command = [sys.executable, "-m", "stackdocs_mcp", "serve", "--http", "--port", "0"]
    with subprocess.Popen(
        [*command, "--data-dir", str(data), *options],
        env=environment(variables),
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        served = Process(process, data, Queue())
        reading = Thread(target=_read, args=(process.stderr, served.lines))
        reading.start()
        try:
            served.port = int(served.hears(r"serving HTTP on http://[^:]+:(\d+)")[1])
            yield served
        finally:
            process.terminate()
            process.wait(PATIENCE)
            reading.join()
            while not served.lines.empty():
                served.said.append(served.lines.get())
    assert [line for line in served.said if TOKEN.search(line)] == []


def _read(errors: IO[str], lines: Queue[str]) -> None:
    for line in errors:
        lines.put(line)
