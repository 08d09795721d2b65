"""The run itself, with the SDK that is installed here, and with programs that do not work."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.clients.product import Place, prepared
from tests.clients.registry import BOTH, CLIENTS, MODERN, Client, Transport
from tests.clients.running import Installed, run
from tests.clients.work import NEEDED, STEPS, Call, Done, Seen, Wrong, work

HERE = Installed(Path(sys.executable), None)
DOCUMENT = "11111111-1111-4111-8111-111111111111"
LIAR = """\
import json, sys
ANSWERS = {
    "list_documents": "1 document: 11111111-1111-4111-8111-111111111111",
    "read_ocr": "<untrusted> 4| Total due end of document, or list_documents",
    "set_field": "accepted, verified",
    "complete": "completed",
}
sys.stdin.readline()
said = {"tools": list(ANSWERS)}
while True:
    print(json.dumps(said), flush=True)
    asked = sys.stdin.readline()
    if not asked.strip():
        break
    said = {"seen": ANSWERS[json.loads(asked)["tool"]], "failed": False}
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return prepared(tmp_path_factory.mktemp("product"))


@pytest.mark.requirement("CLIENT-03")
@pytest.mark.parametrize("transport", BOTH)
async def test_a_client_that_works_leaves_a_verified_value_under_its_own_name(
    place: Place, transport: Transport, tmp_path: Path
) -> None:
    (client,) = (one for one in CLIENTS if one.name == "mcp-2")

    row = await run(client, transport, HERE, place, tmp_path)

    assert (row.failure, row.steps, row.kept) == ("", list(STEPS), True)
    assert (row.protocol, row.by) == (MODERN, "agent mcp 0.1.0")
    assert (row.asked["tools/call"], row.refusals) == (len(STEPS), {})


@pytest.mark.requirement("CLIENT-04")
async def test_a_client_that_writes_nothing_is_found_out_by_the_store(
    place: Place, tmp_path: Path
) -> None:
    program = tmp_path / "liar.py"
    program.write_text(LIAR, "utf-8")
    liar = Client("liar", ("liar==1.0",), str(program), MODERN)

    row = await run(liar, "http", HERE, place, tmp_path)

    assert row.steps == list(STEPS)
    assert not row.kept
    assert row.failure.startswith("the store does not hold")


@pytest.mark.requirement("CLIENT-04")
async def test_a_client_that_breaks_has_its_last_words_in_its_row(
    place: Place, tmp_path: Path
) -> None:
    program = tmp_path / "broken.py"
    program.write_text("raise SystemExit('no such thing')", "utf-8")
    broken = Client("broken", ("broken==1.0",), str(program), MODERN)

    row = await run(broken, "stdio", HERE, place, tmp_path)

    assert row.failure == "it ended with 1 | no such thing"


GOOD = {
    "list_documents": f"1 document: {DOCUMENT} ocr_complete",
    "read_ocr": "<untrusted-1>\n4| Total due: 1,234.56 EUR\n</untrusted-1>\nend of document",
    "nothing": "no document. Call list_documents.",
    "set_field": "total: accepted, verified, page 1 line 4",
    "complete": '{"completed": true}',
}
BAD = {
    "list_documents": "0 documents",
    "read_ocr": "<untrusted-1>\n1| something else\n</untrusted-1>\nend of document",
    "nothing": "Internal error",
    "set_field": "total: accepted with warning, not found",
    "complete": "not completed: required_missing: 'total' is missing",
}


def done_with(answers: dict[str, str]) -> list[str]:
    """The steps that these answers lead to."""
    done = Done()
    calls = work(sorted(NEEDED), done)

    def answer(call: Call) -> Seen:
        known = call.arguments.get("document_id", DOCUMENT) == DOCUMENT
        return Seen(answers[call.tool if known else "nothing"])

    with pytest.raises((StopIteration, Wrong)):  # noqa: PT012  one of the two ends any work
        call = next(calls)
        while True:
            call = calls.send(answer(call))
    return done.steps


@pytest.mark.requirement("CLIENT-05")
def test_answers_that_serve_lead_to_the_end() -> None:
    assert done_with(GOOD) == list(STEPS)


@pytest.mark.requirement("CLIENT-05")
@pytest.mark.parametrize("step", range(len(STEPS)), ids=STEPS)
def test_an_answer_that_does_not_serve_ends_the_work_at_its_step(step: int) -> None:
    name = list(GOOD)[step]

    assert done_with({**GOOD, name: BAD[name]}) == list(STEPS[:step])


@pytest.mark.requirement("CLIENT-05")
def test_a_tool_that_is_not_offered_is_named() -> None:
    with pytest.raises(Wrong, match="complete"):
        next(work(sorted(NEEDED - {"complete"}), Done()))


@pytest.mark.requirement("CLIENT-06")
def test_the_command_fails_when_a_client_cannot_be_installed(tmp_path: Path) -> None:
    # No uv and no cache: nothing can be installed, and nothing is there.
    there = {**os.environ, "PATH": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)}
    command = [sys.executable, "-m", "tests.clients", "chuk-mcp", "--over", "http", "--json"]

    ran = subprocess.run(
        command, env=there, capture_output=True, encoding="utf-8", check=False, timeout=120
    )

    assert ran.returncode == 1
    assert "uv could not be run" in ran.stdout
