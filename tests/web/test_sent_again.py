"""One file sent again and again while it is read, and what is said of files that fail."""

import os
import re
import shutil
import subprocess
from functools import partial
from importlib import resources
from pathlib import Path

import anyio
import anyio.to_thread
import pytest

from stackdocs_mcp.core.binding import StackId
from stackdocs_mcp.core.model import DocumentStatus
from tests.server.harness import text_of
from tests.server.papers import FIELDS, INVOICE
from tests.web.sending import PDF_HEAD, kept, read
from tests.web.site import ALICE, Site, site

pytestmark = pytest.mark.anyio

SAMPLE = (resources.files("stackdocs_mcp.samples") / "invoice.pdf").read_bytes()
ROWS = [{"description": "Envelopes", "amount": 12.5}]


@pytest.mark.requirement("FILE-50")
async def test_a_file_that_is_sent_again_while_it_is_read_is_read_all_the_same(
    served: Site,
) -> None:
    stacks = [await served.stack(ALICE, f"stack {number}") for number in range(4)]

    async def send(stack: StackId) -> None:
        async with served.raw(served.bearer(ALICE, stack)) as http:
            answer = await http.post(f"/stacks/{stack}/documents?filename=a.pdf", content=SAMPLE)
        assert answer.status_code in (200, 201)

    await send(stacks[0])
    (first,) = kept(served)
    with first.open("rb") as reading:  # as a parser does, which may open this file and no other
        async with anyio.create_task_group() as tasks:
            for stack in stacks * 4:
                tasks.start_soon(send, stack)
        for stack in stacks:
            assert (await read(served, ALICE, stack)).status is DocumentStatus.OCR_COMPLETE
        assert os.fstat(reading.fileno()).st_nlink == 1, "it is no file any more"

    assert kept(served) == [first]


@pytest.mark.requirement("FILE-53")
async def test_a_document_that_fails_is_one_line_of_the_log_without_its_name(
    served: Site, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG", "stackdocs_mcp.workspace.intake")
    stack = await served.stack(ALICE)
    async with served.raw(served.bearer(ALICE, stack)) as http:
        where = f"/stacks/{stack}/documents"
        broken = await http.post(where + "?filename=secret.pdf", content=PDF_HEAD + b"hidden")
        failed = await read(served, ALICE, stack)
    other = await served.stack(ALICE, "other")
    async with served.raw(served.bearer(ALICE, other)) as http:
        await http.post(f"/stacks/{other}/documents?filename=a.txt", content=INVOICE.encode())
    good = await read(served, ALICE, other)

    assert broken.json()["document"]["id"] == failed.id
    said = [(one.levelname, one.getMessage()) for one in caplog.records if "intake" in one.name]
    assert said == [
        ("WARNING", f"document {failed.id} could not be read: damaged, after 0 of 0 pages"),
        ("DEBUG", f"document {good.id} was read: 2 pages"),
    ]


@pytest.mark.requirement("FILE-54")
@pytest.mark.requirement("FILE-58")
async def test_a_document_that_may_be_read_another_time_says_what_tries_again(
    tmp_path: Path,
) -> None:
    async with site(tmp_path, quota_pages=1) as served:
        stack = await served.stack(ALICE)
        async with served.raw(served.bearer(ALICE, stack)) as http:
            where = f"/stacks/{stack}/documents"
            await http.post(where + "?filename=a.txt", content=INVOICE.encode())
            await read(served, ALICE, stack)
            async with served.client(ALICE, stack) as session:
                (waiting,) = (await session.data("list_documents"))["documents"]
        other = await served.stack(ALICE, "other")
        async with served.raw(served.bearer(ALICE, other)) as http:
            where = f"/stacks/{other}/documents"
            await http.post(where + "?filename=a.pdf", content=PDF_HEAD + b"nothing")
            await read(served, ALICE, other)
            async with served.client(ALICE, other) as session:
                (damaged,) = (await session.data("list_documents"))["documents"]

    assert waiting["error"] == (
        "the quota of 1 page a month has 1 left, and this needs 2. No month has as many: ask "
        "whoever runs the server for a higher quota, then try again. "
        "Adding the same file again tries again."
    )
    assert damaged["error"].startswith("the file is damaged or incomplete. ")
    assert "tries again" not in damaged["error"]


@pytest.mark.requirement("FILE-55")
@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl")
async def test_the_command_for_a_link_shows_why_it_was_refused(
    served: Site, tmp_path: Path
) -> None:
    stack = await served.stack(ALICE)
    (tmp_path / "a.txt").write_text("a longer text than announced")
    async with served.client(ALICE, stack) as session:
        result = await session.call("add_document", filename="a.txt", size=3)
    command = text_of(result).removeprefix("send the bytes: ").split()
    run = partial(subprocess.run, capture_output=True, text=True, cwd=tmp_path, check=False)

    ran = await anyio.to_thread.run_sync(run, ["curl", "-s", *command[1:]])

    assert ran.returncode == 22
    assert "size_differs" in ran.stdout


@pytest.mark.requirement("FILE-56")
async def test_a_link_to_an_export_says_which_lists_are_apart(served: Site) -> None:
    stack = await served.stack(ALICE)
    async with served.raw(served.bearer(ALICE, stack)) as http:
        await http.post(f"/stacks/{stack}/documents?filename=a.txt", content=INVOICE.encode())
    document = (await read(served, ALICE, stack)).id
    fields = [*FIELDS, {"path": "line_items", "value": ROWS}]
    async with served.client(ALICE, stack) as session:
        await session.data("set_fields", document_id=document, fields=fields)
        table = await session.call("export", format="csv")
        whole = await session.call("export", format="json")

    assert table.structured_content is not None
    assert table.structured_content["lists"] == ["line_items"]
    assert re.search(r"; rows of line_items are files of their own in its zip$", text_of(table))
    assert text_of(table).startswith("1 document, for one download")
    assert whole.structured_content is not None
    assert "lists" not in whole.structured_content


@pytest.mark.requirement("FILE-57")
async def test_a_limit_is_said_in_megabytes_with_its_setting(tmp_path: Path) -> None:
    async with site(tmp_path, max_file_mb=1) as served:
        stack = await served.stack(ALICE)
        async with served.raw(served.bearer(ALICE, stack)) as http:
            sent = await http.post(
                f"/stacks/{stack}/documents?filename=a.txt", content=b"a" * ((1 << 20) + 1)
            )
        async with served.client(ALICE, stack) as session:
            offered = await session.refusal("add_document", filename="a.txt", size=2 << 20)

    error = sent.json()["error"]
    assert error["message"] == "the file has more than 1 MB"
    assert "--max-file-mb" in error["advice"]
    assert "the file has more than 1 MB" in offered
    assert "--max-file-mb" in offered
