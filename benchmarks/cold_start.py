"""Seconds from starting a process to its first answer to tools/list, against a bare server's.

    python benchmarks/cold_start.py [ROUNDS]

The two start in turn, so that a machine that gets slower is slower for both. Prints medians and
the median of the ratios pair by pair, and the size of the answer in bytes.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

META = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientInfo": {"name": "cold-start", "version": "1"},
    "io.modelcontextprotocol/clientCapabilities": {},
}
REQUEST = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {"_meta": META}}


def first_answer(command: list[str]) -> tuple[float, int]:
    """Seconds until the first whole line of output, and its length."""
    started = time.perf_counter()
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(REQUEST).encode() + b"\n")
        process.stdin.flush()
        line = process.stdout.readline()
        seconds = time.perf_counter() - started
        process.stdin.close()
    return seconds, len(line)


def main(rounds: int) -> None:
    bare = [sys.executable, str(Path(__file__).with_name("bare_server.py"))]
    with tempfile.TemporaryDirectory() as data:
        ours = [sys.executable, "-m", "stackdocs_mcp", "--data-dir", data]
        first_answer(bare)
        first_answer(ours)
        pairs = [(first_answer(ours), first_answer(bare)) for _ in range(rounds)]
    print(f"ours {statistics.median(one[0][0] for one in pairs):.3f} s")
    print(f"bare {statistics.median(one[1][0] for one in pairs):.3f} s")
    print(f"ratio {statistics.median(one[0][0] / one[1][0] for one in pairs):.3f}")
    print(f"tools/list {pairs[0][0][1]} bytes")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 15)
