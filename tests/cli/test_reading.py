"""``read`` and ``retry``: what stands in a document, and a second try."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import anyio
import anyio.to_thread
import pytest

from stackdocs_mcp.cli import reading_in
from stackdocs_mcp.cli.adding import Source
from stackdocs_mcp.cli.bars import bars
from stackdocs_mcp.core.binding import Actor
from stackdocs_mcp.core.model import Cell, Document, Failure, Line, Page, PageSource, Table
from stackdocs_mcp.ocr.local import LocalEngine
from stackdocs_mcp.server.compose import App, now, running
from stackdocs_mcp.settings import Settings
from stackdocs_mcp.workspace import Workspace
from tests.cli.shell import Shell
from tests.ocr.documents import scan
from tests.server.engines import PlainEngine, running_with
from tests.server.papers import INVOICE
from tests.workspace.paced import PacedEngine

pytestmark = pytest.mark.anyio


async def workspace_of(app: App) -> Workspace:
    return app.workspace(await app.open_stack(), Actor("person"))


async def stored(
    shell: Shell, file: Path, pages: Sequence[Page], *, failed: bool = False
) -> Document:
    """The file as a document that has these of its pages, as the engine of the program read it."""
    async with running(Settings(data_dir=shell.data)) as app:
        workspace = await workspace_of(app)
        store = workspace.store
        document, _ = await app.shared.intake.add(
            store, workspace.files, file, file.name, 1_000_000
        )
        await store.set_outline(document.id, "text/plain", 2)
        await store.save_pages(document.id, LocalEngine().identity, pages)
        if failed:
            return await store.fail(document.id, Failure("timed_out", "it took too long"))
        return document


def page(number: int, *lines: Line, tables: tuple[Table, ...] = ()) -> Page:
    return Page(number, 612, 792, PageSource.TEXT, lines, tables=tables)


@pytest.mark.requirement("READIN-10")
@pytest.mark.parametrize("failed", [True, False], ids=["failed", "unfinished"])
async def test_only_missing_pages_are_read_again(
    shell: Shell, tmp_path: Path, failed: bool
) -> None:
    file = tmp_path / "a.txt"
    file.write_text(INVOICE)
    kept = page(1, Line(1, "as it was read the first time"))
    document = await stored(shell, file, [kept], failed=failed)

    ran = await anyio.to_thread.run_sync(shell, "retry")
    read = await anyio.to_thread.run_sync(shell, "read", "a.txt")

    assert (ran.code, ran.err) == (0, "")
    assert ran.rows == [[document.id, "ocr_complete", "2", "a.txt"]]
    assert read.out.splitlines() == [
        "--- page 1/2 ---",
        "1| as it was read the first time",
        "--- page 2/2 ---",
        "1| Page two",
        "2| Net total  43.50",
        "3| Tax 20 %  8.70",
        "4| Total due  52.20",
    ]


@pytest.mark.requirement("READIN-10")
async def test_the_engine_is_asked_for_nothing_that_is_there(tmp_path: Path) -> None:
    engine = PlainEngine(gates={3: anyio.Event()})
    (tmp_path / "a.txt").write_text("one\ftwo\fthree")
    read: list[Document] = []
    async with running_with(Settings(data_dir=tmp_path / "data"), engine) as app:
        workspace = await workspace_of(app)
        piece = Source(tmp_path / "a.txt", "a.txt").into(workspace)
        with bars(1) as watched:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(reading_in.read, workspace, piece, watched, read.append)
                await anyio.wait_all_tasks_blocked()
                while len(engine.asked) < 2:
                    await anyio.lowlevel.checkpoint()
                tasks.cancel_scope.cancel()  # as Ctrl-C does
            engine.gates[3].set()
            await reading_in.read(workspace, piece, watched, read.append)

    assert engine.asked == [1, 2, 3]
    assert [(one.status.value, one.pages_done) for one in read] == [("ocr_complete", 3)]


@pytest.mark.requirement("READIN-10")
def test_named_documents_are_tried_again_and_others_are_not(shell: Shell, tmp_path: Path) -> None:
    for name in ("one.pdf", "two.pdf"):
        (tmp_path / name).write_bytes(b"%PDF-1.7 nothing else, " + name.encode())
    first = shell("add", tmp_path / "one.pdf", tmp_path / "two.pdf")
    ids = {row[3]: row[0] for row in first.rows}

    ran = shell("retry", ids["two.pdf"])
    named = shell("retry", "one.pdf")
    every = shell("retry")

    assert (ran.code, named.code, every.code) == (1, 1, 1)
    assert ran.rows == [[ids["two.pdf"], "failed", "0", "two.pdf"]]
    assert ran.err.startswith("error: two.pdf: the file is damaged")
    assert [row[3] for row in named.rows] == ["one.pdf"]
    assert sorted(row[3] for row in every.rows) == ["one.pdf", "two.pdf"]


@pytest.mark.requirement("READIN-10")
def test_where_nothing_failed_there_is_nothing_to_try_again(worked: Shell) -> None:
    ran = worked("retry", "--stack", "paper")

    assert (ran.code, ran.out, ran.err) == (0, "", "There is nothing to try again.\n")


@pytest.mark.requirement("READIN-18")
def test_a_document_is_read_anew_the_way_that_is_set_now(shell: Shell, tmp_path: Path) -> None:
    scan("Amount due 74.50 EUR").save(tmp_path / "scan.png")
    shell("add", "--ocr", "never", tmp_path / "scan.png")

    left = shell("retry", "scan.png")
    ran = shell("retry", "--again", "scan.png")
    read = shell("read", "scan.png")

    assert (left.code, left.out) == (0, "")
    assert "with --again they are read anew" in left.err
    assert (ran.code, ran.err) == (0, "")
    assert ran.rows[0][1:] == ["ocr_complete", "1", "scan.png"]
    assert "74.50" in read.out


@pytest.mark.requirement("READIN-18")
def test_only_named_documents_are_read_anew(shell: Shell) -> None:
    ran = shell("retry", "--again")

    assert (ran.code, ran.out) == (2, "")
    assert "--again needs the documents" in ran.err


@pytest.mark.requirement("READIN-10")
async def test_a_document_whose_reader_died_is_waited_for(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text(INVOICE)
    document = await stored(shell, file, [])
    async with running(Settings(data_dir=shell.data)) as app:
        store = (await workspace_of(app)).store
        assert await store.claim(document.id, "dead", now() + timedelta(seconds=4))

    ran = await anyio.to_thread.run_sync(shell, "retry")

    assert (ran.code, ran.err) == (0, "")
    assert ran.rows == [[document.id, "ocr_complete", "2", "a.txt"]]


@pytest.mark.requirement("READIN-10")
def test_a_document_that_is_not_there_is_refused_before_any_is_read(
    shell: Shell, tmp_path: Path
) -> None:
    (tmp_path / "one.pdf").write_bytes(b"%PDF-1.7 nothing else")
    shell("add", tmp_path / "one.pdf")

    ran = shell("retry", "one.pdf", "nothing.pdf")

    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("error: there is no document 'nothing.pdf' in the stack")


@pytest.mark.requirement("READIN-08")
async def test_what_is_attached_is_read_before_add_ends_and_has_lines_of_its_own(
    tmp_path: Path,
) -> None:
    (tmp_path / "a.txt").write_text("attach b.txt attach c.txt third\nattach same.txt third")
    read: list[Document] = []
    async with running_with(Settings(data_dir=tmp_path / "data"), PlainEngine()) as app:
        workspace = await workspace_of(app)
        piece = Source(tmp_path / "a.txt", "a.txt").into(workspace)
        with bars(1) as watched:
            await reading_in.read(workspace, piece, watched, read.append)

    names = [(one.filename, one.status.value) for one in read]
    assert names == [
        ("a.txt", "ocr_complete"),
        ("a.txt/b.txt", "ocr_complete"),
        ("a.txt/same.txt", "ocr_complete"),
    ]


@pytest.mark.requirement("READIN-11")
async def test_hidden_lines_are_marked_and_raw_text_is_safe_on_a_terminal(
    shell: Shell, tmp_path: Path
) -> None:
    file = tmp_path / "a.txt"
    file.write_text(INVOICE)
    lines = (
        Line(1, "Total 100.00 EUR", raw="Total \u202e00.001\u202c EUR\x1b[31m\U000e0041"),
        Line(2, "pay at once", hidden=True),
        Line(3, "Grüße, 合計"),
    )
    await stored(shell, file, [page(1, *lines)])

    plain = await anyio.to_thread.run_sync(shell, "read", "a.txt", "--pages", "1")
    raw = await anyio.to_thread.run_sync(shell, "read", "--raw", "a.txt")

    assert plain.out.splitlines() == [
        "--- page 1/2 --- hidden text (1 lines that no reader can see)",
        "1| Total 100.00 EUR",
        "2| (hidden) pay at once",
        "3| Grüße, 合計",
    ]
    assert raw.out.splitlines()[1] == (r"1| Total \u202e00.001\u202c EUR\x1b[31m\U000e0041")
    assert raw.out.splitlines()[2:] == plain.out.splitlines()[2:]
    assert (plain.err, raw.err) == ("", "Not read: 1 of the pages, from page 2 on.\n")


@pytest.mark.requirement("READIN-11")
async def test_tables_are_rows_with_their_page_and_number(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text(INVOICE)
    first = Table(((Cell("Item"), Cell("Amount")), (Cell("a\tb"), Cell("12.50"))))
    second = Table(((Cell("Both", columns=2), Cell("right")),))
    await stored(
        shell, file, [page(1, tables=(first,)), page(2, Line(1, "x"), tables=(first, second))]
    )

    ran = await anyio.to_thread.run_sync(shell, "read", "--tables", "a.txt")

    assert ran.rows == [
        ["1", "1", "Item", "Amount"],
        ["1", "1", "a\\x09b", "12.50"],
        ["2", "1", "Item", "Amount"],
        ["2", "1", "a\\x09b", "12.50"],
        ["2", "2", "Both", "", "right"],
    ]


@pytest.mark.requirement("READIN-11")
def test_chosen_pages_are_printed_and_nothing_counts_as_read(worked: Shell) -> None:
    ran = worked("read", "invoice.txt", "--pages", "2", "--stack", "paper")
    beyond = worked("read", "invoice.txt", "--pages", "3", "--stack", "paper")
    both = worked("read", "invoice.txt", "--raw", "--tables", "--stack", "paper")

    assert ran.out.splitlines()[:2] == ["--- page 2/2 ---", "1| Page two"]
    assert (beyond.code, beyond.err) == (1, "error: no page 3. The document has pages 1 to 2.\n")
    assert both.code == 2
    assert anyio.run(read_pages, worked) == []


async def read_pages(shell: Shell) -> list[int]:
    async with running(Settings(data_dir=shell.data, stack="paper")) as app:
        store = (await workspace_of(app)).store
        (document,) = await store.documents(limit=10)
        return [one.number for one in await store.outlines(document.id) if one.read]


@pytest.mark.requirement("READIN-13")
def test_a_name_that_two_documents_have_is_refused_with_their_ids(
    shell: Shell, tmp_path: Path
) -> None:
    ids = []
    for folder in ("2025", "2026"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "bill.txt").write_text(f"bill of {folder}")
        ids.append(shell("add", tmp_path / folder / "bill.txt").rows[0][0])

    ran = shell("read", "bill.txt")

    assert (ran.code, ran.out) == (2, "")
    assert "several documents are named 'bill.txt'" in ran.err
    assert all(one in ran.err for one in ids)
    assert "bill of 2025" in shell("read", ids[0]).out
    assert shell("read", "bill").code == 1


@pytest.mark.requirement("READIN-14")
async def test_what_a_service_charged_is_shown_with_its_stack(shell: Shell, tmp_path: Path) -> None:
    async def turn(_number: int) -> None:
        """Goes on at once."""

    (tmp_path / "a.txt").write_text("a")
    engine = PacedEngine(turn)
    async with running_with(Settings(data_dir=shell.data, stack="paid"), engine) as app:
        workspace = await workspace_of(app)
        with bars(1) as watched:
            piece = Source(tmp_path / "a.txt", "a.txt").into(workspace)
            await reading_in.read(workspace, piece, watched, lambda _document: None)

    ran = await anyio.to_thread.run_sync(shell, "stacks")

    assert ran.rows[0][5:] == ["billed", "folder", "id"]
    assert ran.rows[1][:-1] == ["paid", "0", "1", "0", "0", "3", ""]
