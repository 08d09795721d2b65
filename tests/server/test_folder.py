"""A folder as a stack, bad files in it, and reading that was cut off."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import pytest

from stackdocs_mcp.core.binding import Actor
from stackdocs_mcp.core.model import DocumentStatus, NewDocument
from stackdocs_mcp.server.compose import now, running
from stackdocs_mcp.settings import Settings
from stackdocs_mcp.workspace.intake import Job
from tests.server.harness import PATIENCE, Session, bound, client_of, over_stdio
from tests.server.papers import INVOICE

pytestmark = pytest.mark.anyio


def serving(folder: Path, tmp_path: Path) -> Settings:
    return Settings.model_validate({"data_dir": tmp_path / "data", "folder": folder})


async def listed_until(
    session: Session, enough: Callable[[list[dict[str, Any]]], bool]
) -> list[dict[str, Any]]:
    """The documents, once they are as expected; the session's own deadline ends the wait."""
    while True:
        documents: list[dict[str, Any]] = (await session.data("list_documents"))["documents"]
        if enough(documents):
            return documents
        await anyio.lowlevel.checkpoint()


def tree(folder: Path) -> dict[str, tuple[int, int]]:
    return {
        str(path.relative_to(folder)): (path.lstat().st_size, path.lstat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
    }


@pytest.mark.requirement("FOLDER-01")
async def test_a_folder_is_followed_and_never_written_to(tmp_path: Path) -> None:
    folder = tmp_path / "papers"
    (folder / "2026").mkdir(parents=True)
    (folder / "a.txt").write_text(INVOICE)
    (folder / "2026" / "b.txt").write_text("second paper")
    (folder / "notes.xyz").write_text("not supported")
    (folder / ".hidden.txt").write_text("hidden")
    (folder / "~$lock.docx").write_text("lock file of an editor")
    (tmp_path / "outside.txt").write_text("outside")
    (folder / "link.txt").symlink_to(tmp_path / "outside.txt")
    async with running(serving(folder, tmp_path)) as app, client_of(app) as session:
        before = tree(folder)
        ready = await listed_until(
            session, lambda found: [one["status"] for one in found] == ["ocr_complete"] * 2
        )
        assert {one["filename"] for one in ready} == {"a.txt", "2026/b.txt"}
        assert tree(folder) == before

        (folder / "c.txt").write_text("third paper")
        await listed_until(session, lambda found: "c.txt" in {one["filename"] for one in found})

        old = next(one["id"] for one in ready if one["filename"] == "a.txt")
        (folder / "a.txt").write_text("first paper, now in other words")
        changed = await listed_until(
            session, lambda found: sum(one["filename"] == "a.txt" for one in found) == 2
        )
        new = next(o["id"] for o in changed if o["filename"] == "a.txt" and o["id"] != old)
        superseded = await listed_until(
            session, lambda found: any(one["id"] == old and one["problems"] for one in found)
        )
        (problem,) = next(one["problems"] for one in superseded if one["id"] == old)
        assert new in problem
        assert "INV-2031" in await session.read(old), "what was extracted can still be checked"
        exported = await session.data("export", format="json")
        assert exported["documents"] == len(superseded) - 1, "no document counts twice"


@pytest.mark.requirement("FOLDER-01")
async def test_serving_the_folder_again_adds_nothing_twice(tmp_path: Path) -> None:
    folder = tmp_path / "papers"
    folder.mkdir()
    for number in range(3):
        (folder / f"{number}.txt").write_text(f"paper {number}")
    seen = []
    for _ in range(2):
        async with over_stdio(serving(folder, tmp_path)) as session:
            seen.append(
                await listed_until(
                    session, lambda found: [one["status"] for one in found] == ["ocr_complete"] * 3
                )
            )
    assert seen[0] == seen[1]


@pytest.mark.requirement("FOLDER-02")
async def test_a_bad_file_fails_alone_with_a_reason(session: Session) -> None:
    bad = {
        "truncated.pdf": b"%PDF-1.7\n1 0 obj\n<<",
        "liar.pdf": b"MZ\x90\x00 this is a program",
        "empty.txt": b"",
    }
    for name, content in bad.items():
        await session.add(name, content)
    good = await session.add("good.txt", INVOICE)

    documents = (await session.data("list_documents"))["documents"]

    by_name = {one["filename"]: one for one in documents}
    assert by_name["truncated.pdf"]["status"] == by_name["liar.pdf"]["status"] == "failed"
    assert by_name["truncated.pdf"]["error"]
    assert "PDF" in by_name["liar.pdf"]["error"], "what works is listed"
    message = await session.refusal("read_ocr", document_id=by_name["liar.pdf"]["id"])
    assert "could not be read" in message
    assert "INV-2031" in await session.read(good)


@pytest.mark.requirement("CRASH-01")
async def test_reading_that_was_cut_off_is_taken_up_by_the_next_process(tmp_path: Path) -> None:
    folder = tmp_path / "papers"
    folder.mkdir()
    settings = Settings.model_validate({"data_dir": tmp_path / "data", "allow": (folder,)})
    source = folder / "a.txt"
    source.write_text(INVOICE)
    async with running(settings) as app:
        workspace = await bound(app)
        sha256, size = await workspace.files.put(source, 1_000_000)
        cut_off, _new = await workspace.store.add_document(NewDocument("a.txt", sha256, size))
        assert cut_off.status is DocumentStatus.PROCESSING
    source.unlink()

    async with running(settings) as app, client_of(app) as session:
        (document,) = await listed_until(
            session, lambda found: found[0]["status"] == "ocr_complete"
        )
        assert "INV-2031" in await session.read(document["id"])


@pytest.mark.requirement("FOLDER-03")
async def test_nothing_that_becomes_of_a_folder_ends_the_server(tmp_path: Path) -> None:
    folder = tmp_path / "papers"
    folder.mkdir()
    bad = os.fsencode(folder) + b"/bad\xff.txt"
    with open(bad, "w") as file:  # noqa: ASYNC230, PTH123  a name that is no text
        file.write("nameless")
    async with over_stdio(serving(folder, tmp_path)) as session:
        (folder / "a.txt").write_text("first paper")
        await listed_until(session, lambda found: len(found) == 1)
        shutil.rmtree(folder)
        folder.mkdir()
        (folder / "b.txt").write_text("second paper")
        names = {
            one["filename"] for one in await listed_until(session, lambda found: len(found) == 2)
        }
    assert names == {"a.txt", "b.txt"}


@pytest.mark.requirement("CRASH-01")
async def test_a_process_that_ends_in_order_leaves_its_documents_to_the_next_at_once(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "papers"
    folder.mkdir()
    long = "\f".join(f"page {n}\n" + "word " * 2_000 for n in range(1_500))
    (folder / "long.txt").write_text(long)
    settings = Settings.model_validate({"data_dir": tmp_path / "data", "allow": (folder,)})
    async with running(settings) as app:
        workspace = await bound(app)
        sha256, size = await workspace.files.put(folder / "long.txt", 10**9)
        new, _ = await workspace.store.add_document(NewDocument("long.txt", sha256, size))
        app.shared.intake.start(Job(workspace.store, workspace.files, new.id))
        while await workspace.store.unclaimed(now(), limit=1):
            await anyio.lowlevel.checkpoint()

    async with running(settings) as app:
        (waiting,) = await (await bound(app)).store.unclaimed(now(), limit=10)
        assert waiting.id == new.id


@pytest.mark.requirement("CRASH-01")
async def test_a_store_that_fails_for_a_while_does_not_end_what_looks_for_waiting_documents(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings = Settings.model_validate({"data_dir": tmp_path / "data"})
    async with running(settings) as app:
        workspace = await bound(app)
        await app.store.close()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(app.shared.intake.resume, workspace.store, workspace.files)
            with anyio.fail_after(PATIENCE):
                while "store_failed" not in caplog.text:
                    await anyio.lowlevel.checkpoint()
            await anyio.wait_all_tasks_blocked()
            tasks.cancel_scope.cancel()  # it is there to be cancelled: it waits for better times


@pytest.mark.requirement("READIN-21")
async def test_no_file_name_acts_on_a_client_and_the_folder_knows_the_real_one(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "papers"
    folder.mkdir()
    name = "bill\n\x1b[31m\u202egnp\u2066\u200b\U000e0041\ufe0f \u00e9.txt"
    (folder / name).write_text("Amount due 74.50 EUR")
    async with running(serving(folder, tmp_path)) as app, client_of(app) as session:
        (document,) = await listed_until(
            session, lambda found: [one["status"] for one in found] == ["ocr_complete"]
        )
        texts = [
            await session.text("list_documents"),
            await session.text("search_documents", query="amount"),
            await session.text("read_ocr", document_id=document["id"]),
        ]
        workspace = app.workspace(await app.open_stack(), Actor("agent"))
        remembered = await workspace.store.folder_files()

    assert document["filename"] == "bill\ufffd\ufffd[31m\ufffdgnp" + "\ufffd" * 4 + " \u00e9.txt"
    assert set("\x1b\u202e\u2066\u200b\U000e0041\ufe0f") & set("".join(texts)) == set()
    assert [file.name for file in remembered] == [name]
