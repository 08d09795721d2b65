"""A server process that is spoken to in lines, as no SDK would: in both protocol eras."""

import json
import subprocess
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any

from tests.server.harness import Era, parameters, settings

META = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientInfo": {"name": "raw", "version": "1"},
    "io.modelcontextprotocol/clientCapabilities": {},
}
_HELLO = {
    "protocolVersion": "2025-11-25",
    "clientInfo": {"name": "raw", "version": "1"},
    "capabilities": {},
}
DEADLINE = 30


class Raw:
    """A server process that is spoken to line by line.

    Its standard error goes into the file ``errors``, where it is given: a pipe that nobody reads
    is full at some time.
    """

    def __init__(
        self,
        folder: Path,
        served: Path | None = None,
        *,
        era: Era = "2026-07-28",
        errors: Path | None = None,
        **environment: str,
    ) -> None:
        chosen = parameters(settings(folder, folder=served), environment)
        self.files = folder / "files"
        with ExitStack() as open_:
            log = subprocess.PIPE if errors is None else open_.enter_context(errors.open("wb"))
            self.process = subprocess.Popen(
                [chosen.command, *chosen.args],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=chosen.env,
            )
        self.ids = 0
        self.meta = {"_meta": META} if era != "legacy" else {}
        if era == "legacy":
            self.ask("initialize", **_HELLO)
            self.send(b'{"jsonrpc":"2.0","method":"notifications/initialized"}')

    @property
    def stdin(self) -> IO[bytes]:
        assert self.process.stdin is not None
        return self.process.stdin

    @property
    def stdout(self) -> IO[bytes]:
        assert self.process.stdout is not None
        return self.process.stdout

    def send(self, line: bytes) -> None:
        self.stdin.write(line + b"\n")
        self.stdin.flush()

    def receive(self) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(self.stdout.readline())
        return message

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        """Send a request and give its answer; notifications in between are passed over."""
        self.ids += 1
        request = {"jsonrpc": "2.0", "id": self.ids, "method": method}
        self.send(json.dumps({**request, "params": {**params, **self.meta}}).encode())
        while (message := self.receive()).get("id") != self.ids:
            assert message.get("id") in (None, 71, 72, 73)
        return message

    def say(self, tool: str, arguments: bytes) -> dict[str, Any]:
        """Send a call whose arguments are these bytes; what is answered to it, result or error."""
        self.ids += 1
        meta = json.dumps(self.meta)[1:-1]
        head = f'{{"jsonrpc":"2.0","id":{self.ids},"method":"tools/call","params":{{{meta}'
        named = f'{"," if meta else ""}"name":{json.dumps(tool)},"arguments":'
        self.send(head.encode() + named.encode() + arguments + b"}}")
        message = self.receive()
        assert message.get("id") == self.ids, message
        return message

    def call(self, tool: str, **arguments: Any) -> dict[str, Any]:
        result: dict[str, Any] = self.ask("tools/call", name=tool, arguments=arguments)["result"]
        return result

    def end(self) -> tuple[bytes, bytes]:
        """Close standard input; the rest of both outputs, as far as they are pipes."""
        if self.stdin.closed:
            self.process.stdin = None  # communicate() would flush it
        return self.process.communicate(timeout=DEADLINE)
