"""An environment for each client: a Python with its packages and nothing of ours."""

import subprocess
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path

from tests.node.environment import NotInstalled, kept

PROJECT = Path(__file__).parents[2] / "pyproject.toml"
PATIENCE = 900
"""Seconds for one environment: Claude Code alone is a third of a gigabyte."""


def python_with(packages: Sequence[str]) -> Path:
    """The Python of an environment with these packages, made on first use. Raises NotInstalled.

    What they bring along is what the registry had on the day that pyproject.toml names.
    """
    newest = tomllib.loads(PROJECT.read_text("utf-8"))["tool"]["uv"]["exclude-newer"]
    state = "\n".join((*packages, newest, sys.version)).encode()

    def make(folder: Path) -> None:
        quiet = ["-q", "--no-config"]
        _run(["uv", "venv", *quiet, "--relocatable", "--python", sys.executable, str(folder)])
        into = ["--python", str(_python(folder)), "--exclude-newer", newest]
        _run(["uv", "pip", "install", *quiet, *into, *packages])

    name = packages[0].partition("==")[0].partition("[")[0]
    return _python(kept(name, state, make))


def _python(folder: Path) -> Path:
    return folder / "bin" / "python"


def _run(command: Sequence[str]) -> None:
    try:
        done = subprocess.run(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            timeout=PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotInstalled(f"{command[0]} could not be run: {type(error).__name__}") from error
    if done.returncode != 0:
        raise NotInstalled(f"{command[0]} ended with {done.returncode}: {done.stdout[-1_500:]}")
