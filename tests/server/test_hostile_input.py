"""Bad input, row by row: a clear answer, nothing else changed, on every transport in both eras."""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.conftest import promises
from tests.server.harness import Era, Session
from tests.server.hostile import CALLS, ELSEWHERE, LINES, ROWS, SCHEMA, Call, Row
from tests.server.papers import INVOICE
from tests.server.raw import Raw

MOST = 60_000
"""Characters of an answer: a model's context is paid for."""
FOREIGN = re.compile(
    r"Traceback|Exception|\w+Error\b|[Ii]nternal error|fault in this server"
    r"|pydantic|sqlite|jsonschema|/home|/usr|/tmp|0x[0-9a-f]{6,}"
)
HELD = {"name": "held", "rows": [1, 2]}
MESSAGE_ERRORS = {-32700, -32600}


def sound(answer: dict[str, Any]) -> None:
    """The answer to a message is bounded, and what it says is printable and in our words alone."""
    assert len(json.dumps(answer)) < MOST
    said = list(sayings(answer))
    assert said
    for text in said:
        assert not FOREIGN.search(text), text[:400]
        assert text.replace("\n", "").isprintable(), ascii(text)[:400]


def sayings(node: object) -> Iterator[str]:
    """Every text in it that speaks to a client: summaries, messages, advice."""
    if isinstance(node, dict):
        yield from (node[name] for name in ("text", "message", "advice") if name in node)
    for child in _children(node):
        yield from sayings(child)


def _children(node: object) -> Iterable[object]:
    if isinstance(node, dict):
        return node.values()
    return node if isinstance(node, list) else ()


def advised(result: dict[str, Any]) -> None:
    """The refusal is a sentence about what is wrong, and another about what to do."""
    assert result["isError"]
    (block,) = result["content"]
    assert re.fullmatch(r"\S.+\. \S.+", block["text"]), block["text"]


def rejected(outcome: dict[str, Any]) -> None:
    assert outcome["outcome"] == "rejected", outcome
    assert outcome["changed"] is False
    error = outcome["error"]
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", error["code"])
    assert error["message"]
    assert error["advice"]


@dataclass
class Spoken:
    """A server process with one document, of which some fields are set."""

    raw: Raw
    document: str
    writes: int = 0

    def state(self) -> object:
        """The document as it is, fields and revision, and the stack's schema."""
        extraction = self.raw.call("read_extraction", document_id=self.document)
        return [extraction["structuredContent"], self.raw.call("get_schema")]

    def entry(self, row: Row) -> bytes:
        text = f'{{"path":{row.path},"value":{row.value}}}'
        return text.encode("utf-8", "surrogatepass")

    def set_field(self, row: Row) -> dict[str, Any]:
        own = f'{{"document_id":"{self.document}",'.encode()
        return self.raw.say("set_field", own + self.entry(row)[1:])

    def set_fields(self, row: Row) -> tuple[str, dict[str, Any]]:
        """The row between two good fields; what they are set to, and the answer."""
        self.writes += 1
        good = f"good {self.writes}"
        first, last = (
            json.dumps({"path": path, "value": good}).encode() for path in ("first", "last")
        )
        fields = b",".join([first, self.entry(row), last])
        arguments = f'{{"document_id":"{self.document}","fields":['.encode() + fields + b"]}"
        return good, self.raw.say("set_fields", arguments)


@pytest.fixture(scope="module", params=["2026-07-28", "legacy"])
def spoken(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Spoken]:
    era: Era = request.param
    folder = tmp_path_factory.mktemp("hostile")
    raw = Raw(folder, era=era, errors=folder / "errors")
    (raw.files / "invoice.txt").write_text(INVOICE)
    raw.call("set_schema", schema=SCHEMA)
    added = raw.call("add_document", path="invoice.txt")
    document = added["structuredContent"]["document"]["id"]
    raw.call("set_field", document_id=document, path="held", value=HELD)
    yield Spoken(raw, document)
    raw.end()
    errors = (folder / "errors").read_text()
    assert "Traceback" not in errors
    assert " error " not in errors


@pytest.mark.requirement("INPUT-02")
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_bad_write_is_answered_and_changes_nothing(spoken: Spoken, row: Row) -> None:
    before = spoken.state()

    answer = spoken.set_field(row)

    sound(answer)
    if row.good == "no message":
        assert answer["error"]["code"] in MESSAGE_ERRORS
        assert answer["error"]["message"]
        assert spoken.state() == before
        return
    result = answer["result"]
    if result["isError"]:
        advised(result)
    elif row.good == "rejected" or result["structuredContent"]["outcome"] == "rejected":
        rejected(result["structuredContent"])
    if row.good == "rejected" or result["isError"] or not result["structuredContent"]["changed"]:
        assert row.good != "kept"
        assert spoken.state() == before
        return
    path = result["structuredContent"]["path"]
    assert result["structuredContent"]["value"] == row.kept
    fields = spoken.state()[0]["fields"]  # type: ignore[index]
    assert row.kept in [field["value"] for field in fields if field["path"] == path]
    spoken.raw.call("delete_field", document_id=spoken.document, path=path)


@pytest.mark.requirement("INPUT-02")
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_bad_field_loses_no_other_of_its_call(spoken: Spoken, row: Row) -> None:
    before = spoken.state()

    good, answer = spoken.set_fields(row)

    sound(answer)
    if row.good == "no message":
        assert answer["error"]["code"] in MESSAGE_ERRORS
        assert spoken.state() == before
        return
    first, bad, last = answer["result"]["structuredContent"]["results"]
    assert (first["value"], last["value"]) == (good, good)
    assert (first["changed"], last["changed"]) == (True, True)
    if row.good == "rejected":
        rejected(bad)
    if bad["outcome"] != "rejected":
        spoken.raw.call("delete_field", document_id=spoken.document, path=bad["path"])
    assert _others(spoken.state()) == _others(before)


def _others(state: Any) -> object:
    """The state without what the good fields are, and without the revision that they made."""
    extraction, schema = state
    fields = [one for one in extraction["fields"] if one["path"] not in ("first", "last")]
    return [fields, extraction["missing"], extraction["status"], schema]


@pytest.mark.requirement("INPUT-03")
@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.name)
def test_a_bad_argument_is_refused_with_advice_and_changes_nothing(
    spoken: Spoken, call: Call
) -> None:
    before = spoken.state()

    answer = spoken.raw.say(call.tool, json.dumps(call.of(spoken.document)).encode())

    sound(answer)
    assert "result" in answer, answer
    if call.refused:
        advised(answer["result"])
    assert spoken.state() == before


@pytest.mark.requirement("INPUT-12")
@pytest.mark.parametrize("line", LINES, ids=lambda line: ascii(line[:60]))
def test_a_line_that_is_no_request_ends_nothing_and_changes_nothing(
    spoken: Spoken, line: bytes
) -> None:
    before = spoken.state()
    spoken.raw.send(line)
    spoken.raw.ids += 1
    own = {"jsonrpc": "2.0", "id": spoken.raw.ids, "method": "tools/list"}
    spoken.raw.send(json.dumps({**own, "params": spoken.raw.meta}).encode())

    answers = [spoken.raw.receive()]
    while answers[-1].get("id") != spoken.raw.ids:
        answers.append(spoken.raw.receive())
    assert len(answers) <= 2
    assert answers.pop()["result"]["tools"]
    for answer in answers:
        if "error" in answer:  # an odd id is no fault of the request: it may be answered
            sound(answer)
            assert answer["error"]["code"] != -32603
    assert spoken.state() == before


@pytest.mark.requirement("INPUT-04")
@pytest.mark.anyio
async def test_a_client_library_is_answered_alike(any_session: Session) -> None:
    session = any_session
    await session.data("set_schema", schema=SCHEMA)
    document = await session.add("invoice.txt", INVOICE)
    await session.data("set_field", document_id=document, path="held", value=HELD)
    before = await session.data("read_extraction", document_id=document)
    wrong: list[str] = []
    for row in ROWS:
        if row.good == "no message" or "1e999" in row.value:  # the library makes null of Infinity
            continue
        if len(row.value) > 100_000:  # what is long is no different from what is long on a line
            continue
        path, value = row.sent
        result = await session.call("set_field", document_id=document, path=path, value=value)
        sound(result.model_dump(mode="json"))
        outcome = result.structured_content or {}
        if result.is_error or outcome["outcome"] == "rejected":
            if row.good == "kept":
                wrong.append(row.name)
            if outcome:
                rejected(outcome)
        elif row.good == "rejected" or outcome["value"] != row.kept:
            wrong.append(row.name)
        else:
            await session.data("delete_field", document_id=document, path=outcome["path"])
        after = await session.data("read_extraction", document_id=document)
        if after["fields"] != before["fields"]:
            wrong.append(f"{row.name} changed something")

    assert wrong == []


@pytest.mark.requirement("INPUT-01")
def test_every_case_of_the_list_has_a_row_or_is_named_elsewhere() -> None:
    cases = {f"I{number:02}" for number in range(1, 23)}

    assert {row.case for row in ROWS} | {call.case for call in CALLS} | ELSEWHERE.keys() == cases
    named = {one for text in ELSEWHERE.values() for one in re.findall(r"[A-Z]+-\d+", text)}
    assert named <= promises().keys()
