"""Statements in the name of somebody, as PostgREST has them made, without what the program adds."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from stackdocs_mcp.core.binding import Binding
from stackdocs_mcp.stores.supabase.project import Caller, PgRole
from tests.supabase.shared import rig


@asynccontextmanager
async def acting(
    binding: Binding, role: PgRole = "authenticated", *, calling: bool = True
) -> AsyncIterator[asyncpg.Connection]:
    """A transaction with the binding's token, undone at the end unless it was committed.

    ``calling`` is what functions of the program say before they write; tables are written in no
    other way.
    """
    caller = Caller.of(binding, role)
    claims = {"sub": caller.user, "stack_id": caller.stack, "rights": caller.rights, "stackdocs": 1}
    connection = await asyncpg.connect(rig().database_url)
    try:
        await connection.execute("begin")
        await connection.fetch(
            "select set_config('request.jwt.claims', $1, true)", json.dumps(claims)
        )
        if calling:
            await connection.fetch("select set_config('stackdocs.call', 'on', true)")
        await connection.execute(f"set local role {role}")
        yield connection
    finally:
        await connection.close()
