"""Mistral OCR from the command line, against a service on the loopback: what is sent and paid."""

from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import anyio.to_thread
import pytest

from tests.cli.shell import Ran, Shell
from tests.ocr.mistral.conftest import sheets
from tests.ocr.mistral.service import KEY, OCR, SECRET, Service, running, status

pytestmark = pytest.mark.anyio


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    async with running() as one:
        yield one


async def run(shell: Shell, service: Service, *arguments: str | Path, ocr: str = "") -> Ran:
    """Run a command that has a key for the service."""
    env = {"MISTRAL_API_KEY": KEY, "STACKDOCS_MISTRAL_URL": service.url, "NO_PROXY": "*"}
    if ocr:
        env["STACKDOCS_OCR"] = ocr
    return await anyio.to_thread.run_sync(partial(shell, *arguments, env=env))


@pytest.mark.requirement("READIN-14")
async def test_only_pages_that_need_it_are_sent_and_paid_and_each_once(
    shell: Shell, service: Service, tmp_path: Path
) -> None:
    file = sheets(tmp_path / "a.pdf", "This page has a text of its own", 17, 18)

    first = await run(shell, service, "add", file, "--stack", "one", ocr="mistral")
    again = await run(shell, service, "add", file, "--stack", "two", ocr="mistral")
    stacks = await run(shell, service, "stacks")

    assert (first.code, first.err, again.code) == (0, "made the stack 'one'\n", 0)
    assert [row[1:] for row in first.rows + again.rows] == [["ocr_complete", "3", "a.pdf"]] * 2
    assert service.seen == [[17, 18]]
    assert [(row[0], row[5]) for row in stacks.rows[1:]] == [("one", "2"), ("two", "0")]
    assert service.files == {}


@pytest.mark.requirement("READIN-06")
async def test_the_choice_of_a_stack_counts_for_its_documents_alone(
    shell: Shell, service: Service, tmp_path: Path
) -> None:
    chosen = await run(shell, service, "ocr", "set", "mistral,always", "--stack", "far")

    far = await run(shell, service, "add", sheets(tmp_path / "a.pdf", 21), "--stack", "far")
    near = await run(
        shell, service, "add", sheets(tmp_path / "b.pdf", "Its own text"), "--stack", "near"
    )

    assert (chosen.code, chosen.err) == (
        0,
        "made the stack 'far'\nstack 'far': engine mistral, mode always, languages any\n",
    )
    assert (far.code, near.code) == (0, 0)
    assert service.seen == [[21]]


@pytest.mark.requirement("READIN-10")
async def test_what_the_service_refused_is_paid_when_it_is_tried_again(
    shell: Shell, service: Service, tmp_path: Path
) -> None:
    service.always[OCR] = status(401)
    failed = await run(shell, service, "add", sheets(tmp_path / "a.pdf", 31), ocr="mistral")
    service.always.clear()

    ran = await run(shell, service, "retry", ocr="mistral")
    stacks = await run(shell, service, "stacks")

    assert (failed.code, failed.rows[0][1]) == (1, "failed")
    assert "error: a.pdf: " in failed.err
    assert (ran.code, ran.rows[0][1]) == (0, "ocr_complete")
    assert stacks.rows[1][5] == "1"
    for secret in (KEY, SECRET):
        assert secret not in failed.out + failed.err
