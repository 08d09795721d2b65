"""A small OCR service on the loopback that speaks the documented API, and can be told to fail.

It opens what was uploaded, looks at each page, and answers with what is registered for the number
that is drawn on it: see ``marked``. Its files can be looked into, and every call is counted.
"""

import json
import re
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import anyio
import pypdfium2
from anyio.abc import SocketStream, TaskStatus
from PIL import Image, ImageDraw

KEY = "sk-loopback-4711"
SECRET = "UPSTREAM-WORDS"
"""In everything that the service says when it fails."""
BITS = 8
DPI = 200
UPLOAD, LIST, DELETE, OCR = "POST /v1/files", "GET /v1/files", "DELETE /v1/files", "POST /v1/ocr"


@dataclass
class Request:
    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes

    @property
    def route(self) -> str:
        return f"{self.method} {'/'.join(self.path.split('/')[:3])}"


@dataclass
class Reply:
    status: int
    content: Any
    headers: Mapping[str, str] = field(default_factory=dict)
    media_type: str = "application/json"

    def encoded(self) -> bytes:
        body = (
            self.content if isinstance(self.content, bytes) else json.dumps(self.content).encode()
        )
        head = {
            "content-type": self.media_type,
            "content-length": str(len(body)),
            "connection": "close",
            **self.headers,
        }
        lines = [f"HTTP/1.1 {self.status} As said", *(f"{k}: {v}" for k, v in head.items())]
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


Fault = Callable[[SocketStream, Request], Awaitable[Reply | None]]
"""What happens instead of an answer; None when the connection has been dealt with."""


def status(code: int, **headers: str) -> Fault:
    async def answer(_stream: SocketStream, _request: Request) -> Reply:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return Reply(code, {"message": SECRET, "detail": SECRET}, named)

    return answer


def body(content: bytes, media_type: str = "application/json") -> Fault:
    async def answer(_stream: SocketStream, _request: Request) -> Reply:
        return Reply(200, content, media_type=media_type)

    return answer


async def reset(stream: SocketStream, _request: Request) -> None:
    """The connection ends in the middle of the answer."""
    await stream.send(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 9\r\n")


async def hang(_stream: SocketStream, _request: Request) -> None:
    await anyio.sleep_forever()


async def trickle(stream: SocketStream, _request: Request) -> None:
    """An answer that never ends, and that always sends something."""
    await stream.send(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n")
    while True:
        await stream.send(b" ")
        await anyio.lowlevel.checkpoint()


async def flood(stream: SocketStream, _request: Request) -> None:
    """More than any answer."""
    await stream.send(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n")
    while True:
        await stream.send(b" " * 1_000_000)


def marked(number: int, size: tuple[int, int] = (400, 500)) -> Image.Image:
    """A picture with a number in it that survives being drawn and encoded: black bars for bits."""
    picture = Image.new("L", size, 255)
    pen = ImageDraw.Draw(picture)
    step = size[1] / BITS
    for bit in range(BITS):
        if number >> bit & 1:
            pen.rectangle((0, step * bit, size[0], step * (bit + 1)), 0)
    return picture


def page(index: int, number: int, size: tuple[int, int]) -> dict[str, Any]:
    """A page of an answer with one line in one block: ``Sheet`` and the number."""
    text = f"Sheet {number}"
    return {
        "index": index,
        "markdown": f"# {text}",
        "images": [],
        "dimensions": {"dpi": DPI, "width": size[0], "height": size[1]},
        "tables": [],
        "confidence_scores": {
            "average_page_confidence_score": 0.9,
            "minimum_page_confidence_score": 0.5,
        },
        "blocks": [block(f"# {text}", (0, 0, size[0], size[1] // 2), "title")],
    }


def block(content: str, box: Iterable[int], kind: str = "text", **more: object) -> dict[str, Any]:
    sides = ("top_left_x", "top_left_y", "bottom_right_x", "bottom_right_y")
    return {"type": kind, "content": content, **dict(zip(sides, box, strict=True)), **more}


class Service:
    """What it was asked, what it holds, and what it is to do next."""

    def __init__(self) -> None:
        self.port = 0
        self.calls: list[str] = []
        self.uploads: list[bytes] = []
        self.asked: list[dict[str, Any]] = []
        """Bodies of the OCR calls."""
        self.files: dict[str, tuple[str, bytes]] = {}
        """By id: name and content, of what has not been deleted."""
        self.seen: list[list[int]] = []
        """The numbers on the pages of each OCR call that was answered."""
        self.faults: dict[str, deque[Fault]] = defaultdict(deque)
        self.always: dict[str, Fault] = {}
        self.changed: dict[int, Callable[[dict[str, Any]], Any]] = {}
        """What becomes of the page that has this number."""
        self.answer: Callable[[dict[str, Any]], Any] = lambda whole: whole
        self.arrived = anyio.Event()
        """Set with the first OCR call."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def run(self, *, task_status: TaskStatus[None]) -> None:
        async with await anyio.create_tcp_listener(local_host="127.0.0.1") as listener:
            address = listener.extra(anyio.abc.SocketAttribute.local_address)
            self.port = int(address[1])
            task_status.started()
            await listener.serve(self._connection)

    async def _connection(self, stream: SocketStream) -> None:
        async with stream:
            with suppress(anyio.BrokenResourceError, anyio.EndOfStream, anyio.ClosedResourceError):
                request = await _received(stream)
                self.calls.append(request.route)
                if request.route == OCR:
                    self.arrived.set()
                reply = await self._reply(stream, request)
                if reply is not None:
                    await stream.send(reply.encoded())

    async def _reply(self, stream: SocketStream, request: Request) -> Reply | None:
        if request.headers.get("authorization") != f"Bearer {KEY}":
            return Reply(401, {"detail": SECRET})
        queue = self.faults[request.route]
        fault = queue.popleft() if queue else self.always.get(request.route)
        if fault is not None:
            return await fault(stream, request)
        return self.handled(request)

    def handled(self, request: Request) -> Reply:
        """The answer of a service that is well."""
        match request.route:
            case "POST /v1/files":
                return self._upload(request)
            case "GET /v1/files":
                wanted = request.query.get("search", [""])[0]
                found = [_described(k, v) for k, v in self.files.items() if wanted in v[0]]
                return Reply(200, {"object": "list", "data": found, "total": len(found)})
            case "DELETE /v1/files":
                file = request.path.rpartition("/")[2]
                if self.files.pop(file, None) is None:
                    return Reply(404, {"detail": SECRET})
                return Reply(200, {"id": file, "object": "file", "deleted": True})
            case "POST /v1/ocr":
                return self._ocr(json.loads(request.body))
        return Reply(404, {"detail": SECRET})

    def _upload(self, request: Request) -> Reply:
        parts = _parts(request)
        name, content = parts["file"]
        assert parts["purpose"][1] == b"ocr"
        file = f"file-{len(self.uploads)}"
        self.files[file] = name, content
        self.uploads.append(content)
        return Reply(200, _described(file, self.files[file]))

    def _ocr(self, asked: dict[str, Any]) -> Reply:
        self.asked.append(asked)
        _, content = self.files[asked["document"]["file_id"]]
        document = pypdfium2.PdfDocument(content)
        drawn = [each.render(scale=DPI / 72, grayscale=True).to_pil() for each in document]
        numbers = [_number(each) for each in drawn]
        self.seen.append(numbers)
        pages = []
        for index, (number, picture) in enumerate(zip(numbers, drawn, strict=True)):
            answered = page(index, number, picture.size)
            if number in self.changed:
                answered = self.changed[number](answered)
            pages += [answered] if answered is not None else []
        usage = {"pages_processed": len(drawn), "doc_size_bytes": len(content)}
        return Reply(
            200, self.answer({"pages": pages, "model": asked["model"], "usage_info": usage})
        )


@asynccontextmanager
async def running() -> AsyncIterator[Service]:
    service = Service()
    async with anyio.create_task_group() as tasks:
        await tasks.start(service.run)
        yield service
        tasks.cancel_scope.cancel()


async def _received(stream: SocketStream) -> Request:
    data = bytearray()
    while b"\r\n\r\n" not in data:
        data += await stream.receive()
    head, _, rest = bytes(data).partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = {k.lower(): v for k, _, v in (line.partition(": ") for line in lines)}
    content = bytearray(rest)
    while len(content) < int(headers.get("content-length", 0)):
        content += await stream.receive()
    method, target, _ = first.split(" ")
    address = urlsplit(target)
    return Request(method, address.path, parse_qs(address.query), headers, bytes(content))


def _parts(request: Request) -> dict[str, tuple[str, bytes]]:
    """The parts of a multipart body by name, each with its file name."""
    boundary = request.headers["content-type"].partition("boundary=")[2].strip('"')
    found = {}
    for part in request.body.split(b"--" + boundary.encode())[1:-1]:
        head, _, content = part.partition(b"\r\n\r\n")
        name = re.search(rb'; name="([^"]*)"', head)
        file = re.search(rb'filename="([^"]*)"', head)
        assert name
        found[name[1].decode()] = file[1].decode() if file else "", content[:-2]
    return found


def _described(file: str, stored: tuple[str, bytes]) -> dict[str, Any]:
    return {
        "id": file,
        "object": "file",
        "bytes": len(stored[1]),
        "created_at": 1_700_000_000,
        "filename": stored[0],
        "purpose": "ocr",
        "sample_type": "ocr_input",
        "source": "upload",
    }


def _number(picture: Image.Image) -> int:
    column = picture.resize((1, BITS), Image.Resampling.BOX).tobytes()
    return sum(1 << bit for bit, level in enumerate(column) if level < 128)
