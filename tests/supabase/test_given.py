"""A project that was given to the tests, and one that they must not touch."""

import json

import anyio
import pytest

from tests.stores.builders import ALICE
from tests.supabase import shared
from tests.supabase.given import NEEDED, PREFIX, Given, NotOurs

pytestmark = pytest.mark.anyio


def named() -> dict[str, str]:
    """The shared project, as somebody would give it."""
    project = shared.rig()
    values = (project.url, project.publishable_key, json.dumps(project.key), project.database_url)
    given = {PREFIX + name: value for name, value in zip(NEEDED, values, strict=True)}
    return {**given, f"{PREFIX}EMPTY": "1"}


@pytest.mark.requirement("PGW-23")
@pytest.mark.parametrize("left", [*NEEDED, "EMPTY"])
def test_a_project_is_used_only_where_all_of_it_was_said(left: str) -> None:
    with pytest.raises(NotOurs, match=PREFIX + left):
        Given({**named(), PREFIX + left: ""})


@pytest.mark.requirement("PGW-23")
async def test_a_project_with_a_stack_of_somebodys_is_refused_untouched() -> None:
    await shared.rig().clean()
    given = Given(named())
    await given.check()
    insert = (
        "insert into public.stacks (user_id, name, policy, created_at) values ($1, 'x', '', now())"
    )
    await given.sql(insert, ALICE)
    before = await anyio.to_thread.run_sync(shared.digest)

    with pytest.raises(NotOurs, match="has stacks in it"):
        await given.check()

    assert await anyio.to_thread.run_sync(shared.digest) == before
    await given.clean()
    await given.check()
