"""What is written is what is read back and exported, or it is refused with a code."""

import json
import re
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from hypothesis import HealthCheck, given, settings as bounded, strategies as st

from stackdocs_mcp.core.assembly import assemble
from stackdocs_mcp.core.binding import Actor
from stackdocs_mcp.core.model import DocumentId
from stackdocs_mcp.server.compose import running
from stackdocs_mcp.workspace import Workspace, adding, exporting, schemas, writing
from tests.server.arguments import JSON as SENDABLE
from tests.server.harness import Session, in_memory, over_stdio, settings
from tests.server.papers import INVOICE

TEXT = st.text(max_size=20) | st.text(
    st.characters(categories=["L", "M", "N", "P", "S", "Zs"]), max_size=20
)
"""The one with halves of pairs and controls, the other with what a page may show."""
NAMES = st.from_regex(r"[a-z]{1,5}", fullmatch=True) | TEXT
NUMBERS = (
    st.integers()
    | st.integers(-(10**110), 10**110)
    | st.floats()
    | st.decimals(-(10**9), 10**9, places=2)
    | st.decimals()
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)
FIELDS: dict[str, tuple[dict[str, Any], st.SearchStrategy[Any]]] = {
    "text": ({"type": "string"}, TEXT),
    "amount": ({"type": "number"}, NUMBERS),
    "count": ({"type": "integer"}, st.integers()),
    "day": ({"type": "string", "format": "date"}, st.dates().map(str)),
    "paid": ({"type": "boolean"}, st.booleans()),
    "kind": ({"enum": ["a", "b", 1, None]}, st.sampled_from(["a", "b", 1, None])),
    "rows": ({"type": "array", "items": {"type": ["number", "string"]}}, st.lists(NUMBERS | TEXT)),
    "party": (
        {"type": "object", "properties": {"name": {"type": "string"}, "id": {}}},
        st.fixed_dictionaries({}, optional={"name": TEXT, "id": VALUES}),
    ),
}
SCHEMA = {"type": "object", "properties": {name: one for name, (one, _) in FIELDS.items()}}


@dataclass
class Bench:
    """A workspace on the SQLite store with one document, called from outside of its event loop."""

    portal: BlockingPortal
    workspace: Workspace
    document: DocumentId

    def write(self, path: str, value: object) -> writing.Outcome:
        entry = writing.Entry(path, value)
        call = partial(writing.set_fields, dry_run=False)
        (outcome,) = self.portal.call(call, self.workspace, self.document, [entry])
        return outcome

    def set_schema(self, schema: dict[str, Any] | None) -> None:
        self.portal.call(schemas.set_schema, self.workspace, schema)

    def stored(self) -> dict[str, Any]:
        fields = self.portal.call(self.workspace.store.fields, self.document)
        return assemble((field.leaf.path, field.leaf.value) for field in fields)[0]

    def exported(self) -> Any:
        return fields_in(self.portal.call(exporting.export, self.workspace, "json").files[0])

    def clear(self) -> None:
        for name in self.stored():
            self.portal.call(writing.delete_field, self.workspace, self.document, name)


def fields_in(file: Path) -> Any:
    """The fields of the one document of an export, every digit of its numbers."""
    (record,) = json.loads(file.read_text("utf-8"), parse_float=Decimal)
    return record["fields"]


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    chosen = settings(tmp_path_factory.mktemp("bench"))
    (chosen.allowed[0] / "invoice.txt").write_text(INVOICE)
    with ExitStack() as open_:
        portal = open_.enter_context(start_blocking_portal())
        app = open_.enter_context(portal.wrap_async_context_manager(running(chosen)))
        workspace = app.workspace(portal.call(app.open_stack), Actor("agent"))
        added = portal.call(adding.add_document, workspace, "invoice.txt")
        yield Bench(portal, workspace, added.document.id)


def _settings(examples: int) -> bounded:
    return bounded(
        max_examples=examples, deadline=None, suppress_health_check=[HealthCheck.too_slow]
    )


def same(sent: Any, found: Any) -> bool:
    """Equal as JSON, digit by digit; texts in NFC, lines ending in line feeds."""
    if isinstance(sent, dict):
        members = {_text(name): member for name, member in sent.items()}
        return (
            isinstance(found, dict)
            and members.keys() == found.keys()
            and all(same(member, found[name]) for name, member in members.items())
        )
    if isinstance(sent, list):
        return (
            isinstance(found, list)
            and len(sent) == len(found)
            and all(map(same, sent, found))
        )  # fmt: skip
    if isinstance(sent, str):
        return bool(_text(sent) == found)
    if isinstance(sent, bool) or sent is None:
        return sent is found
    number = Decimal(repr(sent)) if isinstance(sent, float) else Decimal(sent)
    return not isinstance(found, bool) and isinstance(found, int | Decimal) and number == found


def _text(text: str) -> str:
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n"))


def refused(outcome: writing.Outcome) -> bool:
    """Whether it is, which is said by a code and in a sentence."""
    if outcome.error is None:
        return False
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", outcome.error.code)
    assert outcome.error.message
    assert outcome.error.advice
    return True


@pytest.mark.requirement("INPUT-05")
@_settings(150)
@given(VALUES)
def test_any_value_comes_back_exactly_or_is_refused(bench: Bench, value: Any) -> None:
    bench.set_schema(None)
    bench.clear()

    outcome = bench.write("probe", value)

    if refused(outcome):
        assert bench.stored() == {}
        return
    assert same(value, outcome.value)
    assert same(value, bench.stored()["probe"])
    assert same(value, bench.exported()["probe"])


@pytest.mark.requirement("INPUT-05")
@pytest.mark.parametrize("field", sorted(FIELDS))
@_settings(25)
@given(data=st.data())
def test_a_value_of_the_fields_type_comes_back_exactly_or_is_refused(
    bench: Bench, field: str, data: st.DataObject
) -> None:
    value = data.draw(FIELDS[field][1])
    bench.set_schema(SCHEMA)
    bench.clear()

    outcome = bench.write(field, value)

    if refused(outcome):
        assert bench.stored() == {}
        return
    assert same(value, bench.stored()[field])
    assert same(value, bench.exported()[field])


@pytest.mark.requirement("INPUT-05")
@_settings(100)
@given(field=st.sampled_from(sorted(FIELDS)), value=VALUES | TEXT)
def test_what_a_field_makes_of_any_value_fits_its_schema(
    bench: Bench, field: str, value: Any
) -> None:
    bench.set_schema(SCHEMA)
    bench.clear()

    outcome = bench.write(field, value)

    if refused(outcome):
        assert bench.stored() == {}
        return
    stored = bench.stored()
    _stack, schema = bench.portal.call(bench.workspace.stack)
    assert schema is not None
    assert schema.violations(stored) == []
    assert bench.exported() == stored


@pytest.fixture(scope="module", params=[in_memory, over_stdio])
def client(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Callable[..., dict[str, Any]], str]]:
    """A client's call from outside of its event loop, and the id of a document."""
    chosen = settings(tmp_path_factory.mktemp("client"))
    with ExitStack() as open_:
        portal = open_.enter_context(start_blocking_portal())
        connection = portal.wrap_async_context_manager(request.param(chosen))
        session: Session = open_.enter_context(connection)

        def call(tool: str, **arguments: Any) -> dict[str, Any]:
            return portal.call(partial(session.data, tool, **arguments))

        yield call, portal.call(session.add, "invoice.txt", INVOICE)


@pytest.mark.requirement("INPUT-06")
@pytest.mark.parametrize("schema", [None, SCHEMA], ids=["no schema", "schema"])
@_settings(25)
@given(data=st.data())
def test_what_a_client_writes_it_reads_back_in_text_and_in_data(
    client: tuple[Callable[..., dict[str, Any]], str],
    schema: dict[str, Any] | None,
    data: st.DataObject,
) -> None:
    call, document = client
    field = data.draw(st.sampled_from(sorted(FIELDS)))
    value = data.draw(SENDABLE)
    call("set_schema", schema=schema)
    for one in call("read_extraction", document_id=document)["fields"]:
        call("delete_field", document_id=document, path=one["path"])

    written = call("set_field", document_id=document, path=field, value=value)

    read = call("read_extraction", document_id=document)["fields"]
    fields = fields_in(Path(call("export", format="json")["files"][0]))
    if written["outcome"] == "rejected":
        assert written["error"]["code"]
        assert read == []
        assert fields == {}
        return
    if not written["changed"]:  # null where the schema takes none, which stores nothing
        assert written["value"] is None
        assert (read, fields) == ([], {})
        return
    if schema is None:
        assert same(value, fields[field])
    assert _said(fields[field]) == written["value"] == _joined(read, field)


def _said(value: Any) -> Any:
    """What stands in a file as a client is to be told it: digits where a double would lose some."""
    if isinstance(value, dict):
        return {name: _said(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_said(one) for one in value]
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return value
    near = json.loads(str(value))
    lossless = Decimal(repr(near)) == value and not (isinstance(near, int) and abs(near) > 2**53)
    return near if lossless else format(Decimal(value), "f")


def _joined(read: list[dict[str, Any]], field: str) -> Any:
    """The leaves that were read, as one value."""
    from stackdocs_mcp.core.paths import parse

    return assemble((parse(one["path"]), one["value"]) for one in read)[0][field]
