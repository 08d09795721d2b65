"""Adding a document that takes a while: what a client is told, and what is attached."""

from pathlib import Path

import anyio
import pytest

from stackdocs_mcp.core.model import PageNote
from stackdocs_mcp.workspace import adding
from tests.server.engines import PlainEngine, running_with
from tests.server.harness import PATIENCE, Era, Session, client_of, in_memory, settings, text_of

pytestmark = pytest.mark.anyio

SECRET = "4711 Confidential Road"
Told = tuple[float, float | None, str | None]


@pytest.mark.requirement("READIN-07")
async def test_a_client_that_asks_is_told_the_pages_that_are_done(any_session: Session) -> None:
    (any_session.files / "three.txt").write_text(f"{SECRET}\ftwo\fthree")
    told: list[Told] = []
    last = anyio.Event()

    async def on_progress(progress: float, total: float | None, message: str | None) -> None:
        told.append((progress, total, message))
        if progress == total:
            last.set()

    path = {"path": str(any_session.files / "three.txt")}
    await any_session.client.call_tool("add_document", path, progress_callback=on_progress)
    with anyio.fail_after(PATIENCE):
        await last.wait()

    counts = [done for done, _, _ in told]
    assert counts == sorted(set(counts))
    assert told[-1] == (3.0, 3.0, "3 of 3 pages read")
    assert SECRET not in str(told)


@pytest.mark.requirement("READIN-07")
async def test_progress_comes_before_the_answer(era: Era, tmp_path: Path) -> None:
    """Each page is held back until the client has been told of the one before it."""
    engine = PlainEngine(gates={number: anyio.Event() for number in (2, 3)})
    told: list[Told] = []

    async def on_progress(progress: float, total: float | None, message: str | None) -> None:
        told.append((progress, total, message))
        if progress < 3:
            engine.gates[int(progress) + 1].set()

    chosen = settings(tmp_path)
    async with running_with(chosen, engine) as app, client_of(app, era) as session:
        (session.files / "three.txt").write_text("one\ftwo\fthree")
        answer = await session.client.call_tool(
            "add_document", {"path": "three.txt"}, progress_callback=on_progress
        )

    assert "ocr_complete, 3 pages" in text_of(answer)
    assert told == [(n, 3, f"{n} of 3 pages read") for n in (1, 2, 3)]


@pytest.mark.requirement("READIN-07")
async def test_a_second_call_for_a_document_that_is_being_read_is_told_as_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = PlainEngine(gates={number: anyio.Event() for number in (1, 2)})
    told: list[Told] = []

    async def on_progress(progress: float, total: float | None, message: str | None) -> None:
        told.append((progress, total, message))
        engine.gates[2].set()

    async with running_with(settings(tmp_path), engine) as app, client_of(app) as session:
        (session.files / "two.txt").write_text("one\ftwo")
        monkeypatch.setattr(adding, "PATIENCE_SECONDS", 0)
        first = await session.data("add_document", path="two.txt")
        monkeypatch.setattr(adding, "PATIENCE_SECONDS", PATIENCE)

        async def second() -> None:
            await session.client.call_tool(
                "add_document", {"path": "two.txt"}, progress_callback=on_progress
            )

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(second)
            await anyio.wait_all_tasks_blocked()
            engine.gates[1].set()

    assert first["document"]["status"] == "processing"
    assert [done for done, _, _ in told] == [1, 2]
    assert engine.asked == [1, 2]


@pytest.mark.requirement("READIN-07")
async def test_an_answer_does_not_wait_for_a_page_that_takes_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = PlainEngine(gates={2: anyio.Event()})
    monkeypatch.setattr(adding, "PATIENCE_SECONDS", 0.2)
    async with running_with(settings(tmp_path), engine) as app, client_of(app) as session:
        document = await session.add("two.txt", "one\ftwo")
        (listed,) = (await session.data("list_documents"))["documents"]
        engine.gates[2].set()

        with anyio.fail_after(PATIENCE):
            while "page 2/2" not in await read_or_refusal(session, document):
                await anyio.lowlevel.checkpoint()

    assert listed["status"] == "processing"
    assert listed["problems"] == ["being read: 1 of 2 pages done"]


async def read_or_refusal(session: Session, document: str) -> str:
    return text_of(await session.call("read_ocr", document_id=document))


@pytest.mark.requirement("READIN-08")
async def test_attachments_are_read_too_and_mentioned(tmp_path: Path) -> None:
    letter = "Dear all\nattach one.txt first\nattach inner.txt attach two.txt second\n"
    chosen = settings(tmp_path)
    async with running_with(chosen, PlainEngine()) as app, client_of(app) as session:
        (session.files / "letter.txt").write_text(letter)
        result = await session.call("add_document", path="letter.txt")
        again = await session.data("add_document", path="letter.txt")
        listed = (await session.data("list_documents"))["documents"]

    assert result.structured_content is not None
    attached = result.structured_content["attachments"]
    assert [one["filename"] for one in attached] == [
        "letter.txt/one.txt",
        "letter.txt/inner.txt",
        "letter.txt/inner.txt/two.txt",
    ]
    assert {one["status"] for one in listed} == {"ocr_complete"}
    assert f"attached to it: {attached[0]['id']} ocr_complete, 1 page" in text_of(result)
    assert "attachments" not in again


@pytest.mark.requirement("READIN-09")
@pytest.mark.parametrize(
    ("note", "said"),
    [
        ("contradicted", "hidden text (1 lines that the page as drawn contradicts, left out)"),
        ("unknown_script", "some lines are in a script that the OCR cannot read"),
        ("not_recognised", "not recognised: OCR is switched off"),
    ],
)
async def test_a_page_says_what_has_to_be_known_of_it(
    tmp_path: Path, note: PageNote, said: str
) -> None:
    engine = PlainEngine(notes=(note,))
    async with running_with(settings(tmp_path), engine) as app, client_of(app) as session:
        document = await session.add("paper.txt", "shown\nhidden other")
        text = await session.read(document, max_chars=500)

    header = next(line for line in text.splitlines() if line.startswith("--- page 1/1 ---"))
    assert said in header
    assert "1| shown" in text
    assert "other" not in text


@pytest.mark.requirement("READIN-09")
async def test_a_page_that_nothing_is_to_be_said_of_says_nothing(tmp_path: Path) -> None:
    async with in_memory(settings(tmp_path)) as session:
        text = await session.read(await session.add("paper.txt", "shown"))

    assert "\n--- page 1/1 ---\n" in text
