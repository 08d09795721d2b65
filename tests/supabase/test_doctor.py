"""What ``doctor`` says of a project in which one thing is wrong at a time."""

import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from anyio import fail_after, to_thread
from pydantic import SecretStr

from stackdocs_mcp.cli.doctor_supabase import on_supabase
from stackdocs_mcp.settings import Settings
from stackdocs_mcp.stores.supabase.steps import RELOAD, known
from tests.cli.shell import Shell
from tests.supabase.postgres import free_port
from tests.supabase.rig import Rig, new_key, running
from tests.supabase.shared import own

pytestmark = pytest.mark.anyio
SECRET = "s3cr3t"


def settings(project: Rig, **other: object) -> Settings:
    given = {
        "supabase_url": project.url,
        "supabase_publishable_key": project.publishable_key,
        "supabase_signing_key": SecretStr(json.dumps(project.key)),
        **other,
    }
    return Settings.model_validate(given)


async def problems(chosen: Settings) -> dict[str, str]:
    return {one.what: one.text for one in await on_supabase(chosen) if one.state == "problem"}


@asynccontextmanager
async def broken(statement: str, mended: str) -> AsyncIterator[Settings]:
    """The shared project with something wrong in its database."""
    await own().sql(statement)
    try:
        yield settings(own())
    finally:
        await own().sql(mended)


@pytest.mark.requirement("PGM-40")
async def test_doctor_finds_nothing_wrong_with_a_project_that_has_everything() -> None:
    address = SecretStr(own().database_url)
    found = await on_supabase(settings(own(), supabase_db_url=address))

    assert [one.what for one in found] == [
        *("Supabase", "clock", "signing key", "Supabase"),
        *("migrations", "bucket", "queue", "Supabase database"),
    ]
    assert {one.state for one in found} == {"ok"}


@pytest.mark.requirement("PGM-40")
async def test_doctor_says_so_on_the_command_line_and_masks_what_is_a_key(tmp_path: Path) -> None:
    env = {
        "STACKDOCS_SUPABASE_URL": own().url,
        "STACKDOCS_SUPABASE_PUBLISHABLE_KEY": own().publishable_key,
        "STACKDOCS_SUPABASE_SIGNING_KEY": json.dumps(own().key),
    }
    ran = await to_thread.run_sync(lambda: Shell(tmp_path / "data")("doctor", env=env))

    assert f"ok       Supabase: {own().url} answers" in ran.out
    assert f"all {len(known())} are there" in ran.out
    assert own().publishable_key not in ran.out
    assert own().key["d"] not in ran.out + ran.err


@pytest.mark.requirement("PGM-41")
async def test_doctor_tells_an_address_that_nobody_has_from_one_of_something_else() -> None:
    nobody = f"http://127.0.0.1:{free_port()}"

    found = await problems(settings(own(), supabase_url=nobody))
    other = await problems(settings(own(), supabase_url=own().rest_url))

    assert list(found) == list(other) == ["Supabase"]
    assert found["Supabase"].startswith(f"{nobody} cannot be reached")
    assert "answers with 404" in other["Supabase"]


@pytest.mark.requirement("PGM-41")
async def test_doctor_knows_a_publishable_key_that_the_project_refuses() -> None:
    wrong = "sb_publishable_of_another_project"
    found = await problems(settings(own(), supabase_publishable_key=wrong))

    assert list(found) == ["Supabase"]
    assert "refuses STACKDOCS_SUPABASE_PUBLISHABLE_KEY (****ject)" in found["Supabase"]
    assert wrong not in found["Supabase"]


@pytest.mark.requirement("PGM-41")
@pytest.mark.parametrize(
    ("kid", "said"),
    [
        ("another-key-of-ours", "does not know the key another-key"),
        ("tests-1", "has another key"),
    ],
)
async def test_doctor_compares_the_signing_key_with_those_that_the_project_trusts(
    kid: str, said: str
) -> None:
    key = new_key(kid)
    found = await problems(settings(own(), supabase_signing_key=SecretStr(json.dumps(key))))

    assert list(found) == ["signing key"]
    assert said in found["signing key"]
    assert key["d"] not in found["signing key"]


@pytest.mark.requirement("PGM-42")
@pytest.mark.parametrize(("ahead", "said"), [(100, "ahead of"), (-100, "behind")])
async def test_doctor_says_by_how_much_clocks_differ_and_asks_on(ahead: int, said: str) -> None:
    found = await on_supabase(settings(own()), lambda: time.time() + ahead)

    (clock,) = (one for one in found if one.what == "clock")
    assert clock.state == "problem"
    assert f" s {said} the project's" in clock.text
    assert [one.what for one in found if one.state == "problem"] == ["clock"]


@pytest.mark.requirement("PGM-43")
async def test_doctor_names_the_first_migration_that_is_missing() -> None:
    last = known()[-1]
    gone = f"delete from stackdocs.migrations where version = '{last.version}'"
    back = f"insert into stackdocs.migrations (version, name, sha256) values ('{last.version}', "
    async with broken(gone, f"{back}'{last.name}', '{last.sha256}')") as chosen:
        found = await problems(chosen)

    assert list(found) == ["migrations"]
    assert f"1 of {len(known())} are missing, the first is {last.label}" in found["migrations"]
    assert "`stackdocs-mcp migrate`" in found["migrations"]


@pytest.mark.requirement("PGM-43")
async def test_doctor_says_that_a_database_is_newer() -> None:
    later = "insert into stackdocs.migrations (version, name) values ('29990101000000', 'later')"
    undo = "delete from stackdocs.migrations where version = '29990101000000'"
    async with broken(later, undo) as chosen:
        found = await problems(chosen)

    assert list(found) == ["migrations"]
    assert "has version 29990101000000" in found["migrations"]


@pytest.mark.requirement("PGM-43")
async def test_doctor_tells_a_project_without_migrations_from_one_that_has_them() -> None:
    with running(migrated=False) as project:
        address = SecretStr(project.postgres.url())
        chosen = settings(project, supabase_db_url=address)
        before = await problems(chosen)
        await project.sql("alter event trigger pgrst_ddl_watch disable")
        for step in known():
            await project.sql(step.script)
        stale = await problems(chosen)
        await project.sql(RELOAD)
        with fail_after(30):
            while await problems(chosen):
                pass

    assert set(before) == {"migrations", "Supabase database"}
    assert "`stackdocs-mcp migrate`" in before["migrations"]
    assert set(stale) == {"migrations"}
    assert RELOAD in stale["migrations"]


@pytest.mark.requirement("PGM-44")
async def test_doctor_says_that_the_bucket_is_public_or_missing() -> None:
    name = "update storage.buckets set {} where id = '{}'"
    opened = (name.format("public = true", "documents"), name.format("public = false", "documents"))
    async with broken(*opened) as chosen:
        public = await problems(chosen)
    await own().clean()
    async with broken(name.format("id = 'x'", "documents"), name.format("id = 'documents'", "x")):
        lost = await problems(chosen)

    assert (list(public), list(lost)) == (["bucket"], ["bucket"])
    assert "is public" in public["bucket"]
    assert "there is no bucket 'documents'" in lost["bucket"]


@pytest.mark.requirement("PGM-44")
async def test_doctor_says_that_the_queue_is_missing_and_else_how_long_it_is() -> None:
    rename = "alter table pgmq.{} rename to {}"
    away, back = ("q_stackdocs_reading", "away"), ("away", "q_stackdocs_reading")
    async with broken(rename.format(*away), rename.format(*back)) as chosen:
        lost = await problems(chosen)
    said = {one.what: one.text for one in await on_supabase(chosen)}

    assert list(lost) == ["queue"]
    assert "Enable Queues" in lost["queue"]
    assert said["queue"].endswith("in it")


@pytest.mark.requirement("PGU-07")
async def test_doctor_says_that_documents_wait_and_nobody_reads_them() -> None:
    await own().clean()
    await own().sql(
        "select pgmq.send('stackdocs_reading', '{}'), pgmq.send('stackdocs_reading', '{}')"
    )
    queue = "update pgmq.q_stackdocs_reading set "
    fresh = await problems(settings(own()))
    await own().sql(f"{queue} enqueued_at = now() - interval '12 minutes'")
    alone = await problems(settings(own()))
    await own().sql(
        f"{queue} vt = now() + interval '1 minute' where msg_id = "
        "(select min(msg_id) from pgmq.q_stackdocs_reading)"
    )
    served = await problems(settings(own()))
    await own().clean()

    assert alone == {
        "queue": "2 documents wait since 12 min and nobody reads. Start `stackdocs-mcp worker`, "
        "or serve without --worker off."
    }
    assert fresh == served == {}


@pytest.mark.requirement("PGU-06")
async def test_doctor_says_nothing_of_what_a_lost_database_takes_with_it() -> None:
    own().postgrest.stop()
    try:
        found = await problems(settings(own()))
    finally:
        own().postgrest.start()

    assert set(found) == {"migrations"}
    assert "its database does not answer" in found["migrations"]


@pytest.mark.requirement("PGM-45")
async def test_doctor_says_what_the_address_of_the_database_gives_and_what_is_wrong_with_it() -> (
    None
):
    unset = {one.what: one for one in await on_supabase(settings(own()))}["Supabase database"]
    closed = SecretStr(f"postgresql://postgres:{SECRET}@127.0.0.1:{free_port()}/postgres")
    found = await problems(settings(own(), supabase_db_url=closed))

    assert unset.state == "ok"
    assert "`stackdocs-mcp migrate` needs it" in unset.text
    assert list(found) == ["Supabase database"]
    assert SECRET not in found["Supabase database"]


@pytest.mark.requirement("PGM-45")
async def test_doctor_says_that_no_project_is_used() -> None:
    (only,) = await on_supabase(Settings())

    assert (only.state, only.text) == ("ok", "not used: STACKDOCS_SUPABASE_URL is not set")
