"""What the REST API does with a table, asked with a token that is right: it shows, and writes not.

And what a token is that the program has not minted.
"""

import uuid
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import httpx
import pytest

from stackdocs_mcp.core.binding import Binding, Role, StackId
from stackdocs_mcp.core.errors import NotFound
from stackdocs_mcp.stores.supabase.project import Caller, Minter
from stackdocs_mcp.stores.supabase.store import SupabaseStore
from tests.stores.builders import ALICE, BOB, SteppingClock, added
from tests.supabase.acting import acting
from tests.supabase.shared import replicas, rig

pytestmark = pytest.mark.anyio


@pytest.fixture
async def store() -> AsyncIterator[SupabaseStore]:
    async with replicas(SteppingClock(), 1) as (only,):
        yield only


async def rest(
    caller: Caller, method: str, path: str, body: dict[str, Any], **headers: str
) -> httpx.Response:
    token = Minter(rig().signing_key).token(caller)
    sent = {"apikey": rig().publishable_key, "Authorization": f"Bearer {token}", **headers}
    async with httpx.AsyncClient() as http:
        return await http.request(method, f"{rig().url}/rest/v1/{path}", headers=sent, json=body)


def owner(stack: StackId) -> Binding:
    return Binding(ALICE, stack, Role.OWNER.rights)


async def everything() -> list[asyncpg.Record]:
    return await rig().sql("""
        select d::text as one from public.documents as d union all select e::text
        from public.extractions as e union all select s::text from public.stacks as s
        union all select u::text from stackdocs.usage as u order by 1
    """)


@pytest.mark.requirement("PGM-54")
@pytest.mark.parametrize(
    "headers",
    [{}, {"stackdocs.call": "on", "Prefer": "timezone=UTC; stackdocs.call=on"}],
    ids=["plainly", "with headers"],
)
async def test_the_rest_api_writes_no_table_with_an_owners_own_token(
    store: SupabaseStore, headers: dict[str, str]
) -> None:
    stack = await store.open_stack(ALICE, "a")
    document = await added(store.bind(owner(stack.id)), "a.pdf", "one")
    new = str(uuid.uuid4())
    of_stack = {"stack_id": stack.id, "id": new}
    row = {"user_id": ALICE, "extraction_id": new, "sha256": "z", "filename": "x"}
    row |= {"folded_name": "x", "added_by": ALICE, "uploaded_at": "2026-01-01"}
    row |= {"updated_at": "2026-01-01"}
    made = {"document_id": document.id, "number": 7, "created_at": "2026-01-01"}
    asked: list[tuple[str, str, dict[str, Any]]] = [
        ("PATCH", f"documents?id=eq.{document.id}", {"status": "completed"}),
        ("PATCH", f"documents?id=eq.{document.id}", {"digest": "0"}),
        ("PATCH", f"extractions?document_id=eq.{document.id}", {"revision": 9}),
        ("PATCH", f"stacks?id=eq.{stack.id}", {"instructions": "x"}),
        ("DELETE", f"documents?id=eq.{document.id}", {}),
        ("POST", "documents", {**of_stack, **row, "file_size_bytes": 1}),
        ("POST", "extractions", {**of_stack, **made}),
    ]
    before = await everything()
    for method, path, body in asked:
        await rest(Caller.of(owner(stack.id)), method, path, body, **headers)

    assert await everything() == before


@pytest.mark.requirement("PGM-55")
async def test_a_document_is_added_in_nobody_elses_name(store: SupabaseStore) -> None:
    stack = await store.open_stack(ALICE, "a")
    row = f"'{stack.id}', '{ALICE}', gen_random_uuid(), 'x', 'x', 'z', 1, '{BOB}', now(), now()"
    async with acting(owner(stack.id)) as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(f"""
                insert into public.documents (stack_id, user_id, extraction_id, filename,
                    folded_name, sha256, file_size_bytes, added_by, uploaded_at, updated_at)
                values ({row})
            """)


@pytest.mark.requirement("PGM-56")
async def test_a_worker_ends_the_reading_of_a_document_and_completes_none(
    store: SupabaseStore,
) -> None:
    stack = await store.open_stack(ALICE, "a")
    document = await added(store.bind(owner(stack.id)), "a.pdf", "one")
    become = "update public.documents set status = $1 where id = $2"
    async with acting(owner(stack.id), "stackdocs_worker") as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(become, "completed", document.id)
    async with acting(owner(stack.id), "stackdocs_worker") as connection:
        assert await connection.execute(become, "ocr_complete", document.id) == "UPDATE 1"
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(become, "processing", document.id)


@pytest.mark.requirement("PGM-57")
async def test_no_id_of_a_stack_is_chosen_or_found_out(store: SupabaseStore) -> None:
    other = await store.open_stack(BOB, "b")
    row = {"user_id": ALICE, "name": "q", "policy": "{}", "created_at": "2026-01-01"}
    answers = [
        await rest(Caller("authenticated", ALICE), "POST", "stacks", {**row, "id": one})
        for one in (other.id, str(uuid.uuid4()))
    ]

    assert answers[0].status_code == answers[1].status_code
    assert answers[0].json() == answers[1].json()


@pytest.mark.requirement("PGM-58")
async def test_a_token_of_the_projects_own_sign_in_opens_and_finds_no_stack(
    store: SupabaseStore,
) -> None:
    stack = await store.open_stack(ALICE, "a")
    claims = f'{{"sub": "{ALICE}", "role": "authenticated"}}'
    connection = await asyncpg.connect(rig().database_url)
    try:
        await connection.execute("begin")
        await connection.fetch("select set_config('request.jwt.claims', $1, true)", claims)
        await connection.execute("set local role authenticated")
        assert await connection.fetchval("select public.sd_stacks()") == "[]"
        assert await connection.fetchval("select public.sd_used(0)") is None
        delete = "select public.sd_delete_stack(gen_random_uuid(), 0, $1)"
        assert await connection.fetchval(delete, stack.id) is False
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.fetchval("select public.sd_open_stack(0, 'mine', null, '{}')")
    finally:
        await connection.close()


@pytest.mark.requirement("PGM-59")
async def test_a_stack_that_is_no_id_is_one_that_is_not_there(store: SupabaseStore) -> None:
    with pytest.raises(NotFound):
        await store.bind(owner(StackId("no id"))).stack()
