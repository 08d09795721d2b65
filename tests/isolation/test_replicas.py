"""Two processes on one data folder, and a proxy that gives each request to the other one."""

import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import anyio
import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from stackdocs_mcp.auth.local import LocalIssuer
from stackdocs_mcp.core.binding import Binding, Right, StackId
from stackdocs_mcp.core.model import Change, DocumentId
from stackdocs_mcp.server.compose import now, running, user_of
from stackdocs_mcp.settings import Settings
from tests.isolation.forwarder import Forwarder, forwarding
from tests.isolation.places import Place
from tests.server.harness import PATIENCE, Era, Session
from tests.server.papers import FIELDS, INVOICE, SCHEMA
from tests.web.process import serving, stack_in
from tests.web.site import HOUR

pytestmark = pytest.mark.anyio

NO_LIMIT = {"STACKDOCS_RATE_PER_SECOND": "10000", "STACKDOCS_RATE_BURST": "100000"}


@dataclass(frozen=True)
class Replicated:
    """Two servers that nobody can tell from one."""

    data: Path
    stack: StackId
    forwarder: Forwarder
    place: Place

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.forwarder.port}"

    @asynccontextmanager
    async def client(self, era: Era) -> AsyncIterator[tuple[Session, httpx2.AsyncClient]]:
        """The official client, each of whose requests goes to the next replica."""
        user = user_of(Settings(data_dir=self.data, **self.place.settings))
        token = LocalIssuer.open(self.data, now).mint(user, self.stack, tuple(Right), HOUR)
        with anyio.fail_after(PATIENCE):
            async with (
                httpx2.AsyncClient(
                    headers={"Authorization": f"Bearer {token}"},
                    timeout=PATIENCE,
                    limits=httpx2.Limits(max_keepalive_connections=0),
                ) as http,
                Client(
                    streamable_http_client(f"{self.url}/stacks/{self.stack}/mcp", http_client=http),
                    mode=era,
                ) as client,
            ):
                yield Session(client, self.data), http

    async def history(self, document: str) -> list[Change]:
        """All changes, oldest first, whose chain is whole."""
        async with running(Settings(data_dir=self.data, **self.place.settings)) as app:
            binding = Binding(app.user, self.stack, frozenset(Right))
            store = app.shared.workspace(binding).store
            assert (await store.verify(DocumentId(document))).breaks == ()
            return list(reversed(await store.changes(DocumentId(document), limit=500)))


@pytest.fixture
async def replicated(tmp_path: Path, place: Place) -> AsyncIterator[Replicated]:
    data = tmp_path / "data"
    stack = await stack_in(data, tmp_path.name, **place.settings)
    async with forwarding() as forwarder, AsyncExitStack() as both:
        public = f"http://127.0.0.1:{forwarder.port}"
        said = {**NO_LIMIT, **place.variables}
        for _ in range(2):
            port = _free_port()  # what the log says is the public address
            starting = serving(data, "--public-url", public, "--port", str(port), **said)
            await anyio.to_thread.run_sync(starting.__enter__)
            both.push_async_callback(anyio.to_thread.run_sync, starting.__exit__, None, None, None)
            forwarder.replicas.append(port)
        yield Replicated(data, stack, forwarder, place)


@pytest.mark.requirement("ISO-15")
async def test_one_client_is_served_by_two_replicas_in_turns(
    replicated: Replicated, era: Era
) -> None:
    async with replicated.client(era) as (session, http):
        await session.data("set_schema", schema=SCHEMA)
        upload = f"{replicated.url}/stacks/{replicated.stack}/documents"
        ids = []
        for number in range(3):
            content = f"{INVOICE}{number}\n" + "word\n" * 400
            sent = await http.post(f"{upload}?filename={number}.txt", content=content)
            ids.append(sent.json()["document"]["id"])
        while [one["status"] for one in await listed(session)] != ["ocr_complete"] * 3:
            await anyio.lowlevel.checkpoint()
        assert [one["id"] for one in await listed(session)] == ids
        document = ids[0]
        whole, pieces = await session.read(document, max_chars=48_000), [""]
        cursor: str | None = None
        while True:
            more = {} if cursor is None else {"cursor": cursor}
            piece = await session.read(document, max_chars=700, **more)
            pieces += [line for line in piece.splitlines() if "| " in line]
            if not piece.rpartition("\n")[2].startswith("next_cursor: "):
                break
            cursor = piece.rpartition("next_cursor: ")[2]
        assert pieces[1:] == [line for line in whole.splitlines() if "| " in line]

        revision = 0
        for number in range(20):
            written = await session.data(
                "set_field", document_id=document, path="number", value=f"INV-{number}",
                expected_revision=revision,
            )  # fmt: skip
            revision = written["revision"]
            assert revision == number + 1
            seen = await session.data("read_extraction", document_id=document)
            assert [one["value"] for one in seen["fields"]] == [f"INV-{number}"]
        undone = await session.data("undo", document_id=document)
        assert undone["value"] == "INV-18"
        fields = await session.data("set_fields", document_id=document, fields=FIELDS)
        assert fields["revision"] == 22

    changes = await replicated.history(document)
    assert [one.revision for one in changes] == [*range(1, 22), 22, 22, 22]
    first, second = replicated.forwarder.asked.values()
    assert abs(first - second) <= 1


async def listed(session: Session) -> list[dict[str, str]]:
    """All documents, one by one."""
    found: list[dict[str, str]] = []
    cursor: dict[str, str] = {}
    while True:
        page = await session.data("list_documents", limit=1, **cursor)
        found += page["documents"]
        if "next_cursor" not in page:
            return found
        cursor = {"cursor": page["next_cursor"]}


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port
