"""Databases of their own in the shared cluster: as a project has them before ours, or migrated."""

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from tests.supabase.rig import EMPTY
from tests.supabase.shared import own


@asynccontextmanager
async def database(template: str = EMPTY) -> AsyncIterator[str]:
    """The address of a new one, which is gone afterwards, whoever is connected."""
    name = f"d_{uuid.uuid4().hex}"
    await own().sql(f"create database {name} template {template}")
    try:
        yield own().postgres.url(database=name)
    finally:
        await own().sql(f"drop database {name} with (force)")


@asynccontextmanager
async def superuser(url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection that no policy holds."""
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()


def with_user(url: str, user: str, password: str = "") -> str:
    parts = urlsplit(url)
    secret = f":{password}" if password else ""
    host = f"{user}{secret}@{parts.hostname}:{parts.port}"
    return urlunsplit(parts._replace(netloc=host))
