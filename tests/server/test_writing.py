"""Writing fields: types, evidence, batches, revisions, undo."""

import json
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from tests.server.harness import Session, text_of
from tests.server.papers import FIELDS, INVOICE, SCHEMA

pytestmark = pytest.mark.anyio


@pytest.fixture
async def document(session: Session) -> str:
    """The invoice, in a stack with the schema."""
    await session.data("set_schema", schema=SCHEMA)
    return await session.add("invoice.txt", INVOICE)


async def values(session: Session, document: str) -> dict[str, Any]:
    fields = (await session.data("read_extraction", document_id=document))["fields"]
    return {field["path"]: field["value"] for field in fields}


@pytest.mark.requirement("WRITE-01")
async def test_a_printed_value_is_typed_and_verified_on_its_line(
    session: Session, document: str
) -> None:
    written = await session.data(
        "set_field",
        document_id=document,
        path="total",
        value="52.20",
        evidence={"page": 2, "lines": [4]},
        confidence=0.9,
    )

    assert written["outcome"] == "accepted"
    assert written["value"] == 52.2
    assert written["evidence"]["verdict"] == "verified"
    assert (written["evidence"]["page"], written["evidence"]["lines"]) == (2, [4])
    assert "52.20" in written["evidence"]["quote"]
    assert (written["revision"], written["changed"], written["warnings"]) == (1, True, [])


@pytest.mark.requirement("WRITE-01")
async def test_a_value_is_verified_by_a_quote_in_any_spacing_and_case(
    session: Session, document: str
) -> None:
    written = await session.data(
        "set_field",
        document_id=document,
        path="total",
        value=52.2,
        evidence={"page": 2, "quote": "TOTAL   due 52.20"},
    )

    assert written["evidence"]["verdict"] == "verified"
    assert written["evidence"]["lines"] == [4]


@pytest.mark.requirement("WRITE-02")
async def test_a_wrong_digit_is_caught_and_the_page_is_quoted(
    session: Session, document: str
) -> None:
    written = await session.data(
        "set_field",
        document_id=document,
        path="total",
        value="53.20",
        evidence={"page": 2, "lines": [4]},
    )

    assert written["outcome"] == "accepted_with_warning"
    assert written["evidence"]["verdict"] == "value_differs"
    (warning,) = written["warnings"]
    assert warning["code"] == "value_differs"
    assert "52.20" in warning["message"]


@pytest.mark.requirement("WRITE-03")
async def test_one_bad_field_loses_none_of_the_good_ones(session: Session, document: str) -> None:
    fields = [
        *FIELDS,
        {"path": "totl", "value": 1},
        {"path": "date", "value": "03/04/2026"},
        {"path": "items[", "value": 1},
        {"path": "currency", "value": "GBP"},
    ]

    answer = await session.data("set_fields", document_id=document, fields=fields)

    outcomes = [one["outcome"] for one in answer["results"]]
    assert outcomes == ["accepted"] * 3 + ["rejected"] * 4
    assert all({"code", "message", "advice"} == set(one["error"]) for one in answer["results"][3:])
    assert answer["revision"] == 1
    assert await values(session, document) == {
        "number": "INV-2031",
        "date": "2026-03-05",
        "total": 52.2,
    }


@pytest.mark.requirement("WRITE-04")
async def test_the_same_write_again_changes_nothing(session: Session, document: str) -> None:
    first = await session.data("set_fields", document_id=document, fields=FIELDS)
    again = await session.data("set_fields", document_id=document, fields=FIELDS)

    assert [one["changed"] for one in first["results"]] == [True] * 3
    assert [one["changed"] for one in again["results"]] == [False] * 3
    assert again["revision"] == first["revision"] == 1


@pytest.mark.requirement("WRITE-05")
async def test_a_stale_write_is_refused_and_shown_the_current_value(
    session: Session, document: str
) -> None:
    await session.data("set_fields", document_id=document, fields=FIELDS)
    newer = {**FIELDS[0], "document_id": document, "value": "INV-2032"}

    written = await session.data("set_field", **newer, expected_revision=0)

    assert written["outcome"] == "rejected"
    assert written["error"]["code"] == "stale_revision"
    assert (written["value"], written["revision"], written["changed"]) == ("INV-2031", 1, False)
    repeated = await session.data(
        "set_field", **{**FIELDS[0], "document_id": document}, expected_revision=0
    )
    assert repeated["outcome"] == "accepted", "an answer that was lost can be asked for again"
    current = await session.data("set_field", **newer, expected_revision=1)
    assert current["revision"] == 2


@pytest.mark.requirement("WRITE-06")
async def test_an_unknown_path_is_answered_with_the_nearest_names(
    session: Session, document: str
) -> None:
    written = await session.data("set_field", document_id=document, path="Total_due", value=1)

    assert written["error"]["code"] == "unknown_field"
    assert "'total'" in written["error"]["advice"]


@pytest.mark.requirement("WRITE-07")
async def test_without_a_schema_any_field_is_written_as_it_is(session: Session) -> None:
    document = await session.add("invoice.txt", INVOICE)
    fields = [
        {"path": "anything.at.all", "value": "00123"},
        {"path": "/a~1b/2/c", "value": True},
        {"path": "amount", "value": 12.5},
        {"path": "nothing", "value": None},
        {"path": "rows[0].x", "value": 10**15},
    ]

    answer = await session.data("set_fields", document_id=document, fields=fields)

    assert all(one["outcome"] != "rejected" for one in answer["results"])
    assert await values(session, document) == {
        "anything.at.all": "00123",
        "/a~1b/2/c": True,
        "amount": 12.5,
        "rows[0].x": 10**15,
    } | {"nothing": None} or "nothing" not in await values(session, document)


@pytest.mark.requirement("WRITE-08")
async def test_undo_walks_back_and_delete_answers_like_a_write(
    session: Session, document: str
) -> None:
    await session.data("set_fields", document_id=document, fields=FIELDS)
    await session.data("set_field", document_id=document, path="number", value="INV-2032")
    deleted = await session.data("delete_field", document_id=document, path="total")
    assert (deleted["outcome"], deleted["changed"]) == ("accepted", True)
    gone = await session.data("delete_field", document_id=document, path="total")
    assert gone["error"]["code"] == "field_not_found"

    restored = await session.data("undo", document_id=document)
    assert (restored["path"], restored["value"]) == ("total", 52.2)
    assert restored["evidence"]["verdict"] == "verified"
    restored = await session.data("undo", document_id=document)
    assert (restored["path"], restored["value"]) == ("number", "INV-2031")
    assert await values(session, document) == {
        "number": "INV-2031",
        "date": "2026-03-05",
        "total": 52.2,
    }
    for _ in range(3):
        await session.data("undo", document_id=document)
    assert await values(session, document) == {}
    assert "no change left" in await session.refusal("undo", document_id=document)
    assert "no change '99-1'" in await session.refusal(
        "undo", document_id=document, change_id="99-1"
    )


@pytest.mark.requirement("WRITE-09")
async def test_a_value_cited_on_the_wrong_page_is_relocated(
    session: Session, document: str
) -> None:
    written = await session.data(
        "set_field",
        document_id=document,
        path="total",
        value="52.20",
        evidence={"page": 1, "lines": [4]},
    )

    assert written["evidence"]["verdict"] == "wrong_page"
    assert (written["evidence"]["page"], written["evidence"]["lines"]) == (2, [4])
    assert written["outcome"] == "accepted_with_warning"


@pytest.mark.requirement("WRITE-09")
async def test_evidence_that_is_not_there_is_said(session: Session, document: str) -> None:
    for evidence, said in [
        ({"page": 9, "lines": [1]}, "no page 9"),
        ({"page": 1, "lines": [400]}, "Page 1 has no such line"),
        ({"page": 1, "quote": "a sentence nobody wrote"}, "page 1"),
    ]:
        written = await session.data(
            "set_field", document_id=document, path="number", value="X-99", evidence=evidence
        )
        assert written["outcome"] == "accepted_with_warning"
        assert written["evidence"]["verdict"] in ("not_found", "value_differs")
        assert any(said in warning["message"] for warning in written["warnings"]), written


@pytest.mark.requirement("WRITE-10")
async def test_a_value_without_evidence_is_located_by_the_server(
    session: Session, document: str
) -> None:
    found = await session.data("set_field", document_id=document, path="total", value=52.2)
    absent = await session.data("set_field", document_id=document, path="number", value="ZZ-1")

    assert found["evidence"]["verdict"] == "located"
    assert (found["evidence"]["page"], found["evidence"]["lines"]) == (2, [4])
    assert absent["evidence"]["verdict"] == "not_found"
    assert absent["outcome"] == "accepted_with_warning"


@pytest.mark.requirement("WRITE-11")
async def test_a_dry_run_answers_the_same_and_writes_nothing(
    session: Session, document: str
) -> None:
    dry = await session.data("set_fields", document_id=document, fields=FIELDS, dry_run=True)
    assert await values(session, document) == {}
    wet = await session.data("set_fields", document_id=document, fields=FIELDS)

    def plain(one: dict[str, Any]) -> tuple[Any, ...]:
        return (one["path"], one["outcome"], one["value"], one["evidence"]["verdict"])

    assert [plain(one) for one in dry["results"]] == [plain(one) for one in wet["results"]]


@pytest.mark.requirement("WRITE-12")
async def test_a_list_is_written_leaf_by_leaf_and_replaced_as_a_whole(
    session: Session, document: str
) -> None:
    rows = [
        {"description": "Envelopes", "amount": "12.50"},
        {"description": "Folders", "amount": 31},
    ]
    written = await session.data(
        "set_field",
        document_id=document,
        path="line_items",
        value=rows,
        evidence={"page": 1, "lines": [6, 7]},
    )

    assert written["outcome"] == "accepted"
    assert written["value"] == [
        {"description": "Envelopes", "amount": 12.5},
        {"description": "Folders", "amount": 31},
    ]
    assert (await values(session, document))["line_items[1].amount"] == 31
    await session.data("set_field", document_id=document, path="line_items", value=rows[:1])
    assert set(await values(session, document)) == {
        "line_items[0].description",
        "line_items[0].amount",
    }
    nested = await session.data(
        "set_field", document_id=document, path="line_items[1].colour", value="red"
    )
    assert nested["error"]["code"] == "unknown_field"


@pytest.mark.requirement("WRITE-13")
async def test_a_value_that_breaks_its_place_is_rejected_with_the_rule(
    session: Session, document: str
) -> None:
    for path, value, said in [
        ("total", -5, "minimum 0"),
        ("total", "five", "not a number"),
        ("currency", "GBP", "'EUR', 'USD'"),
        ("number", 17, "string"),
        ("vendor", "Northwind", "object"),
        ("line_items", "none", "list"),
        ("date", "2026-02-30", "date"),
        ("total", {"a": 1}, "number"),
    ]:
        written = await session.data("set_field", document_id=document, path=path, value=value)
        assert written["outcome"] == "rejected", (path, value)
        assert said in written["error"]["message"] + written["error"]["advice"], written["error"]
    assert await values(session, document) == {}


@pytest.mark.requirement("WRITE-03")
@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"confidence": 95}, "'confidence'"),
        ({"evidence": {"page": 0}}, "'evidence.page'"),
        ({"evidence": {"page": 1, "lines": "3"}}, "'evidence.lines"),
        ({"path": ""}, "'path'"),
        ({"path": 7}, "'path'"),
        ({"colour": "red"}, "unknown argument 'colour'"),
    ],
)
async def test_an_entry_of_the_wrong_shape_loses_no_other(
    session: Session, document: str, wrong: dict[str, Any], said: str
) -> None:
    entries = [FIELDS[0], {**FIELDS[1], **wrong}, FIELDS[2]]

    answer = await session.data("set_fields", document_id=document, fields=entries)

    outcomes = [one["outcome"] for one in answer["results"]]
    assert outcomes == ["accepted", "rejected", "accepted"]
    assert said in answer["results"][1]["error"]["message"]
    assert set(await values(session, document)) == {"number", "total"}


@pytest.mark.requirement("WRITE-03")
@pytest.mark.parametrize("entry", ["text", 5, None, [], {}, {"path": "number"}])
async def test_an_entry_that_is_no_field_is_rejected_alone(
    session: Session, document: str, entry: object
) -> None:
    answer = await session.data("set_fields", document_id=document, fields=[entry, FIELDS[0]])

    assert [one["outcome"] for one in answer["results"]] == ["rejected", "accepted"]


@pytest.mark.requirement("WRITE-11")
async def test_a_dry_run_names_no_change_and_no_revision_that_there_is_not(
    session: Session, document: str
) -> None:
    await session.data("set_fields", document_id=document, fields=FIELDS)
    wrong = {**FIELDS[0], "value": "INV-9"}

    dry = await session.data("set_fields", document_id=document, fields=[wrong], dry_run=True)

    (result,) = dry["results"]
    assert (dry["revision"], result["revision"], result["changed"]) == (1, 1, True)
    assert "change_id" not in result


@pytest.mark.requirement("WRITE-14")
async def test_answers_stay_small_however_much_is_written(session: Session) -> None:
    document = await session.add("invoice.txt", INVOICE)
    texts = [{"path": f"t{n}", "value": f"{n} " + "long " * 1_500} for n in range(200)]
    rows = [{"a": f"row {n}", "b": n + 0.5} for n in range(900)]

    calls: list[tuple[str, dict[str, Any]]] = [
        ("set_fields", {"fields": texts}),
        ("set_field", {"path": "rows", "value": rows}),
        ("undo", {}),
        ("read_extraction", {}),
        ("complete", {}),
    ]
    for tool, arguments in calls:
        result = await session.call(tool, document_id=document, **arguments)
        assert not result.is_error
        sent = json.dumps(result.structured_content, separators=(",", ":"), ensure_ascii=False)
        assert len(sent) < 50_000, tool
        assert len(text_of(result)) < 2_000


@pytest.mark.requirement("WRITE-14")
async def test_other_calls_are_answered_while_a_large_table_is_checked(session: Session) -> None:
    document = await session.add("invoice.txt", INVOICE)
    rows = [{"a": f"absent {n}", "b": n + 0.25} for n in range(900)]
    order: list[str] = []

    async def write() -> None:
        await session.call("set_field", document_id=document, path="rows", value=rows)
        order.append("written")

    async def look() -> None:
        await session.data("list_documents")
        order.append("listed")

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(write)
        await anyio.lowlevel.checkpoint()
        tasks.start_soon(look)

    assert order == ["listed", "written"]
