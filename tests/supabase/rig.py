"""A whole project, as real as it can be had without Supabase: see the modules beside this."""

import contextlib
import json
import shutil
import sys
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import Any

import anyio
import asyncpg
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from stackdocs_mcp.stores.supabase.migrating import connected, migrate
from stackdocs_mcp.stores.supabase.project import SigningKey
from tests.supabase.gateway import PUBLISHABLE
from tests.supabase.postgres import Postgres, Server, free_port, owned_folder, postgrest

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
PGMQ = "pgmq.sql"
EMPTY = "empty_project"
"""A database as a project has it before anything of ours is in it, to be copied."""


class Rig:
    """Postgres, PostgREST and the gateway before them; the program's own migrations applied."""

    def __init__(self, *, durable: bool = False, migrated: bool = True) -> None:
        self._migrated = migrated
        self.folder = owned_folder()
        self.place: Path | None = None
        """The folder of the processes whose data is in it."""
        self.postgres = Postgres(self.folder, durable=durable)
        self.key = new_key("tests-1")
        ports = (free_port(), free_port(), free_port())
        rest_port, admin_port, gateway_port = ports
        self.postgrest = postgrest(
            self.folder,
            self.postgres.url("authenticator", "authenticator"),
            self.jwks,
            rest_port,
            admin_port,
        )
        self.url = f"http://127.0.0.1:{gateway_port}"
        self.rest_url = f"http://127.0.0.1:{rest_port}"
        self.publishable_key = PUBLISHABLE
        storage = {
            "database": self.postgres.url("authenticator", "authenticator"),
            "admin": self.postgres.url(),
            "files": str(self.folder / "objects"),
        }
        config = {"port": gateway_port, "rest": self.rest_url, "jwks": self.jwks}
        config["storage"] = storage
        self.gateway = Server(
            [sys.executable, "-m", "tests.supabase.gateway", json.dumps(config)],
            self._gateway_answers,
            self.folder / "gateway.log",
            {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "PYTHONPATH": str(ROOT)},
            own=True,
        )

    @property
    def database_url(self) -> str:
        """As its superuser."""
        return self.postgres.url()

    @property
    def jwks(self) -> dict[str, Any]:
        """What the project trusts: the public part of the key."""
        public = {name: part for name, part in self.key.items() if name != "d"}
        return {"keys": [public]}

    @cached_property
    def signing_key(self) -> SigningKey:
        return SigningKey(json.dumps(self.key))

    def start(self) -> None:
        """Everything up, with an empty store."""
        self.postgres.server.start()
        with ThreadPoolExecutor(1) as thread:  # whoever starts it may be in a loop already
            thread.submit(anyio.run, self._prepare).result()
        self.postgrest.start()
        self.gateway.start()

    def stop(self) -> None:
        for server in (self.gateway, self.postgrest, self.postgres.server):
            server.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    async def sql(self, text: str, *values: object) -> list[asyncpg.Record]:
        """As the database's superuser, whom no policy holds."""
        connection = await asyncpg.connect(self.postgres.url())
        try:
            if values:
                return list(await connection.fetch(text, *values))
            if text.lstrip().lower().startswith(("select", "with", "table")):
                return list(await connection.fetch(text))
            await connection.execute(text)
            return []
        finally:
            await connection.close()

    async def clean(self) -> None:
        """Nothing of any user left; what migrations wrote stays.

        Rows are deleted: after a truncate each of PostgREST's connections plans its statements anew
        in every test.
        """
        await self.sql(EMPTIED)

    async def _prepare(self) -> None:
        import pgmq

        await self.sql((HERE / "platform.sql").read_text("utf-8"))
        await self.sql((Path(pgmq.__file__).parent / "sql" / PGMQ).read_text("utf-8"))
        await self.sql(f"create database {EMPTY} template postgres")
        if self._migrated:
            async with connected(self.postgres.url()) as connection:
                await migrate(connection)

    def _gateway_answers(self) -> bool:
        try:
            address = f"{self.url}/auth/v1/.well-known/jwks.json"
            with urllib.request.urlopen(address, timeout=1) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False


def new_key(kid: str) -> dict[str, str]:
    """A private ES256 key as a JSON Web Key."""
    made = json.loads(ECAlgorithm.to_jwk(ec.generate_private_key(ec.SECP256R1())))
    made.pop("key_ops", None)
    return {**made, "kid": kid, "alg": "ES256", "use": "sig"}


@contextlib.contextmanager
def running(*, durable: bool = False, migrated: bool = True) -> Iterator[Rig]:
    """A rig that is stopped at the end, also when it did not come up."""
    rig = Rig(durable=durable, migrated=migrated)
    try:
        rig.start()
        yield rig
    finally:
        rig.stop()


TABLES = """
    select format('%I.%I', schemaname, tablename) as name from pg_catalog.pg_tables
    where (schemaname = 'stackdocs' and tablename <> 'migrations')
        or (schemaname = 'public' and tablename in
            ('stacks', 'documents', 'extractions', 'ocr_results'))
        or (schemaname = 'pgmq' and tablename ~ '^[qa]_')
"""
"""Those that have rows of users, but for Storage's own."""
EMPTIED = f"""
set session_replication_role = replica;
do $$
declare
    one record;
begin
    for one in {TABLES} order by name loop -- and not before all transactions on it have ended
        execute format('lock table %1$s in access exclusive mode; delete from %1$s', one.name);
    end loop;
    delete from storage.objects;
end
$$
"""
