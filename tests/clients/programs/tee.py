"""Runs a server for a client over stdio, and keeps every line that goes to and fro.

``tee.py KEPT COMMAND...``: each line of KEPT is ``>`` or ``<`` and what the client sent or got.
"""

import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO


def passing(source: IO[bytes], sink: IO[bytes], mark: bytes, kept: IO[bytes]) -> None:
    """Until the source ends; then the sink is closed as well."""
    for line in source:
        kept.write(mark + line)
        sink.write(line)
        sink.flush()
    sink.close()


def main(path: str, command: list[str]) -> int:
    with (
        Path(path).open("ab", buffering=0) as kept,
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server,
    ):
        assert server.stdin is not None
        assert server.stdout is not None
        for ended in (signal.SIGTERM, signal.SIGINT):
            signal.signal(ended, lambda number, _frame: server.send_signal(number))
        sent = (sys.stdin.buffer, server.stdin, b">", kept)
        threading.Thread(target=passing, args=sent, daemon=True).start()
        passing(server.stdout, sys.stdout.buffer, b"<", kept)
        return server.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
