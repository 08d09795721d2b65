"""The original's names on what is here: what its readers select, and its writers call."""

import json
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, cast

import httpx
import pytest

from stackdocs_mcp.core.binding import Binding, Right
from stackdocs_mcp.core.model import ChangeId, Document, FieldWrite, Leaf, Verdict
from stackdocs_mcp.core.paths import dotted, parse
from stackdocs_mcp.core.ports import StackStore, Store
from stackdocs_mcp.stores.supabase.project import Caller
from stackdocs_mcp.stores.supabase.store import SupabaseStore
from tests.stores.builders import (
    ALICE,
    BOB,
    SteppingClock,
    added,
    binding,
    page,
    person_of,
    put,
    ready,
    values,
)
from tests.supabase.originals import a_path
from tests.supabase.shared import open_shared, rig

pytestmark = pytest.mark.anyio


@dataclass
class Client:
    """Somebody who calls the project's REST API by the original's names."""

    store: SupabaseStore
    caller: Caller

    async def get(self, address: str) -> Any:
        answer = await self.answer(address)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def answer(self, address: str) -> httpx.Response:
        return await self._sent("GET", address)

    async def call(self, function: str, **arguments: object) -> int:
        """The status of the answer."""
        named = {f"p_{name}": value for name, value in arguments.items()}
        answer = await self._sent("POST", f"rpc/{function}", named)
        return answer.status_code

    async def extraction(self, document: Document) -> str:
        (row,) = await self.get(f"documents?id=eq.{document.id}&select=extraction_id")
        return str(row["extraction_id"])

    async def update(self, document: Document, path: list[str], value: Any, **named: Any) -> int:
        return await self.call(
            "update_extraction_field",
            extraction_id=await self.extraction(document),
            field_path=path,
            value=value,
            **named,
        )

    async def remove(self, document: Document, *path: str) -> int:
        return await self.call(
            "remove_extraction_field",
            extraction_id=await self.extraction(document),
            field_path=list(path),
        )

    async def fields(self, document: Document) -> Any:
        """The value of ``extracted_fields`` of the extraction that counts."""
        (row,) = await self._extractions(document)
        return row["extracted_fields"]

    async def scores(self, document: Document) -> Any:
        (row,) = await self._extractions(document)
        return row["confidence_scores"]

    async def _extractions(self, document: Document) -> Any:
        return await self.get(
            f"extractions?id=eq.{await self.extraction(document)}"
            "&select=id,document_id,extracted_fields,confidence_scores"
        )

    async def _sent(self, method: str, address: str, body: object = None) -> httpx.Response:
        rest = self.store._rest
        return await rest.http.request(
            method, f"{rest.url}/rest/v1/{address}", headers=rest.headers(self.caller), json=body
        )


@pytest.fixture
async def store(tmp_path: Any) -> AsyncIterator[Store]:
    await rig().clean()
    opened = await open_shared(tmp_path, SteppingClock())
    yield opened
    await opened.close()


@pytest.fixture
async def repo(store: Store) -> StackStore:
    return store.bind(binding(ALICE, (await store.open_stack(ALICE, "invoices")).id))


@pytest.fixture
async def client(store: Store) -> Client:
    stack = await store.open_stack(ALICE, "invoices")
    return Client(cast(SupabaseStore, store), Caller.of(binding(ALICE, stack.id)))


@pytest.mark.requirement("PGL-30")
async def test_what_is_written_here_reads_as_one_value_under_the_old_names(
    repo: StackStore, client: Client
) -> None:
    document = await ready(repo)
    whole = {
        "vendor": {"name": 'A "quoted" / ~# Müller 東京', "vat": None},
        "line_items": [{"what": "x", "amounts": [1, 2.50, []]}, {"what": "y", "paid": True}],
        "a/b~c#d": {"empty": {}, "rows": []},
        "total": 1234.50,
    }
    for name, value in whole.items():
        await repo.write(document.id, [_write((name,), value)])

    assert await client.fields(document) == whole
    assert await client.scores(document) == {}


@pytest.mark.requirement("PGL-30")
async def test_scores_are_where_their_values_are(repo: StackStore, client: Client) -> None:
    document = await ready(repo)
    assert await client.update(document, ["rows"], [1, 2, 3]) == 204
    assert await client.update(document, ["rows", "1"], 5, confidence=0.25) == 204
    assert await client.update(document, ["vendor", "name"], "A", confidence=1) == 204

    assert await client.scores(document) == {"rows": [None, 0.25], "vendor": {"name": 1.0}}
    found = {dotted(one.leaf.path): one.leaf.confidence for one in await repo.fields(document.id)}
    assert found == {"rows[0]": None, "rows[1]": 0.25, "rows[2]": None, "vendor.name": 1.0}


@pytest.mark.requirement("PGL-38")
async def test_rows_with_gaps_that_would_make_a_huge_answer_are_refused(
    repo: StackStore, client: Client
) -> None:
    few, many = await ready(repo, "few"), await ready(repo, "many")
    await put(repo, few, "a[9999][9999]", 1)
    for number in range(11):
        await put(repo, many, f"b{number}[9999]", 1)
    of = "extractions?select=extracted_fields&document_id=eq."

    (row,) = await client.get(of + few.id)
    refused = await client.answer(of + many.id)

    assert row["extracted_fields"]["a"][9999][9999] == 1
    assert refused.status_code == 413
    assert "gaps" in refused.json()["message"]


@pytest.mark.requirement("PGL-30")
async def test_an_empty_extraction_is_an_empty_object(repo: StackStore, client: Client) -> None:
    document = await ready(repo)
    assert await client.fields(document) == {}
    assert await client.scores(document) == {}


@pytest.mark.requirement("PGL-31")
async def test_text_and_pages_of_a_document_are_there(repo: StackStore, client: Client) -> None:
    document = await added(repo)
    await repo.set_outline(document.id, "application/pdf", 2)
    pages = [page(1, "one", "two", hidden=["unseen"]), page(2, "three")]
    await repo.save_pages(document.id, "engine-1", pages)

    (row,) = await client.get("documents?select=raw_text,page_count,filename,status,mime_type")
    assert row == {
        "raw_text": "one\ntwo\n\nthree",
        "page_count": 2,
        "filename": "invoice.pdf",
        "status": "processing",
        "mime_type": "application/pdf",
    }
    texts = await client.get("ocr_results?select=raw_text,ocr_engine&order=number")
    assert texts == [
        {"raw_text": "one\ntwo", "ocr_engine": "engine-1"},
        {"raw_text": "three", "ocr_engine": "engine-1"},
    ]


@pytest.mark.requirement("PGL-31")
async def test_the_documents_of_a_stack_are_listed_as_they_were(
    store: Store, repo: StackStore, client: Client
) -> None:
    document = await added(repo)
    other = store.bind(binding(BOB, (await store.open_stack(BOB, "theirs")).id))
    await added(other, "theirs.pdf")

    (row,) = await client.get("stack_documents?select=stack_id,document_id,added_at")
    assert row["document_id"] == document.id
    assert row["stack_id"] == (await repo.stack()).id


@pytest.mark.requirement("PGL-32")
async def test_a_field_that_is_updated_under_the_old_name_is_a_write_like_any_other(
    repo: StackStore, client: Client
) -> None:
    document = await ready(repo)

    assert await client.update(document, ["vendor", "name"], "ACME", confidence=0.5) == 204

    (field,) = await repo.fields(document.id)
    assert field.leaf.value == "ACME"
    assert field.leaf.confidence == 0.5
    assert field.leaf.evidence.verdict is Verdict.UNCHECKED
    assert (field.actor.kind, field.actor.client) == ("agent", "update_extraction_field")
    (change,) = await repo.changes(document.id, limit=10)
    assert (change.revision, dotted(change.path), change.user) == (1, "vendor.name", ALICE)
    assert (await repo.document(document.id)).fields == 1
    verified = await repo.verify(document.id)
    assert (verified.changes, verified.breaks) == (1, ())

    # The same again is nothing, also written by the other hand.
    assert await client.update(document, ["vendor", "name"], "ACME", confidence=0.5) == 204
    leaf = Leaf(parse("vendor.name"), "ACME", field.leaf.evidence, 0.5)
    (same,) = await repo.write(document.id, [FieldWrite(leaf.path, (leaf,))])
    assert not same.changed


@pytest.mark.requirement("PGL-32")
async def test_a_value_replaces_the_whole_subtree_in_one_revision(
    repo: StackStore, client: Client
) -> None:
    document = await ready(repo)
    assert await client.update(document, ["a"], {"b": {"c": 1, "d": [1, 2]}, "e": 2}) == 204
    assert await client.update(document, ["a", "b"], "flat") == 204
    assert await client.fields(document) == {"a": {"b": "flat", "e": 2}}
    assert await client.update(document, ["a", "b"], {"again": None}) == 204
    assert await client.fields(document) == {"a": {"b": {"again": None}, "e": 2}}
    assert await client.update(document, ["a"], None) == 204
    assert await client.fields(document) == {"a": None}
    assert (await repo.document(document.id)).revision == 4
    assert not (await repo.verify(document.id)).breaks


@pytest.mark.requirement("PGL-32")
async def test_what_the_old_functions_did_can_be_undone(repo: StackStore, client: Client) -> None:
    document = await ready(repo)
    assert await client.update(document, ["rows"], ["a", "b", "c"]) == 204
    assert await client.remove(document, "rows", "0") == 204
    assert await client.update(document, ["rows"], "flat") == 204
    assert await client.fields(document) == {"rows": "flat"}

    await repo.undo(document.id, ChangeId("3"))
    assert await client.fields(document) == {"rows": ["b", "c"]}
    await repo.undo(document.id)
    assert await client.fields(document) == {"rows": ["a", "b", "c"]}
    assert not (await repo.verify(document.id)).breaks


@pytest.mark.requirement("PGL-33")
async def test_writing_and_removing_come_to_what_postgres_makes_of_json(
    repo: StackStore, client: Client
) -> None:
    document = await ready(repo)
    chance = random.Random(800)
    model: Any = {}
    for step in range(60):
        path = a_path(model, chance)
        if chance.random() < 0.35:
            without = "select $1::jsonb #- $2 as made"
            expected = (await rig().sql(without, json.dumps(model), path))[0]
            assert await client.remove(document, *path) == 204
        else:
            value = chance.choice([step, "text", None, True, [], {}, [step, [1]], {"b": {"a": 1}}])
            expected = (
                await rig().sql(
                    "select jsonb_set($1::jsonb, $2, $3::jsonb, true) as made",
                    *(json.dumps(model), path, json.dumps(value)),
                )
            )[0]
            assert await client.update(document, path, value) == 204
        model = json.loads(expected["made"])
        assert await client.fields(document) == model, (step, path)
    assert not (await repo.verify(document.id)).breaks
    assert model


@pytest.mark.requirement("PGL-34")
async def test_removing_what_is_not_there_is_no_error_and_no_change(
    repo: StackStore, client: Client
) -> None:
    document = await ready(repo)
    await put(repo, document, "list", [1, 2])
    for path in (["nothing"], ["list", "2"], ["list", "-3"], ["list", "0", "deeper"], []):
        assert await client.remove(document, *path) == 204
    assert (await repo.document(document.id)).revision == 1


@pytest.mark.requirement("PGL-35")
async def test_what_a_person_locked_stays_under_the_old_names_too(
    store: Store, repo: StackStore, client: Client
) -> None:
    document = await ready(repo)
    person = await person_of(store, repo)
    await put(person, document, "vendor.name", "by hand")
    await put(repo, document, "vendor.vat", "1")

    assert await client.update(document, ["vendor", "name"], "changed") == 409
    assert await client.update(document, ["vendor"], "flat") == 409
    assert await client.remove(document, "vendor", "name") == 409
    assert await client.remove(document, "vendor") == 409
    assert await values(repo, document) == {"vendor.name": "by hand", "vendor.vat": "1"}
    assert not (await repo.verify(document.id)).breaks


@pytest.mark.requirement("PGL-36")
async def test_no_other_stack_and_no_reader_writes_by_the_old_names(
    store: Store, repo: StackStore, client: Client
) -> None:
    document = await ready(repo)
    extraction = await client.extraction(document)
    theirs = await store.open_stack(BOB, "theirs")
    own = (await store.open_stack(ALICE, "another")).id
    reader = Binding(ALICE, (await repo.stack()).id, frozenset({Right.READ}))

    for bound in (binding(BOB, theirs.id), binding(ALICE, own)):
        other = Client(client.store, Caller.of(bound))
        arguments = {"extraction_id": extraction, "field_path": ["a"]}
        assert await other.call("update_extraction_field", **arguments, value=1) == 404
        assert await other.call("remove_extraction_field", **arguments) == 404
        assert await other.get("extractions?select=extracted_fields") == []

    refused = Client(client.store, Caller.of(reader))
    assert await refused.update(document, ["a"], 1) >= 400
    assert await client.fields(document) == {}


@pytest.mark.requirement("PGL-37")
async def test_what_no_path_can_be_is_refused(repo: StackStore, client: Client) -> None:
    document = await ready(repo)
    await put(repo, document, "scalar", 1)
    for path, value in (
        (["0"], 1),
        ([""], 1),
        ([" a"], 1),
        (["__proto__"], 1),
        (["a\u0007"], 1),
        (["x" * 129], 1),
        (["a"] * 17, 1),
        (["a", "-1"], 1),
        (["a"], {"2025": 1}),
        (["a"], {"b": {"": 1}}),
    ):
        assert await client.update(document, path, value) == 422, path
    assert await client.update(document, ["a"], 1, confidence=1.5) == 422
    assert await client.update(document, ["scalar", "below"], 1) == 409
    assert await values(repo, document) == {"scalar": 1}


@pytest.mark.requirement("PGL-37")
async def test_an_extraction_that_does_not_count_is_not_written_any_more(
    repo: StackStore, client: Client
) -> None:
    document = await ready(repo)
    earlier = await client.extraction(document)
    await repo.start_extraction(document.id)

    status = await client.call(
        "update_extraction_field", extraction_id=earlier, field_path=["a"], value=1
    )
    assert status == 409
    unread = await added(repo, "unread.pdf")
    assert await client.update(unread, ["a"], 1) == 409


def _write(path: tuple[str | int, ...], value: Any) -> FieldWrite:
    from decimal import Decimal

    from stackdocs_mcp.core.assembly import leaves_of
    from stackdocs_mcp.core.model import Evidence

    def exact(one: Any) -> Any:
        return Decimal(str(one)) if isinstance(one, float) else one

    leaves = [
        Leaf(at, exact(one), Evidence(Verdict.UNCHECKED)) for at, one in leaves_of(path, value)
    ]
    return FieldWrite(path, tuple(leaves))
