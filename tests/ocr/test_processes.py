"""What runs where: nothing hostile in the server, nothing left behind."""

import multiprocessing
import os
import select
import signal
import subprocess
import sys
from contextlib import aclosing
from multiprocessing.process import BaseProcess
from pathlib import Path

import anyio
import pytest
from anyio.lowlevel import checkpoint

from stackdocs_mcp.core.engine import Extracted, FileOutline, Pages
from stackdocs_mcp.core.errors import ExtractionFailed
from stackdocs_mcp.ocr import parsing, processes, recognising
from stackdocs_mcp.ocr.limits import Limits
from stackdocs_mcp.ocr.local import LocalEngine
from tests.ocr.conftest import first_page, read_all, texts
from tests.ocr.documents import SCANNED, lines, pdf, scan

pytestmark = pytest.mark.anyio

HEAVY = {"pypdfium2", "PIL", "numpy", "cv2", "rapidocr", "onnxruntime", "docx", "lxml"}


def running(name: str) -> list[BaseProcess]:
    with processes._bookkeeping:  # or the engine's thread and this one read one exit code
        return [process for process in multiprocessing.active_children() if process.name == name]


async def appears(name: str, known: set[int | None]) -> BaseProcess:
    """The next process of this name that is not known yet."""
    while True:
        for process in running(name):
            if process.pid not in known:
                return process
        await checkpoint()


@pytest.fixture
def endless(tmp_path: Path) -> Path:
    """A file that never ends: whoever opens it waits."""
    file = tmp_path / "endless"
    os.mkfifo(file)
    return file


@pytest.fixture
def scanned(tmp_path: Path) -> Path:
    file = tmp_path / "scan"
    scan(*SCANNED).save(file, "PNG")
    return file


@pytest.mark.requirement("OCR-PROC-01")
def test_the_server_process_loads_no_parser() -> None:
    program = "import sys, stackdocs_mcp.ocr.local; print(*sys.modules)"

    printed = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, check=True, text=True
    ).stdout

    assert HEAVY & set(printed.split()) == set()


@pytest.mark.requirement("OCR-PROC-02")
async def test_a_file_that_takes_too_long_times_out(endless: Path) -> None:
    hasty = LocalEngine(Limits(step_seconds=0.2), workers=1)

    with pytest.raises(ExtractionFailed) as failure:
        await read_all(hasty, endless)
    await hasty.close()

    assert failure.value.code == "timed_out"
    assert running(parsing.NAME) == []


@pytest.mark.requirement("OCR-PROC-03")
async def test_a_parser_that_dies_twice_fails_the_document_as_crashed(
    engine: LocalEngine, endless: Path
) -> None:
    async def kill() -> None:
        first = await appears(parsing.NAME, set())
        first.kill()
        (await appears(parsing.NAME, {first.pid})).kill()

    with anyio.fail_after(10):
        async with anyio.create_task_group() as group:
            group.start_soon(kill)
            with pytest.raises(ExtractionFailed) as failure:
                await read_all(engine, endless)

    assert failure.value.code == "crashed"


@pytest.mark.requirement("OCR-PROC-12")
async def test_a_parser_that_is_killed_once_costs_no_page(
    engine: LocalEngine, tmp_path: Path
) -> None:
    text = [f"Line {number} of a page that fills the pipe" for number in range(20)]
    file = pdf(tmp_path / "a", *(lines(*text) for _ in range(200)))
    items: list[Extracted] = []

    async with aclosing(engine.read(file, ())) as stream:
        async for item in stream:
            items.append(item)
            if len(items) == 3:
                (parser,) = running(parsing.NAME)
                parser.kill()

    pages = [page.number for item in items if isinstance(item, Pages) for page in item.pages]
    assert items[0] == FileOutline("application/pdf", 200)
    assert pages == list(range(1, 201))


@pytest.mark.requirement("OCR-PROC-04")
async def test_a_cancelled_reader_leaves_no_process(engine: LocalEngine, endless: Path) -> None:
    with anyio.fail_after(10):
        async with anyio.create_task_group() as group:
            group.start_soon(read_all, engine, endless)
            await appears(parsing.NAME, set())
            group.cancel_scope.cancel()

    assert running(parsing.NAME) == []


@pytest.mark.requirement("OCR-PROC-05")
async def test_closing_the_iterator_early_leaves_no_process(
    engine: LocalEngine, tmp_path: Path
) -> None:
    file = pdf(tmp_path / "a", *(lines(f"This is page {n}") for n in range(40)))

    async with aclosing(engine.read(file, ())) as stream:
        await anext(stream)
        await anext(stream)

    assert running(parsing.NAME) == []


@pytest.mark.requirement("OCR-PROC-06")
async def test_a_dead_ocr_worker_is_replaced(scanned: Path) -> None:
    own = LocalEngine(workers=1)
    known = {process.pid for process in running(recognising.NAME)}
    await read_all(own, scanned)
    (first,) = [each for each in running(recognising.NAME) if each.pid not in known]

    first.kill()
    page = await first_page(own, scanned)
    await own.close()

    assert texts(page) == list(SCANNED)


@pytest.mark.requirement("OCR-PROC-07")
async def test_a_page_whose_worker_dies_is_tried_once_more(scanned: Path) -> None:
    own = LocalEngine(workers=1)
    known = {process.pid for process in running(recognising.NAME)}

    async def kill_one() -> None:
        (await appears(recognising.NAME, known)).kill()

    async with anyio.create_task_group() as group:
        group.start_soon(kill_one)
        page = await first_page(own, scanned)
    await own.close()

    assert texts(page) == list(SCANNED)


@pytest.mark.requirement("OCR-PROC-11")
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="nothing says how large it is")
async def test_a_worker_that_has_grown_is_replaced_after_its_page(scanned: Path) -> None:
    known = {process.pid for process in running(recognising.NAME)}
    small, usual = LocalEngine(Limits(worker_growth_bytes=0), workers=1), LocalEngine(workers=1)
    kept = []
    for own in (small, usual):
        pages = [await first_page(own, scanned) for _ in range(2)]
        kept.append(len({process.pid for process in running(recognising.NAME)} - known))
        await own.close()
        assert [texts(page) for page in pages] == [list(SCANNED)] * 2

    assert kept == [0, 1]


@pytest.mark.requirement("OCR-PROC-08")
async def test_a_page_that_kills_two_workers_fails_as_crashed(scanned: Path) -> None:
    own = LocalEngine(workers=1)
    known = {process.pid for process in running(recognising.NAME)}

    async def kill_two() -> None:
        for _ in range(2):
            worker = await appears(recognising.NAME, known)
            known.add(worker.pid)
            worker.kill()

    async with anyio.create_task_group() as group:
        group.start_soon(kill_two)
        with pytest.raises(ExtractionFailed) as failure:
            await read_all(own, scanned)
    await own.close()

    assert failure.value.code == "crashed"


@pytest.mark.requirement("OCR-SCAN-10")
async def test_cancelling_in_the_middle_of_a_recognition_ends_the_worker(scanned: Path) -> None:
    own = LocalEngine(workers=1)
    known = {process.pid for process in running(recognising.NAME)}

    with anyio.fail_after(10):
        async with anyio.create_task_group() as group:
            group.start_soon(read_all, own, scanned)
            worker = (await appears(recognising.NAME, known)).pid
            group.cancel_scope.cancel()
        await own.close()

    assert worker not in {process.pid for process in running(recognising.NAME)}


@pytest.mark.requirement("OCR-PROC-09")
async def test_a_closed_engine_leaves_no_process_and_can_be_closed_again(scanned: Path) -> None:
    own = LocalEngine(workers=1)
    known = {process.pid for process in running(recognising.NAME)}
    await read_all(own, scanned)

    await own.close()
    await own.close()

    assert {process.pid for process in running(recognising.NAME)} <= known


ORPHANS = """
import sys, anyio, multiprocessing
from pathlib import Path
from stackdocs_mcp.ocr import processes
from stackdocs_mcp.ocr.local import LocalEngine

def running():
    with processes._bookkeeping:
        return multiprocessing.active_children()

async def read(engine, file):
    async for _ in engine.read(Path(file), ()):
        pass

async def main():
    engine = LocalEngine(workers=1)
    await read(engine, sys.argv[1])
    async with anyio.create_task_group() as group:
        group.start_soon(read, engine, sys.argv[2])
        while len(running()) < 2:
            await anyio.sleep(0.01)
        print(*(process.pid for process in running()), flush=True)

anyio.run(main)
"""


@pytest.mark.requirement("OCR-PROC-10")
@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="Linux tells when any process has ended")
def test_nothing_outlives_a_killed_server_or_holds_its_output(scanned: Path, endless: Path) -> None:
    arguments = [sys.executable, "-c", ORPHANS, str(scanned), str(endless)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        children = [os.pidfd_open(int(pid)) for pid in server.stdout.readline().split()]
        server.send_signal(signal.SIGKILL)
        rest = server.stdout.read()  # ends when nobody holds the other side any more
        ended = [bool(select.select([child], [], [], 5)[0]) for child in children]
        for child in children:
            os.close(child)

    assert rest == b""
    assert ended == [True, True]


@pytest.mark.requirement("OCR-ENGINE-02")
def test_the_identity_names_the_libraries_that_decide_what_is_read() -> None:
    assert {"pypdfium2", "rapidocr"} <= {
        part.rpartition("-")[0] for part in LocalEngine().identity.split()
    }


@pytest.mark.requirement("OCR-ENGINE-03")
async def test_several_files_are_read_at_once(engine: LocalEngine, tmp_path: Path) -> None:
    files = [pdf(tmp_path / f"{n}", lines(f"This is file {n}")) for n in range(6)]
    found = dict[int, list[str]]()

    async def read(number: int) -> None:
        found[number] = texts(await first_page(engine, files[number]))

    async with anyio.create_task_group() as group:
        for number in range(len(files)):
            group.start_soon(read, number)

    assert found == {n: [f"This is file {n}"] for n in range(6)}
