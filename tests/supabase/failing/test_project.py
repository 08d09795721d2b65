"""A project that is not there, or not as it should be: each way has a sentence."""

import anyio
import pytest

from stackdocs_mcp.core.binding import StackId
from stackdocs_mcp.core.errors import StoreFailed
from stackdocs_mcp.stores.supabase.store import SupabaseStore
from tests.stores.builders import ALICE
from tests.supabase.between import (
    Failing,
    between,
    instead,
    swallowed,
)
from tests.supabase.failing.conftest import count, opened
from tests.supabase.rig import Rig

pytestmark = pytest.mark.anyio


@pytest.mark.requirement("PGW-08")
async def test_a_schema_cache_that_is_stale_is_waited_for(own: Rig, store: SupabaseStore) -> None:
    """A migration was run a moment ago, and PostgREST has not yet heard of it."""
    await own.sql("alter function public.sd_open_stack(bigint,text,text,text) rename to sd_away")
    await own.sql("notify pgrst, 'reload schema'")
    try:
        with pytest.raises(StoreFailed, match="does not have what this version") as missing:
            await store.open_stack(ALICE, "invoices")
        assert "stackdocs-mcp migrate" in missing.value.advice
        async with anyio.create_task_group() as tasks:
            made: list[StackId] = []

            async def call() -> None:
                made.append((await store.open_stack(ALICE, "invoices")).id)

            tasks.start_soon(call)
            await anyio.lowlevel.checkpoint()
            await back(own)
    finally:
        await back(own)

    assert len(made) == 1


async def back(rig: Rig) -> None:
    there = await rig.sql("select 1 from pg_proc where proname = 'sd_away'")
    if there:
        await rig.sql(
            "alter function public.sd_away(bigint,text,text,text) rename to sd_open_stack"
        )
    await rig.sql("notify pgrst, 'reload schema'")


@pytest.mark.requirement("PGW-09")
async def test_nobody_at_the_address_is_said_and_nothing_was_done(
    own: Rig, store: SupabaseStore
) -> None:
    own.gateway.stop()
    try:
        with pytest.raises(StoreFailed, match="cannot be reached") as gone:
            await store.open_stack(ALICE, "invoices")
    finally:
        own.gateway.start()

    assert gone.value.advice.startswith("Nothing was changed.")
    assert await count(own, "public.stacks") == 0
    assert (await store.open_stack(ALICE, "invoices")).name == "invoices"


@pytest.mark.requirement("PGW-09")
async def test_without_postgrest_it_is_not_said_that_nothing_was_done(
    own: Rig, store: SupabaseStore
) -> None:
    own.postgrest.stop()
    try:
        with pytest.raises(StoreFailed, match="not known whether this was done"):
            await store.open_stack(ALICE, "invoices")
    finally:
        own.postgrest.start()

    assert (await store.open_stack(ALICE, "invoices")).name == "invoices"


@pytest.mark.requirement("PGW-09")
@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (instead(540, '{"message": "Project paused"}'), "is paused"),
        (instead(404, "<html>"), "is not a Supabase project"),
        (instead(301, "", "location: https://example.org/"), "is not a Supabase project"),
        (instead(403, "<html>"), "is not a Supabase project"),
        (instead(401, '{"message": "Unregistered API key"}'), "refused the publishable key"),
        (instead(503, '{"code": "53100"}'), "takes no writes"),
        (instead(500, '{"code": "57014"}'), "took too long"),
        (instead(405, '{"code": "25006"}'), "takes no writes"),
        (instead(500, '{"code": "XX000", "message": "canary"}'), "could not do this"),
        (instead(400, '{"code": 7, "message": "canary"}'), "is not a Supabase project"),
        (instead(400, '["canary"]'), "is not a Supabase project"),
    ],
)
async def test_what_is_answered_instead_has_a_sentence_and_is_not_repeated(
    own: Rig, answer: Failing, said: str
) -> None:
    async with between(own.url) as wire, opened(own, wire.url) as other:
        wire.plan, wire.unasked = [answer], True
        with pytest.raises(StoreFailed, match=said) as failed:
            await other.open_stack(ALICE, "invoices")

        assert len(wire.functions) == 1
    assert "canary" not in f"{failed.value.message} {failed.value.advice}"
    assert await count(own, "public.stacks") == 0


@pytest.mark.requirement("PGU-06")
async def test_a_database_that_does_not_answer_is_told_from_an_address_of_nobody(own: Rig) -> None:
    async with between(own.url) as wire, opened(own, wire.url) as other:
        wire.plan, wire.unasked = [instead(503, '{"code": "PGRST002"}')] * 9, True
        with pytest.raises(StoreFailed, match="database does not answer at the moment") as failed:
            await other.open_stack(ALICE, "invoices")

    assert failed.value.advice.startswith("Nothing was changed. Try again in a minute")


@pytest.mark.requirement("PGW-10")
@pytest.mark.parametrize(
    "answer",
    [
        *(instead(429), instead(502, "<html>"), instead(503), instead(504), instead(522)),
        *(instead(503, '{"code": "PGRST002"}'), instead(504, '{"code": "PGRST003"}')),
        *(instead(409, '{"code": "40001"}'), instead(500, '{"code": "40P01"}'), swallowed),
    ],
)
async def test_a_moment_of_trouble_is_not_noticed(own: Rig, answer: Failing) -> None:
    async with between(own.url) as wire, opened(own, wire.url) as other:
        wire.plan, wire.unasked = [answer, answer], True
        made = await other.open_stack(ALICE, "invoices")

        assert len(wire.functions) == 3
    assert made.name == "invoices"
    assert await count(own, "public.stacks") == 1
