"""Every tool with whatever its own input schema allows, and with what it does not."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings as bounded, strategies as st

from stackdocs_mcp.tools import TOOLS
from stackdocs_mcp.tools.listing import listed
from tests.server.arguments import JSON, TEXT as TEXTS, Hints, spoilt, valid
from tests.server.harness import Era
from tests.server.hostile import SCHEMA
from tests.server.raw import Raw
from tests.server.test_hostile_input import sound

TEXT, NAME, HIDDEN = "CANARYTEXT", "CANARYNAME", "CANARYHIDDEN"
"""What stands in the documents, in their names and those of attachments, and out of sight."""
ATTACHED = f"{NAME} attached"

_PAGE = {"evidence.quote", "untrusted.snippet", "untrusted.content", "value"}
_NAMED = {f"{one}.filename" for one in ("documents", "document", "attachments", "hits")}
PLACES = {TEXT: _PAGE, NAME: _PAGE | _NAMED, HIDDEN: set[str]()}
"""Where in an answer such words may stand: the quote of evidence is what the page has at the place,
a value is what the client has sent, a file name is one, and what is untrusted says so. A mail's
page has the names of what is attached to it."""

FENCE = re.compile(r"<untrusted-([0-9a-f]{16})>.*</untrusted-\1>", re.DOTALL)


NAMES = ["string", "number", "integer", "boolean", "null", "array", "object"]
KEYWORDS: dict[str, st.SearchStrategy[Any]] = {
    "type": st.sampled_from(NAMES) | st.lists(st.sampled_from(NAMES), min_size=1, unique=True),
    "title": TEXTS | JSON,
    "enum": st.lists(JSON, min_size=1, unique_by=repr),
    "const": JSON,
    "pattern": TEXTS,
    "minimum": st.floats(-1e300, 1e300) | st.integers(),
    "multipleOf": st.floats(1e-300, 1e300),
    "minLength": st.integers(0, 2**70),
    "format": st.sampled_from(["date", "date-time", "time", "email", "regex", "none"]),
    "items": st.fixed_dictionaries({}, optional={"type": st.sampled_from(NAMES)}),
    "uniqueItems": st.booleans(),
    "properties": st.dictionaries(TEXTS, st.booleans() | st.just({})),
    "required": st.lists(TEXTS, unique=True),
    "$ref": st.sampled_from(["#", "#/properties/probe", "#/properties/amount", "#/$defs/x"]),
    "allOf": st.lists(st.sampled_from([{"$ref": "#"}, {"type": "string"}, True]), min_size=1),
    "x-evidence": st.sampled_from(["require", "warn", "off", "derived"]),
    "x-synonyms": JSON,
    "x-rules": JSON,
}
FIELD = st.sets(st.sampled_from(sorted(KEYWORDS)), max_size=3).flatmap(
    lambda names: st.fixed_dictionaries({name: KEYWORDS[name] for name in names})
)
"""What a schema says of a field: few keywords, so that most of them are allowed together."""


@dataclass
class Target:
    """A server with documents full of canaries, and what a caller could know of it."""

    raw: Raw
    documents: list[str]
    """Those that could be read come first."""
    errors: Path

    @property
    def names(self) -> list[str]:
        return sorted(file.name for file in self.raw.files.iterdir())

    def hints(self, tool: str) -> Hints:
        lines = [f"{TEXT} total 52.20", f"{TEXT} vendor", f"{TEXT}", "52.20", "2026-03-05"]
        paths = ["probe", "amount", "day", "rows[0]", "party.name", "probe.a[3]", "/probe/b", "x"]
        return {
            "document_id": st.sampled_from(self.documents),
            "path": st.sampled_from(self.names if tool == "add_document" else paths),
            "value": st.sampled_from([*lines, 52.2, True, None, ["52.20"], {"name": lines[1]}]),
            "quote": st.sampled_from(lines),
            "query": st.sampled_from([*lines, "total"]),
            "pages": st.sampled_from(["1", "1-2", "2,1"]),
            "page": st.integers(1, 3),
            "lines": st.integers(1, 5),
            "change_id": st.sampled_from(["1-1", "2-1"]),
            "expected_revision": st.integers(0, 20),
            "acknowledge": st.just(["page_unread", "evidence_unverified"]),
            "schema": st.sampled_from([None, SCHEMA]) | st.builds(_schema, FIELD | JSON),
        }


def _schema(field: Any) -> dict[str, Any]:
    return {"type": "object", "properties": {"probe": field, "amount": {"type": "number"}}}


def _papers(folder: Path) -> None:
    body = f"{TEXT} vendor\n{TEXT} total 52.20\nDate: 2026-03-05 {TEXT}\n"
    (folder / f"{NAME} one.txt").write_text(f"{body}\f{TEXT} page two 17")
    (folder / f"{NAME} two.html").write_text(
        f"<html><head><title>{HIDDEN}</title></head><body><p>{TEXT} total 52.20</p>"
        f"<p style='display:none'>{HIDDEN} total 52.20</p><!-- {HIDDEN} --></body></html>"
    )
    mail = EmailMessage()
    mail["Subject"] = f"{TEXT} subject"
    mail["X-Note"] = HIDDEN
    mail.set_content(body)
    mail.add_attachment(body.encode(), "text", "plain", filename=f"{ATTACHED}.txt")
    (folder / f"{NAME} three.eml").write_bytes(mail.as_bytes())
    (folder / f"{NAME} broken.pdf").write_text(f"%PDF-1.7 {TEXT}")
    (folder / f"{NAME} odd.docx").write_text(f"{TEXT} is no package")


@pytest.fixture(scope="module", params=["2026-07-28", "legacy"])
def target(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Target]:
    era: Era = request.param
    folder = tmp_path_factory.mktemp("fuzz")
    errors = folder / "errors"
    raw = Raw(folder, era=era, errors=errors, STACKDOCS_LOG_LEVEL="debug")
    _papers(raw.files)
    target = Target(raw, [], errors)
    for name in target.names:
        raw.call("add_document", path=name)
    found = raw.call("list_documents")["structuredContent"]["documents"]
    assert ATTACHED in str(found), "the attachment is a document too"
    found.sort(key=lambda one: one["status"] == "failed")
    target.documents += [one["id"] for one in found]
    yield target
    raw.end()


def _settings(examples: int) -> bounded:
    return bounded(
        max_examples=examples,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )


@pytest.mark.requirement("INPUT-07")
@pytest.mark.parametrize("tool", sorted(TOOLS))
@_settings(30)
@given(data=st.data())
def test_a_tool_answers_whatever_its_schema_allows(
    target: Target, tool: str, data: st.DataObject
) -> None:
    arguments = data.draw(valid(listed()[tool].input_schema, target.hints(tool)))

    _answers(target, tool, arguments)


@pytest.mark.requirement("INPUT-07")
@pytest.mark.parametrize("tool", sorted(TOOLS))
@_settings(20)
@given(data=st.data())
def test_a_tool_answers_what_its_schema_does_not_allow(
    target: Target, tool: str, data: st.DataObject
) -> None:
    arguments = data.draw(spoilt(listed()[tool].input_schema, target.hints(tool)))

    _answers(target, tool, arguments)


@pytest.mark.requirement("INPUT-07")
@_settings(80)
@given(field=FIELD, values=st.lists(JSON, max_size=3), path=st.sampled_from(["", "[0]", ".a"]))
def test_a_field_of_whatever_schema_is_written_read_and_exported(
    target: Target, field: Any, values: list[Any], path: str
) -> None:
    """A schema that is taken breaks nothing later: not a write, a reading, a table of results."""
    document = {"document_id": target.documents[0]}
    _answers(target, "set_schema", {"schema": _schema(field)})
    entries = [{"path": f"probe{path}", "value": one} for one in [*values, "52.20", "2026-03-05"]]
    _answers(target, "set_fields", {**document, "fields": entries})
    for tool in ("read_extraction", "complete"):
        _answers(target, tool, document)
    _answers(target, "get_schema", {})
    _answers(target, "export", {"format": "csv", "evidence": True})


def _answers(target: Target, tool: str, arguments: Any) -> None:
    answer = target.raw.say(tool, json.dumps(arguments).encode())

    if tool == "export":  # tells where its files are
        exports = json.dumps(str(target.raw.files.parent / "data" / "exports"))[1:-1]
        answer = json.loads(json.dumps(answer).replace(exports, "exports"))
    assert "result" in answer or not isinstance(arguments, dict), answer
    assert answer.get("error", {}).get("code", -32602) == -32602
    if tool != "read_ocr":
        sound(answer)
    trusted(answer)


@pytest.mark.requirement("INPUT-08")
def test_words_of_a_document_stand_where_they_are_told_to_be_untrusted(target: Target) -> None:
    """Every answer of the tests above is looked at too; here are those that have such words."""
    call = target.raw.call
    call("set_schema", schema=None, policy={"evidence": "warn"})
    seen = set[tuple[str, str]]()
    for document in target.documents:
        one = {"document_id": document}
        cited = {"page": 1, "quote": f"{TEXT} total 52.20"}
        answers = [
            call("read_ocr", **one),
            call("set_field", **one, path="cited", value="52.20", evidence=cited),
            call("set_field", **one, path="cited", value="53.20", evidence={"page": 1, "lines": 2}),
            call("set_field", **one, path="vendor", value=f"{TEXT} vendor"),
            call("set_field", **one, path="hidden", value=f"{HIDDEN[:-1]} total 52.20"),
            call("read_extraction", **one),
            call("complete", **one),
            call("undo", **one),
        ]
        for answer in answers:
            seen |= trusted(answer)
    for answer in [
        call("list_documents"),
        call("search_documents", query=f"{TEXT} total"),
        call("search_documents", query=HIDDEN),
        call("export", format="json", evidence=True),
        *(call("add_document", path=name) for name in target.names),
    ]:
        seen |= trusted(answer)

    assert {(TEXT, "evidence.quote"), (TEXT, "untrusted.snippet")} <= seen
    assert {(NAME, "documents.filename"), (NAME, "hits.filename")} <= seen


def trusted(answer: Any) -> set[tuple[str, str]]:
    """Which canaries stand at which places; fails for one at a place that is not for it."""
    found = set[tuple[str, str]]()
    for place, text in _texts(answer, ()):
        outside = FENCE.sub("", text)
        for canary, places in PLACES.items():
            if canary in outside:
                named = next((one for one in places if _ends(place, one)), None)
                assert named, (canary, place, text[:300])
                found.add((canary, named))
            assert HIDDEN not in text, place

    return found


def _ends(place: tuple[str, ...], wanted: str) -> bool:
    """Whether the keys to a text end with those that are wanted; in a value all is the client's."""
    return place[-2:] == tuple(wanted.split(".")) or (wanted == "value" and "value" in place)


def _texts(node: Any, place: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every text of an answer, keys too, with the keys that lead to it; rows have none."""
    if isinstance(node, str):
        yield place, node
    elif isinstance(node, dict):
        for key, child in node.items():
            yield place, key
            yield from _texts(child, (*place, key))
    elif isinstance(node, list):
        for child in node:
            yield from _texts(child, place)


@pytest.mark.requirement("INPUT-09")
def test_the_logs_of_all_that_hold_no_word_value_or_path_of_a_document(target: Target) -> None:
    target.raw.call("list_documents")

    logs = target.errors.read_text(errors="backslashreplace")

    assert "stackdocs_mcp" in logs, "there are logs to look at"
    for canary in (TEXT, NAME, HIDDEN, "52.20", str(target.raw.files)):
        assert canary not in logs
    for broken in ("Traceback", " error ", "broke"):
        assert broken not in logs
