"""The history in Postgres' rows: chained like the embedded store's, kept, cheap to go on with."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from stackdocs_mcp.core.history import Verification
from stackdocs_mcp.core.model import Document, DocumentId
from stackdocs_mcp.core.paths import parse
from stackdocs_mcp.core.ports import StackStore, Store
from stackdocs_mcp.stores.supabase import verifying
from tests.stores.builders import (
    ALICE,
    SteppingClock,
    binding,
    deleting,
    person_of,
    put,
    ready,
    setting,
)
from tests.stores.test_completing import completed
from tests.supabase.shared import open_shared, rig

pytestmark = pytest.mark.anyio

HANDFUL = 60


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    await rig().clean()
    opened = await open_shared(tmp_path, SteppingClock())
    yield opened
    await opened.close()


@pytest.fixture
async def repo(store: Store) -> StackStore:
    return store.bind(binding(ALICE, (await store.open_stack(ALICE, "chained")).id))


@pytest.fixture
async def written(store: Store, repo: StackStore) -> Document:
    """A document that everything has happened to."""
    person = await person_of(store, repo)
    document = await ready(repo)
    rows = [{"n": 1, "m": "ä"}, {"n": 2, "m": "日本"}]
    await repo.write(document.id, [setting("rows", rows), setting("a", 1, flagged=True)])  # type: ignore[arg-type]
    await put(person, document, "rows[1].n", 3)
    await repo.write(document.id, [setting("rows[0]", {"n": 5}), deleting("a")])
    await repo.undo(document.id)
    await person.undo(document.id, redo=True)
    await person.unlock(document.id, parse("rows"))
    await completed(repo, document)
    await put(person, document, "b", {"c": 1, "d": [2]})
    await repo.start_extraction(document.id)
    await repo.write(document.id, [setting("rows", rows), setting("e", None, flagged=True)])  # type: ignore[arg-type]
    await repo.undo(document.id)
    return await repo.document(document.id)


BROKEN = [
    "update stackdocs.changes set reason = 'other' where revision = 2",
    "update stackdocs.changes set user_id = 'bob' where revision = 1 and ordinal = 1",
    "update stackdocs.changes set at = at + interval '1 microsecond' where revision = 2",
    "update stackdocs.changes set standing = not standing where revision = 2",
    "update stackdocs.changes set action = 'redo' where revision = 4",
    "update stackdocs.change_leaves set after = replace(after, '5', '6') where revision = 3",
    "update stackdocs.change_leaves set locked_after = true where revision = 1",
    "delete from stackdocs.change_leaves where revision = 1 and key = '/a'",
    "delete from stackdocs.changes where sequence = (select max(sequence) from stackdocs.changes)",
    "update stackdocs.fields set leaf = replace(leaf, '\"v\":1', '\"v\":2')",
    "update stackdocs.fields set locked = not locked where key = '/b/c'",
    "update stackdocs.fields set actor_client = 'other'",
    "update stackdocs.fields set revision = revision - 1",
    "delete from stackdocs.fields where key = '/b/c'",
    "update public.extractions set fields = fields + 1",
    "update public.extractions set flagged = flagged + 1 where number = 1",
    "update public.extractions set revision = revision + 1 where number = 2",
    "update public.documents set digest = ''",
    "update public.documents set status = 'completed'",
]


@pytest.mark.parametrize("statement", BROKEN)
@pytest.mark.requirement("PGH-20")
async def test_what_is_changed_behind_the_programs_back_is_found(
    repo: StackStore, written: Document, statement: str
) -> None:
    assert (await repo.verify(written.id)).breaks == ()

    await rig().sql(f"set session_replication_role = replica; {statement}")

    assert (await repo.verify(written.id)).breaks != ()


@pytest.mark.parametrize(
    "statement",
    [
        "update stackdocs.changes set reason = 'other'",
        "delete from stackdocs.changes",
        "update stackdocs.change_leaves set touched = true",
        "delete from stackdocs.change_leaves",
    ],
)
@pytest.mark.requirement("PGH-21")
async def test_what_was_recorded_is_refused_to_be_changed(
    repo: StackStore, written: Document, statement: str
) -> None:
    with pytest.raises(asyncpg.PostgresError) as refused:
        await rig().sql(statement)

    assert refused.value.sqlstate == "SD120"
    assert (await repo.verify(written.id)).breaks == ()


@pytest.mark.requirement("PGH-22")
async def test_a_history_is_verified_page_by_page(
    repo: StackStore, written: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = await repo.verify(written.id)

    for size in (1, 2, 3, whole.changes, whole.changes + 1):
        monkeypatch.setattr(verifying, "PAGE", size)
        assert await repo.verify(written.id) == whole

    assert whole == Verification(len(await repo.changes(written.id, limit=99)), written.digest)


@pytest.mark.requirement("PGH-23")
async def test_a_document_that_is_written_while_it_is_verified_is_looked_at_anew(
    store: Store, repo: StackStore, written: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = store.bind(binding(ALICE, (await repo.stack()).id, "other"))
    monkeypatch.setattr(verifying, "PAGE", 2)
    turns = iter(range(3))

    class Meddled(type(repo)):  # type: ignore[misc]
        async def _call(self, function: str, *args: object, **arguments: object) -> object:
            answer = await super()._call(function, *args, **arguments)
            if function == "verify" and (turn := next(turns, None)) is not None:
                await put(other, written, "meanwhile", turn)
            return answer

    repo.__class__ = Meddled
    found = await repo.verify(written.id)

    assert found.breaks == ()
    assert found.digest == (await other.document(written.id)).digest


COUNTS = """
select coalesce(sum(seq_tup_read + idx_tup_fetch), 0)::integer as rows
from pg_stat_xact_user_tables where relname in ('fields', 'changes', 'change_leaves')
"""
FILL = """
set session_replication_role = replica;
insert into stackdocs.fields (stack_id, extraction_id, key, revision, actor_kind, actor_client, at,
    leaf)
select stack_id, extraction_id, '/rows/#' || lpad(n::text, 4, '0') || '/x', 1, 'agent', 'test',
    now(), '{"v":' || n || ',"e":["unchecked",null,[]]}'
from public.documents, generate_series(1, 4000) as n;
insert into stackdocs.changes (stack_id, extraction_id, revision, ordinal, document_id, sequence,
    action, path, user_id, actor_kind, actor_client, at, digest)
select stack_id, extraction_id, 0, n, id, n, 'set', '/rows/#' || lpad(n::text, 4, '0') || '/x',
    added_by, 'agent', 'test', now(), ''
from public.documents, generate_series(1, 4000) as n;
insert into stackdocs.change_leaves (stack_id, extraction_id, revision, ordinal, key, touched,
    after, locked_before, locked_after)
select stack_id, extraction_id, 0, ordinal, path, true, '{"v":1,"e":["unchecked",null,[]]}', false,
    false
from stackdocs.changes;
update public.extractions set fields = 4000;
update stackdocs.fields set locked = true where key = '/rows/#0017/x';
analyze stackdocs.fields, stackdocs.changes, stackdocs.change_leaves;
"""


async def rows_read(stack: str, document: DocumentId, function: str, rest: str) -> int:
    """Rows of fields and history that one call of the function looks at, in the database."""
    rights = ["stack:read", "stack:write"]
    claims = {"sub": ALICE, "stack_id": stack, "rights": rights, "stackdocs": 1}
    call = {"id": str(uuid4()), "now": 1, "kind": "person", "client": "test", "quotas": {}}
    connection = await asyncpg.connect(rig().database_url)
    try:
        async with connection.transaction():
            await connection.execute(
                "select set_config('request.jwt.claims', $1, true)", json.dumps(claims)
            )
            await connection.execute("set local role authenticated")
            await connection.execute(
                f"select public.{function}($1, $2, {rest})", json.dumps(call), document
            )
            await connection.execute("reset role")
            return int(await connection.fetchval(COUNTS))
    finally:
        await connection.close()


LEAF = '{"v":0,"e":["unchecked",null,[]]}'
TWO = json.dumps(
    [
        [
            {"path": path, "leaves": [[path, LEAF]], "scalar": True, "expected": None}
            for path in ("/rows/#0017/x", "/other/y")
        ]
    ]
)


@pytest.mark.parametrize(
    ("function", "rest"),
    [
        ("sd_write", f"'{TWO}', null, false"),
        ("sd_undo", "null, null, false"),
        ("sd_unlock", "'/rows'"),
        ("sd_fields", "null, '/rows/#0017', null, null"),
        ("sd_fields", "null, '', '/rows/#2000', 5"),
        ("sd_changes", "2000, 5"),
    ],
)
@pytest.mark.requirement("PGH-24")
async def test_a_call_reads_a_handful_of_rows_however_many_there_are(
    repo: StackStore, function: str, rest: str
) -> None:
    document = await ready(repo)
    await rig().sql(FILL)
    stack = (await repo.stack()).id

    read = await rows_read(stack, document.id, function, rest)

    assert 0 < read < HANDFUL
