"""What the tests of uploads send, and where they look whether anything stayed."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import anyio
from anyio.abc import SocketStream

from stackdocs_mcp.core.binding import StackId, UserId
from stackdocs_mcp.core.model import Document, DocumentStatus
from stackdocs_mcp.workspace.intake import Job
from tests.server.harness import PATIENCE
from tests.web.site import Site

PDF_HEAD = b"%PDF-1.7\n"
MIB = 1 << 20


async def in_parts(content: bytes) -> AsyncIterator[bytes]:
    """The same without a Content-Length."""
    for start in range(0, len(content), 100_000):
        yield content[start : start + 100_000]


async def documents(site: Site, user: UserId, stack: StackId) -> list[Document]:
    return list(await site.workspace(user, stack).store.documents(limit=100))


async def read(site: Site, user: UserId, stack: StackId) -> Document:
    """The stack's one document, when it has been read."""
    workspace = site.workspace(user, stack)
    (document,) = await workspace.store.documents(limit=2)
    if document.status is DocumentStatus.PROCESSING:
        job = Job(workspace.store, workspace.files, document.id)
        with anyio.fail_after(PATIENCE):
            await site.app.shared.intake.start(job).wait()
    return await workspace.store.document(document.id)


def kept(site: Site) -> list[Path]:
    """Every file of the file store, on its way or there."""
    root = site.app.settings.data_dir / "files"
    return sorted(path for path in root.rglob("*") if path.is_file())


def arriving(data_dir: Path) -> list[Path]:
    return list((data_dir / "files" / "incoming").glob("*"))


async def raw_request(port: int, head: str, body: bytes = b"") -> SocketStream:
    """A connection that has sent this much of a request."""
    stream = await anyio.connect_tcp("127.0.0.1", port)
    lines = [*head.strip().splitlines(), f"Host: 127.0.0.1:{port}", "", ""]
    await stream.send("\r\n".join(lines).encode() + body)
    return stream


async def status_of(stream: SocketStream) -> int:
    """The status of the answer, which the connection is then closed after."""
    answer = b""
    while b"\r\n" not in answer:
        answer += await stream.receive()
    await stream.aclose()
    return int(answer.split()[1])


def error_of(answer: Any) -> str:
    return str(answer.json()["error"]["code"])
