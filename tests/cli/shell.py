"""The command line as a user's shell runs it: a process with exit code and two streams."""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import anyio.to_thread

COMMAND = str(Path(sys.executable).with_name("stackdocs-mcp"))
PATIENCE = 120


@dataclass(frozen=True)
class Ran:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def rows(self) -> list[list[str]]:
        """Standard output as lines of tab-separated cells."""
        return [line.split("\t") for line in self.out.splitlines()]


def environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """This process's, without settings of whoever runs the tests."""
    ours = ("STACKDOCS_", "MISTRAL_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return {**kept, **(more or {})}


@dataclass(frozen=True)
class Shell:
    """Runs commands on a data folder of its own."""

    data: Path

    def __call__(
        self, *arguments: str | Path, env: Mapping[str, str] | None = None, stdin: str = ""
    ) -> Ran:
        done = subprocess.run(
            [COMMAND, *map(str, arguments)],
            env=self.environment(env),
            input=stdin,
            capture_output=True,
            encoding="utf-8",
            timeout=PATIENCE,
            check=False,
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    def environment(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        return environment({"STACKDOCS_DATA_DIR": str(self.data), **(more or {})})


async def command(home: Path, *arguments: str | Path) -> None:
    """Run a command in another process on the data folder below ``home``."""
    done = await anyio.to_thread.run_sync(lambda: Shell(home / "data")(*arguments))
    assert done.code == 0, done.err


def all_of(terminal: int) -> str:
    """What is written to the terminal until nobody holds it any more."""
    shown = b""
    while True:
        try:
            part = os.read(terminal, 65_536)
        except OSError:  # how Linux says that the other end is closed
            part = b""
        if not part:
            os.close(terminal)
            return shown.decode("utf-8", "replace")
        shown += part
