"""Supabase Storage as far as the program meets it, written from how the hosted service answers.

Who may do what is not decided here: each request asks real Postgres, as the token's role and with
its claims, so that the project's own policies on ``storage.objects`` decide. What is changed is
tried so, undone, and then done with the service's own rights, as the hosted one does it: an upload
before its bytes have come, a removal under the lock of the rows it is about.
Bytes are files on disk. Every refusal is HTTP 400, with its true status in the body.
"""

import asyncio
import json
import re
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import jwt
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

_KEY = re.compile(r"[A-Za-z0-9_/!\-.*'() &$@=;:+,?]+")
_AS = "select set_config('role', $1, true), set_config('request.jwt.claims', $2, true)"
_MAY_DELETE = "set local storage.allow_delete_query = 'true'"
_INSERT = """
insert into storage.objects (bucket_id, name, owner_id, version, metadata, user_metadata)
values ($1, $2, $3, $4, $5, '{}')
"""
_COMPLETE = f"""
{_INSERT} on conflict (bucket_id, name) do update
    set version = excluded.version, metadata = excluded.metadata
returning id, (select o.version from storage.objects as o
    where o.bucket_id = $1 and o.name = $2) as before
"""
_LOCK = """
select id from storage.objects where bucket_id = $1 and name = any ($2) order by name for update
"""
_FIND = "select version, metadata from storage.objects where bucket_id = $1 and name = $2"
_LIST = """
select substr(name, length($2) + 1) as name, id, updated_at, created_at, metadata
from storage.objects where bucket_id = $1 and starts_with(name, $2)
order by name limit $3 offset $4
"""
_MAY_REMOVE = "delete from storage.objects where bucket_id = $1 and name = any ($2) returning id"
_REMOVE = """
delete from storage.objects where id = any ($1)
returning bucket_id, name, id, version, created_at, updated_at, metadata
"""


class Refusal(Exception):
    """What the service answers instead."""

    def __init__(self, status: int, error: str, message: str, code: str) -> None:
        super().__init__(code)
        self.body = {"statusCode": str(status), "error": error, "message": message, "code": code}


def no_bucket() -> Refusal:
    return Refusal(404, "Bucket not found", "Bucket not found", "NoSuchBucket")


def no_object() -> Refusal:
    return Refusal(404, "not_found", "Object not found", "NoSuchKey")


def denied(message: str) -> Refusal:
    return Refusal(403, "Unauthorized", message, "AccessDenied")


class Cut(Response):
    """An answer that breaks off after half of what it said it has."""

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        headers = [(b"content-length", str(2 * len(self.body) + 2).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": bytes(self.body)})


class Weather:
    """What is wrong with the service, for so many requests; set by tests over HTTP."""

    def __init__(self) -> None:
        self.kind = "fine"
        self.left = 0
        self.seen: list[str] = []

    async def set(self, request: Request) -> Response:
        given = await request.json()
        self.kind, self.left, self.seen = given["kind"], given["times"], []
        return JSONResponse({})

    async def told(self, _: Request) -> Response:
        """The requests since it was set: method and path."""
        return JSONResponse(self.seen)

    def strikes(self, *kinds: str) -> bool:
        if self.left <= 0 or self.kind not in kinds:
            return False
        self.left -= 1
        return True


class Service:
    """One project's Storage."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        """``config``: ``database`` for requests, ``admin`` for buckets, ``files``, ``jwks``,
        and the ``secret`` key, whose bearer no policy holds."""
        self._config = config
        self._keys = {one["kid"]: jwt.PyJWK(one).key for one in config["jwks"]["keys"]}
        self._folder = Path(config["files"])
        self._folder.mkdir(exist_ok=True)
        self._pools: dict[str, asyncpg.Pool] = {}
        self._opening = asyncio.Lock()
        self.weather = Weather()

    def routes(self) -> list[BaseRoute]:
        """Below ``/storage/v1``; the more particular first."""
        name, held = "/{bucket}/{name:path}", self._held
        return [
            Route("/bucket/{bucket}", held(self._bucket)),
            Route("/object/list/{bucket}", held(self._list), methods=["POST"]),
            Route(f"/object/authenticated{name}", held(self._download)),
            Route(f"/object{name}", held(self._upload), methods=["POST"]),
            Route(f"/object{name}", held(self._download, lenient=True)),
            Route("/object/{bucket}", held(self._remove), methods=["DELETE"]),
        ]

    def _held(
        self, work: Callable[[Request, "Asking"], Awaitable[Response]], *, lenient: bool = False
    ) -> Callable[[Request], Awaitable[Response]]:
        """Lenient routes look among what is public for whoever has no good token."""

        async def handler(request: Request) -> Response:
            self.weather.seen.append(f"{request.method} {request.url.path}")
            if self.weather.strikes("down"):
                return JSONResponse({"message": "name resolution failed"}, 503)
            if self.weather.strikes("confused"):
                return JSONResponse(no_bucket().body, 400)
            if self.weather.strikes("silent"):
                await _left(request)
            try:
                answer = await work(request, self._asking(request, lenient=lenient))
            except Refusal as refusal:
                return JSONResponse(refusal.body, 400)
            if self.weather.strikes("lossy"):
                return Cut(b"half")
            return answer

        return handler

    def _asking(self, request: Request, *, lenient: bool) -> "Asking":
        try:
            return Asking(self, self._claims(request.headers.get("authorization", "")))
        except Refusal:
            if lenient:
                raise no_bucket() from None
            raise

    def _claims(self, authorization: str) -> dict[str, Any]:
        kind, _, token = authorization.partition(" ")
        if kind.lower() != "bearer":
            message = "headers must have required property 'authorization'"
            raise Refusal(400, "Error", message, "InvalidRequest")
        if token == self._config["secret"]:
            return {"role": "service_role"}
        try:
            kid = jwt.get_unverified_header(token).get("kid")
            key = self._keys.get(kid)
            if key is None:
                raise denied("no applicable key found in the JSON Web Key Set")
            return dict(jwt.decode(token, key, ["ES256"], options={"verify_aud": False}))
        except jwt.ExpiredSignatureError:
            raise denied('"exp" claim timestamp check failed') from None
        except jwt.PyJWTError:
            raise denied("signature verification failed") from None

    async def pool(self, name: str) -> asyncpg.Pool:
        """Connections to the ``database`` for requests, or as ``admin``."""
        async with self._opening:
            if name not in self._pools:
                self._pools[name] = await asyncpg.create_pool(
                    self._config[name], min_size=0, max_size=8, init=_speaks_json
                )
            return self._pools[name]

    @asynccontextmanager
    async def itself(self) -> AsyncIterator[asyncpg.Connection]:
        """A transaction of the service's own, whom no policy holds."""
        pool = await self.pool("admin")
        async with pool.acquire() as connection, connection.transaction():
            await connection.execute(_MAY_DELETE)
            yield connection

    async def bucket(self, bucket: str) -> asyncpg.Record:
        """As the service itself sees it."""
        admin = await asyncpg.connect(self._config["admin"])
        try:
            found = await admin.fetchrow("select * from storage.buckets where id = $1", bucket)
        finally:
            await admin.close()
        if found is None:
            raise no_bucket()
        return found

    # --- what it does ---------------------------------------------------------------------------

    async def _bucket(self, request: Request, asking: "Asking") -> Response:
        async with asking.begun() as connection:
            found = await connection.fetchrow(
                "select * from storage.buckets where id = $1", request.path_params["bucket"]
            )
        if found is None:
            raise no_bucket()
        return _json({**found, "owner": ""})

    async def _upload(self, request: Request, asking: "Asking") -> Response:
        bucket, name = request.path_params["bucket"], request.path_params["name"]
        if not _KEY.fullmatch(name):
            raise Refusal(400, "InvalidKey", f"Invalid key: {name}", "InvalidKey")
        limits = await self.bucket(bucket)
        row = (bucket, name, asking.claims.get("sub"), str(uuid.uuid4()))
        async with asking.begun() as connection:  # may it, before the bytes are taken
            await connection.execute(_INSERT, *row, {})
        version, size, kind = await self._taken(request, limits)
        about = {"size": size, "mimetype": kind, "cacheControl": "no-cache"}
        async with self.itself() as connection:  # nobody is asked again when they are there
            made = await connection.fetchrow(_COMPLETE, *row[:3], version, about)
        if made["before"] is not None:
            (self._folder / made["before"]).unlink(missing_ok=True)
        return JSONResponse({"Key": f"{bucket}/{name}", "Id": str(made["id"])})

    async def _taken(self, request: Request, limits: asyncpg.Record) -> tuple[str, int, str]:
        """The body's bytes as a file: its name here, its size and what it says it is."""
        version, size = str(uuid.uuid4()), 0
        kind, body = request.headers.get("content-type", ""), request.stream()
        if kind.startswith("multipart/form-data"):
            sent = (await request.form()).values()
            (part,) = [one for one in sent if isinstance(one, UploadFile)]
            kind, body = part.content_type or "", _read(part)
        allowed, most = limits["allowed_mime_types"], limits["file_size_limit"]
        if allowed and kind not in allowed:
            message = f"mime type {kind} is not supported"
            raise Refusal(415, "invalid_mime_type", message, "InvalidMimeType")
        with (self._folder / version).open("wb") as file:
            async for piece in body:
                size += len(piece)
                if most is not None and size > most:
                    message = "The object exceeded the maximum allowed size"
                    raise Refusal(413, "Payload too large", message, "EntityTooLarge")
                file.write(piece)
        return version, size, kind

    async def _download(self, request: Request, asking: "Asking") -> Response:
        await self.bucket(request.path_params["bucket"])
        async with asking.begun() as connection:
            bucket, name = request.path_params["bucket"], request.path_params["name"]
            found = await connection.fetchrow(_FIND, bucket, name)
        if found is None:
            raise no_object()
        path = self._folder / found["version"]
        if self.weather.strikes("damaged"):
            return Response(path.read_bytes()[::-1])
        return FileResponse(path, media_type=found["metadata"]["mimetype"])

    async def _list(self, request: Request, asking: "Asking") -> Response:
        """Of one folder; keys of ours have no deeper ones."""
        bucket, asked = request.path_params["bucket"], await request.json()
        await self.bucket(bucket)
        prefix = f"{asked['prefix'].rstrip('/')}/"
        async with asking.begun() as connection:
            rows = await connection.fetch(
                _LIST, bucket, prefix, asked.get("limit", 100), asked.get("offset", 0)
            )
        return _json([dict(row) for row in rows])

    async def _remove(self, request: Request, asking: "Asking") -> Response:
        bucket = request.path_params["bucket"]
        await self.bucket(bucket)
        names = (await request.json())["prefixes"]
        async with self.itself() as connection:
            await connection.fetch(_LOCK, bucket, names)
            async with asking.becoming(connection):  # what may it
                those = await connection.fetch(_MAY_REMOVE, bucket, names)
            rows = await connection.fetch(_REMOVE, [row["id"] for row in those])
            for row in rows:
                (self._folder / row["version"]).unlink(missing_ok=True)
        return _json([dict(row) for row in rows])


class Asking:
    """Whoever a token says, in transactions of their own."""

    def __init__(self, service: Service, claims: dict[str, Any]) -> None:
        self._service = service
        self.claims = claims

    @asynccontextmanager
    async def begun(self) -> AsyncIterator[asyncpg.Connection]:
        pool = await self._service.pool("database")
        async with pool.acquire() as connection, self.becoming(connection):
            yield connection

    @asynccontextmanager
    async def becoming(self, connection: asyncpg.Connection) -> AsyncIterator[None]:
        """A transaction as whoever asks, or a part of one; what it does is undone."""
        transaction = connection.transaction()
        await transaction.start()
        try:
            role = self.claims.get("role", "anon")
            await connection.execute(_MAY_DELETE)
            await connection.execute(_AS, role, json.dumps(self.claims))
            yield
        except asyncpg.UniqueViolationError:
            message = "The resource already exists"
            raise Refusal(409, "Duplicate", message, "KeyAlreadyExists") from None
        except asyncpg.InsufficientPrivilegeError:
            raise denied("new row violates row-level security policy") from None
        finally:
            await transaction.rollback()


async def _speaks_json(connection: asyncpg.Connection) -> None:
    await connection.set_type_codec(
        "jsonb", encoder=json.dumps, decoder=json.loads, schema="pg_catalog"
    )


async def _left(request: Request) -> None:
    """Returns when whoever asked has given up."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def _read(part: UploadFile) -> AsyncGenerator[bytes, None]:
    while piece := await part.read(1 << 16):
        yield piece


def _json(rows: object) -> Response:
    return Response(json.dumps(rows, default=str), media_type="application/json")
