"""Whether any answer ever holds anything of a stack that its user is no member of.

``python benchmarks/isolation.py`` sends one million random requests of 50 users over 200 stacks to
the whole of HTTP, in this process: every tool, resource and prompt in both protocol eras, with ids
and cursors of anybody's, all under the same JSON-RPC id, several at the same time. In every stack
stands a canary of its own, in the names and texts of its files, in its fields and in its schema.
Printed is how many answers had a canary of a stack that is not their user's (it must be none), how
many requests were let in, and how many were answered in a second.
"""

import argparse
import asyncio
import json
import random
import re
import secrets
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import anyio
from starlette.types import ASGIApp, Message, Scope

from stackdocs_mcp.auth.local import LocalIssuer
from stackdocs_mcp.core.binding import Actor, Binding, Right, Role, StackId, UserId
from stackdocs_mcp.server.compose import App, now, running
from stackdocs_mcp.server.web import gate_of
from stackdocs_mcp.settings import Settings
from stackdocs_mcp.workspace.adding import add_document
from stackdocs_mcp.workspace.schemas import set_schema
from stackdocs_mcp.workspace.writing import Entry, set_fields

PORT = 8765
HOST = b"127.0.0.1:8765"
CANARY = re.compile(rb"canary[0-9a-f]{16}")
NOWHERE = "00000000-0000-4000-8000-000000000000"
DAY = timedelta(days=1)
META = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientInfo": {"name": "benchmark", "version": "1"},
    "io.modelcontextprotocol/clientCapabilities": {},
}
KEPT_CURSORS = 500


@dataclass(frozen=True)
class Planted:
    """A stack with its canary, who may read it, and its documents."""

    id: StackId
    canary: bytes
    members: frozenset[UserId]
    documents: tuple[str, ...]


@dataclass
class Found:
    """What the answers had in them."""

    requests: int = 0
    crossings: list[str] = field(default_factory=list)
    let_in: int = 0
    canaries: int = 0
    """Answers with a canary of the user's own: else there would be nothing to find."""
    statuses: Counter[int] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0


@asynccontextmanager
async def world(
    folder: Path, users: int, stacks: int, **more: Any
) -> AsyncIterator[tuple[App, ASGIApp, list[UserId], list[Planted]]]:
    """The product with everything planted in it."""
    files = folder / "files"
    files.mkdir()
    enough = {"rate_per_second": 10_000, "rate_burst": 100_000}
    chosen = {"data_dir": folder / "data", "port": PORT, **enough, **more}
    settings = Settings.model_validate(chosen)
    names = [UserId(f"user{number}") for number in range(users)]
    async with running(settings) as app, gate_of(app, PORT) as gate:
        planted = [await plant(app, files, names, number) for number in range(stacks)]
        yield app, gate, names, planted


async def plant(app: App, files: Path, users: Sequence[UserId], number: int) -> Planted:
    """A stack of one user; of every third one another user is a member too."""
    canary = f"canary{secrets.token_hex(8)}"
    owner = users[number % len(users)]
    stack = await app.store.open_stack(owner, f"{canary} stack")
    binding = Binding(owner, stack.id, frozenset(Right), Actor("agent", canary))
    workspace = app.shared.workspace(binding, (files,))
    properties = {canary: {"type": "string"}, "total": {"type": "number"}}
    await set_schema(workspace, {"type": "object", "properties": properties}, f"Read {canary}.")
    made: list[str] = []
    for count in range(2):
        path = files / f"{canary}-{count}.txt"
        path.write_text(f"Invoice {count}\nShared words {canary}\nTotal 12.50\n" * 30)
        document = (await add_document(workspace, path.name)).document
        made.append(document.id)
        await set_fields(workspace, document.id, [Entry(canary, canary)], dry_run=False)
    members = {owner}
    if number % 3 == 0:
        other = users[(number * 7 + 1) % len(users)]
        if other != owner:
            await workspace.store.grant(other, (Role.VIEWER, Role.EDITOR)[number % 2])
            members.add(other)
    return Planted(stack.id, canary.encode(), frozenset(members), tuple(made))


class Traffic:
    """Random requests, and what came of them."""

    def __init__(
        self, app: App, gate: ASGIApp, users: list[UserId], stacks: list[Planted], seed: int
    ) -> None:
        self._gate = gate
        self._users = users
        self._stacks = stacks
        self._issuer = LocalIssuer.open(app.settings.data_dir.absolute(), now)
        self._tokens: dict[tuple[UserId, StackId], bytes] = {}
        self._may = {one.canary: one.members for one in stacks}
        self._of = {user: [one for one in stacks if user in one.members] for user in users}
        self._cursors: list[str] = ["x"]
        self._random = random.Random(seed)
        self._end: float | None = None
        self.found = Found()

    async def run(self, requests: int, at_once: int, seconds: float | None = None) -> Found:
        """Send so many, so many of them at the same time, or what can be sent in the time."""
        began = time.perf_counter()
        self._end = None if seconds is None else began + seconds
        async with anyio.create_task_group() as tasks:
            for _ in range(at_once):
                tasks.start_soon(self._work, requests)
        self.found.seconds = time.perf_counter() - began
        return self.found

    async def _work(self, requests: int) -> None:
        while self.found.requests < requests:
            if self._end is not None and time.perf_counter() > self._end:
                return
            self.found.requests += 1
            await self._one()

    async def _one(self) -> None:
        pick = self._random.choice
        user = pick(self._users)
        stack = pick(self._of[user]) if self._random.random() < 0.75 else pick(self._stacks)
        target = stack.id if self._random.random() < 0.97 else StackId(NOWHERE)
        modern = self._random.random() < 0.5
        method, params = self._asked(stack)
        status, content = await self._send(user, target, modern, method, params)
        self._look(user, content, f"{method} {params.get('name', '')}")
        self.found.statuses[status] += 1
        if status != 200:
            return
        self.found.let_in += 1
        for cursor in re.findall(rb'"next_?[cC]ursor":"([\w-]+)"|next_cursor: ([\w-]+)', content):
            self._remember(next(one for one in cursor if one).decode())
        for link in re.findall(rb'http://[^"\s]+(/exports/[\w-]+)', content):
            _, exported = await self._call("GET", link.decode(), [], b"")
            self._look(user, exported, "export")

    def _asked(self, stack: Planted) -> tuple[str, dict[str, Any]]:
        """A call with an id, mostly of the stack that it goes to."""
        pick, chance = self._random.choice, self._random.random
        where = stack if chance() < 0.5 else pick(self._stacks)
        document = pick(where.documents) if chance() < 0.95 else NOWHERE
        more = {"cursor": pick(self._cursors)} if chance() < 0.3 else {}
        field_ = {"path": "total", "value": round(chance() * 1000, 2)}
        words = pick(("canary", "Shared", "words", "Invoice", "12.50"))
        tool = pick(
            [
                ("list_documents", {"limit": 1, **more}),
                ("list_documents", {"query": "canary"}),
                ("read_ocr", {"document_id": document, "max_chars": 600, **more}),
                ("search_documents", {"query": words, "limit": 3, **more}),
                ("search_documents", {"query": words, "document_id": document}),
                ("get_schema", {}),
                ("read_extraction", {"document_id": document, **more}),
                ("set_field", {"document_id": document, **field_}),
                ("set_fields", {"document_id": document, "fields": [field_], "dry_run": True}),
                ("delete_field", {"document_id": document, "path": "total"}),
                ("undo", {"document_id": document, "change_id": pick(("1-1", "2-1", "9"))}),
                ("complete", {"document_id": document}),
                ("export", {"format": pick(("csv", "json", "jsonl")), "evidence": True}),
                ("add_document", {"filename": "a.txt", "size": 5}),
                ("no_such_tool", {"document_id": document}),
                ("get_schema", {"stack_id": where.id}),
            ]
        )
        if chance() < 0.75:
            return "tools/call", {"name": tool[0], "arguments": tool[1]}
        uri = f"stackdocs://documents/{document}"
        arguments = {"document_id": document}
        others: list[tuple[str, dict[str, Any]]] = [
            ("resources/list", more),
            ("resources/read", {"uri": "stackdocs://schema"}),
            ("resources/read", {"uri": uri}),
            ("resources/read", {"uri": f"{uri}/extraction"}),
            ("prompts/get", {"name": "review_extraction", "arguments": arguments}),
            ("tools/list", {}),
        ]
        return pick(others)

    async def _send(
        self, user: UserId, stack: StackId, modern: bool, method: str, params: dict[str, Any]
    ) -> tuple[int, bytes]:
        meta = {"_meta": META} if modern else {}
        sent = {"jsonrpc": "2.0", "id": 1, "method": method, "params": {**params, **meta}}
        headers = [
            (b"authorization", self._token(user, stack)),
            (b"accept", b"application/json, text/event-stream"),
            (b"content-type", b"application/json"),
            (b"mcp-protocol-version", b"2026-07-28" if modern else b"2025-11-25"),
        ]
        if modern:
            name = str(params.get("name") or params.get("uri") or "")
            headers += [(b"mcp-method", method.encode())]
            headers += [(b"mcp-name", name.encode())] if name else []
        self.found.kinds[f"{method} {params.get('name', '')}".strip()] += 1
        return await self._call("POST", f"/stacks/{stack}/mcp", headers, json.dumps(sent).encode())

    async def _call(
        self, method: str, path: str, headers: list[tuple[bytes, bytes]], content: bytes
    ) -> tuple[int, bytes]:
        """One request through the gate, headers and body of its answer together."""
        scope: Scope = {
            "type": "http",
            "method": method,
            "path": urlsplit(path).path,
            "raw_path": path.encode(),
            "query_string": b"",
            "headers": [(b"host", HOST), *headers],
            "http_version": "1.1",
            "scheme": "http",
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", PORT),
            "state": {},
        }
        sent, gone = False, asyncio.Event()
        status, parts = 0, list[bytes]()

        async def receive() -> Message:
            nonlocal sent
            if sent:
                await gone.wait()
                return {"type": "http.disconnect"}
            sent = True
            return {"type": "http.request", "body": content, "more_body": False}

        async def send(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                parts.extend(value for _, value in message["headers"])
            parts.append(message.get("body", b""))

        try:
            await self._gate(scope, receive, send)
        finally:
            gone.set()
        return status, b"\n".join(parts)

    def _look(self, user: UserId, content: bytes, what: str) -> None:
        """Every canary in the answer is one that the user may see."""
        seen = set(CANARY.findall(content))
        self.found.canaries += bool(seen)
        self.found.crossings += [what for one in seen if user not in self._may[one]]

    def _token(self, user: UserId, stack: StackId) -> bytes:
        if (user, stack) not in self._tokens:
            token = self._issuer.mint(user, stack, tuple(Right), DAY)
            self._tokens[user, stack] = f"Bearer {token}".encode()
        return self._tokens[user, stack]

    def _remember(self, cursor: str) -> None:
        if len(self._cursors) < KEPT_CURSORS:
            self._cursors.append(cursor)
        else:
            self._cursors[self._random.randrange(KEPT_CURSORS)] = cursor


async def traffic(
    folder: Path,
    requests: int,
    *,
    users: int,
    stacks: int,
    at_once: int,
    seed: int = 0,
    seconds: float | None = None,
    **more: Any,
) -> Found:
    """Plant everything below the folder, send the requests, and say what was found.

    ``more`` are settings, such as those of another store.
    """
    async with world(folder, users, stacks, **more) as (app, gate, names, planted):
        return await Traffic(app, gate, names, planted, seed).run(requests, at_once, seconds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=1_000_000)
    parser.add_argument("--users", type=int, default=50)
    parser.add_argument("--stacks", type=int, default=200)
    parser.add_argument("--at-once", type=int, default=16)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--minutes", type=float, help="Stop then, and say how far it came.")
    parser.add_argument("--folder", help="Keep the data below this folder, on a fast disk.")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as name:

        async def run() -> Found:
            return await traffic(
                Path(name),
                given.requests,
                users=given.users,
                stacks=given.stacks,
                at_once=given.at_once,
                seed=given.seed,
                seconds=given.minutes and 60 * given.minutes,
            )

        found = anyio.run(run)
    print(f"{found.requests} requests of {given.users} users over {given.stacks} stacks")
    print(f"answers with a canary of a stack that is not their user's: {len(found.crossings)}")
    print(f"answers with one's own: {found.canaries}; let in: {found.let_in}")
    print(f"by status: {dict(sorted(found.statuses.items()))}")
    print(f"{found.requests / found.seconds:.0f} a second, in {found.seconds:.0f} s")
    for what in sorted(set(found.crossings)):
        print(f"CROSSED: {what}")
    raise SystemExit(bool(found.crossings))


if __name__ == "__main__":
    main()
