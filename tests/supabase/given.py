"""A hosted project, or one of `supabase start`, in place of the one that the tests start.

Named by STACKDOCS_TEST_SUPABASE_URL, _PUBLISHABLE_KEY, _SIGNING_KEY (the JSON Web Key) and _DB_URL
(as its ``postgres`` user); migrated before. **The tests empty it**: every row of this program's
tables in the schemas ``public`` and ``stackdocs``, and of its queue. So a project with a stack in
it is refused, and each needs STACKDOCS_TEST_SUPABASE_EMPTY=1. Files in the bucket ``documents``
stay: Storage alone may remove them. What breaks a project, and looks at how one is made, has one of
its own all the same.
"""

import json
import os
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

import asyncpg

from stackdocs_mcp.stores.supabase.project import SigningKey
from tests.supabase.rig import TABLES

PREFIX = "STACKDOCS_TEST_SUPABASE_"
NEEDED = ("URL", "PUBLISHABLE_KEY", "SIGNING_KEY", "DB_URL")
_EMPTIED = f"""
do $$
begin
    execute (select 'truncate ' || string_agg(name, ', ') || ' cascade' from ({TABLES}) as one);
end
$$
"""


class NotOurs(AssertionError):
    """The project cannot be used for tests: a failure of the run, and nothing was touched."""


class Given:
    """A project that somebody else runs."""

    def __init__(self, named: Mapping[str, str]) -> None:
        missing = [PREFIX + one for one in NEEDED if not named.get(PREFIX + one)]
        if missing:
            raise NotOurs(f"not set: {', '.join(missing)}")
        if named.get(f"{PREFIX}EMPTY") != "1":
            raise NotOurs(f"the tests empty the project: set {PREFIX}EMPTY=1 where that is right")
        self.url, self.publishable_key, key, self.database_url = (
            named[PREFIX + one] for one in NEEDED
        )
        self.key: dict[str, str] = json.loads(key)
        self.place: Path | None = None

    @cached_property
    def signing_key(self) -> SigningKey:
        return SigningKey(json.dumps(self.key))

    async def check(self) -> None:
        """Raise NotOurs for a project that has a stack: it is in use."""
        if await self.sql("select 1 from public.stacks limit 1"):
            raise NotOurs("the project has stacks in it; give the tests one that is empty")

    async def sql(self, text: str, *values: object) -> list[asyncpg.Record]:
        """As the project's ``postgres`` user."""
        connection = await asyncpg.connect(self.database_url)
        try:
            if values or text.lstrip().lower().startswith(("select", "with", "table")):
                return list(await connection.fetch(text, *values))
            await connection.execute(text)
            return []
        finally:
            await connection.close()

    async def clean(self) -> None:
        """Nothing of any user left but files."""
        await self.sql(_EMPTIED)


def is_given() -> bool:
    return bool(os.environ.get(f"{PREFIX}URL"))
