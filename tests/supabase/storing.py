"""The project's Storage as a test meets it: with tokens of its own making, in any weather."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from stackdocs_mcp.core.binding import Binding, Role, UserId
from stackdocs_mcp.core.stack import Stack
from stackdocs_mcp.stores.supabase.objects import key_of
from stackdocs_mcp.stores.supabase.project import Caller, Minter
from stackdocs_mcp.stores.supabase.store import SupabaseStore, open_store
from tests.stores.builders import SteppingClock, digest
from tests.supabase.shared import rig

TEXT = "some bytes"
CONTENT = TEXT.encode()
SHA256 = digest(TEXT)


@asynccontextmanager
async def opened(folder: Path, **given: Any) -> AsyncIterator[SupabaseStore]:
    """A store in the shared project, which is empty; as a process of its own would open it."""
    await rig().clean()
    await weather("fine", 0)
    store = await another(folder, **given)
    try:
        yield store
    finally:
        await store.close()


async def another(folder: Path, **given: Any) -> SupabaseStore:
    """One more process in the same project."""
    project = rig()
    keys = (project.publishable_key, project.signing_key)
    return await open_store(project.url, *keys, clock=SteppingClock(), folder=folder, **given)


async def weather(kind: str, times: int = 10_000) -> None:
    """What is wrong with the next requests to Storage; see ``storage_service.Weather``."""
    async with httpx.AsyncClient() as http:
        told = {"kind": kind, "times": times}
        await http.post(f"{rig().url}/tests/storage", json=told)


async def seen() -> list[str]:
    """All requests that the project got since the weather was set: method and path."""
    async with httpx.AsyncClient() as http:
        return list((await http.get(f"{rig().url}/tests/storage")).json())


async def asked(caller: Caller, method: str, path: str, **given: Any) -> tuple[int, Any]:
    """What Storage answers to a request that no code of the program had a part in."""
    project = rig()
    token = Minter(project.signing_key).token(caller)
    headers = {"apikey": project.publishable_key, "Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=f"{project.url}/storage/v1/", headers=headers) as http:
        answer = await http.request(method, path, **given)
    kind = answer.headers.get("content-type", "")
    return answer.status_code, answer.json() if "json" in kind else answer.content


async def sends(caller: Caller, key: str, content: bytes = CONTENT) -> bool:
    """Whether an upload to this key is taken."""
    status, _ = await asked(caller, "POST", f"object/documents/{key}", content=content)
    return status == 200


async def gets(caller: Caller, key: str) -> bytes | None:
    """What a download of this key gives; None where it is refused."""
    status, got = await asked(caller, "GET", f"object/authenticated/documents/{key}")
    return got if status == 200 else None


async def lists(caller: Caller, folder: str) -> list[str]:
    """The names in a folder."""
    _, got = await asked(caller, "POST", "object/list/documents", json={"prefix": folder})
    return [one["name"] for one in got]


async def removes(caller: Caller, *keys: str) -> int:
    """How many of these are removed."""
    _, got = await asked(caller, "DELETE", "object/documents", json={"prefixes": [*keys]})
    return len(got)


async def objects() -> list[str]:
    """The keys of all objects there are, in whatever bucket."""
    rows = await rig().sql("select name from storage.objects order by name")
    return [row["name"] for row in rows]


def member(user: UserId, stack: Stack, role: Role = Role.OWNER) -> Caller:
    """Somebody with all rights of the role in the stack, as the database is told of them."""
    return Caller.of(Binding(user, stack.id, role.rights))


def key(stack: Stack, text: str = TEXT) -> str:
    return key_of(stack.id, digest(text))
