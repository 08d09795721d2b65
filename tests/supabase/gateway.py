"""What stands before a Supabase project's services: one address, keys checked, each path its own.

A process of its own, started with one JSON argument. PostgREST's answers pass unchanged.
"""

import json
import sys
from typing import Any
from urllib.parse import urlsplit

import httpcore
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import Receive, Scope, Send

from tests.supabase.storage_service import Service

PUBLISHABLE = "sb_publishable_tests"
SECRET = "sb_secret_tests"
"""Storage takes it as ``service_role``; nothing else here does, since the program has none."""
_HOP = frozenset(
    {
        *(b"connection", b"keep-alive", b"transfer-encoding", b"te", b"trailer", b"upgrade"),
        *(b"host", b"content-length", b"apikey"),
    }
)
_PATIENCE = dict.fromkeys(("connect", "read", "write", "pool"), 30.0)
_METHODS = ["GET", "HEAD", "POST", "PATCH", "PUT", "DELETE", "OPTIONS"]


def refusal(request: Request, *keys: str) -> Response | None:
    """A gateway lets nobody in without one of the project's own keys."""
    if request.headers.get("apikey") in {PUBLISHABLE, *keys}:
        return None
    told = {"message": "Invalid API key", "hint": "Double check your Supabase API key."}
    return JSONResponse(told, 401)


def application(config: dict[str, Any]) -> Starlette:
    storage = Service(config | config["storage"] | {"secret": SECRET})
    http = httpcore.AsyncConnectionPool(max_connections=64, max_keepalive_connections=64)

    async def rest(request: Request) -> Response:
        if (refused := refusal(request)) is not None:
            return refused
        storage.weather.seen.append(f"{request.method} {request.url.path}")
        url = f"{config['rest']}/{request.path_params['path']}"
        if request.url.query:
            url += f"?{request.url.query}"
        body = await request.body()
        sent = [
            *((name, value) for name, value in request.headers.raw if name not in _HOP),
            *((b"host", urlsplit(url).netloc.encode()), (b"content-length", b"%d" % len(body))),
        ]
        try:
            answer = await http.request(
                request.method, url, headers=sent, content=body, extensions={"timeout": _PATIENCE}
            )
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException):
            told = {"message": "name resolution failed"}  # as Kong says when its upstream is gone
            return JSONResponse(told, 503)
        given = Response(answer.content, answer.status)
        given.raw_headers += [
            (name.lower(), value) for name, value in answer.headers if name.lower() not in _HOP
        ]
        return given

    async def jwks(_: Request) -> Response:
        return JSONResponse(config["jwks"], headers={"cache-control": "public, max-age=600"})

    guarded = Starlette(routes=storage.routes())

    async def stored(scope: Scope, receive: Receive, send: Send) -> None:
        answer = refusal(Request(scope), SECRET) or guarded
        await answer(scope, receive, send)

    routes: list[BaseRoute] = [
        Mount("/storage/v1", stored),
        Route("/tests/storage", storage.weather.set, methods=["POST"]),
        Route("/tests/storage", storage.weather.told),
        Route("/auth/v1/.well-known/jwks.json", jwks),
        Route("/rest/v1/{path:path}", rest, methods=_METHODS),
    ]
    return Starlette(routes=routes)


if __name__ == "__main__":
    given = json.loads(sys.argv[1])
    uvicorn.run(
        application(given),
        host="127.0.0.1",
        port=given["port"],
        log_level="warning",
        lifespan="off",
    )
