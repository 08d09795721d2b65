"""What a very long PDF costs: seconds until its first pages can be read, and peak memory.

    python benchmarks/long_document.py [PAGES] [SCANNED_PAGES]

A client of the real SDK starts a server process, adds a PDF of PAGES pages of text (1,000 by
default) made here, polls ``read_ocr`` for page 1, and waits until the document has been read. Then
the same with a PDF of SCANNED_PAGES pictures of text (20 by default, since each takes seconds).
Memory is the peak resident size of each process as the kernel counts it (VmHWM), so this runs on
Linux alone; the fork server's children are watched twenty times a second.
"""

import io
import random
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import anyio
from mcp import Client, StdioServerParameters
from PIL import Image, ImageDraw, ImageFont
from reportlab.lib.pagesizes import A4
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

WORDS = "invoice total amount vendor delivery order payment customer number reference".split()
LINES = 60
MIB = 1024


def written(file: Path, pages: int) -> Path:
    """A PDF with sixty lines of text on each page."""
    chance = random.Random(1)
    canvas = Canvas(str(file), pagesize=A4)
    for page in range(1, pages + 1):
        canvas.setFont("Helvetica", 9)
        for line in range(LINES):
            words = " ".join(chance.choice(WORDS) for _ in range(10))
            canvas.drawString(50, 800 - 12 * line, f"{page}.{line} {words} {chance.random():.6f}")
        canvas.showPage()
    canvas.save()
    return file


def scanned(file: Path, pages: int) -> Path:
    """A PDF with a picture of twenty lines on each page."""
    chance = random.Random(2)
    font = ImageFont.load_default(28)
    canvas = Canvas(str(file), pagesize=A4)
    for page in range(1, pages + 1):
        image = Image.new("L", (1240, 1754), 255)
        draw = ImageDraw.Draw(image)
        for line in range(20):
            words = " ".join(chance.choice(WORDS) for _ in range(5))
            draw.text((100, 100 + 70 * line), f"{page}.{line} {words}", font=font)
        stored = io.BytesIO()
        image.save(stored, "JPEG", quality=85)
        canvas.drawImage(ImageReader(stored), 0, 0, *A4)
        canvas.showPage()
    canvas.save()
    return file


class Watch:
    """Peak memory by process, of this process's descendants."""

    def __init__(self) -> None:
        self.peaks: dict[str, int] = {}
        """KiB, the largest process of each kind."""

    async def run(self) -> None:
        while True:
            for kind, peak in self._seen():
                self.peaks[kind] = max(self.peaks.get(kind, 0), peak)
            await anyio.sleep(0.05)

    def _seen(self) -> list[tuple[str, int]]:
        parents: dict[int, int] = {}
        peaks: dict[int, int] = {}
        for folder in Path("/proc").iterdir():
            if folder.name.isdigit():
                with suppress(OSError, KeyError, ValueError):
                    status = dict(
                        row.split(":", 1)
                        for row in (folder / "status").read_text().split("\n")
                        if row
                    )
                    parents[int(folder.name)] = int(status["PPid"])
                    peaks[int(folder.name)] = int(status["VmHWM"].split()[0])
        me = Path("/proc/self").resolve().name
        servers = {pid for pid, parent in parents.items() if parent == int(me)}
        below = {
            pid
            for pid in parents
            if pid not in servers and any(one in servers for one in _line(pid, parents))
        }
        return [
            *(("server", peaks[pid]) for pid in servers if pid in peaks),
            *(("worker", peaks[pid]) for pid in below if pid in peaks),
        ]


def _line(pid: int, parents: dict[int, int]) -> list[int]:
    found = []
    while pid in parents and pid not in found:
        found.append(pid)
        pid = parents[pid]
    return found


async def measure(file: Path, home: Path, pages: int) -> None:
    server = StdioServerParameters(
        command=sys.executable,
        args=["-m", "stackdocs_mcp", "--data-dir", str(home), "serve", "--allow", str(file.parent)],
    )
    watch = Watch()
    async with Client(server) as client, anyio.create_task_group() as tasks:
        tasks.start_soon(watch.run)
        started = time.perf_counter()
        first = whole = 0.0

        async def add() -> None:
            await client.call_tool("add_document", {"path": str(file)})

        tasks.start_soon(add)
        while not whole:
            await anyio.sleep(0.05)
            listed = (await client.call_tool("list_documents", {})).structured_content or {}
            for document in listed["documents"]:
                if not first:
                    asked = {"document_id": document["id"], "pages": "1"}
                    answer = await client.call_tool("read_ocr", asked)
                    if not answer.is_error and "1| " in answer.content[0].text:  # type: ignore[union-attr]
                        first = time.perf_counter() - started
                if document["status"] != "processing":
                    whole = time.perf_counter() - started
        tasks.cancel_scope.cancel()

    print(f"{pages} pages, {file.stat().st_size / 1e6:.1f} MB: page 1 readable after {first:.2f} s")
    print(f"  all pages after {whole:.1f} s: {pages / whole:.1f} pages/s ({document['status']})")
    for kind, peak in sorted(watch.peaks.items()):
        print(f"  largest {kind} process {peak / MIB:.0f} MiB")


async def main(pages: int, pictures: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for count, make in ((pages, written), (pictures, scanned)):
            files = root / make.__name__
            files.mkdir()
            await measure(make(files / "long.pdf", count), root / f"{make.__name__}-data", count)


if __name__ == "__main__":
    given = [int(one) for one in sys.argv[1:3]]
    anyio.run(main, *given, *(1_000, 20)[len(given) :])
