"""Serving all stacks of this server to many users over streamable HTTP."""

import errno
import logging
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from math import ceil
from typing import Any

import anyio
import uvicorn
from mcp.server import Server, ServerRequestContext
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from starlette.types import ASGIApp

from stackdocs_mcp.core.binding import Binding
from stackdocs_mcp.core.errors import StoreFailed
from stackdocs_mcp.core.identity import Verifier
from stackdocs_mcp.http.admission import Admission
from stackdocs_mcp.http.arriving import Pace
from stackdocs_mcp.http.brake import Brake
from stackdocs_mcp.http.context import BINDING
from stackdocs_mcp.http.exports import Exports
from stackdocs_mcp.http.gate import Doors, Gate
from stackdocs_mcp.http.journal import Journal
from stackdocs_mcp.http.links import SealedLinks
from stackdocs_mcp.http.places import Addresses, hosts_of, origins_of
from stackdocs_mcp.http.rates import Rates
from stackdocs_mcp.http.redeeming import Redeeming
from stackdocs_mcp.http.uploads import Uploads
from stackdocs_mcp.server import connections
from stackdocs_mcp.server.app import build
from stackdocs_mcp.server.compose import App, now, running
from stackdocs_mcp.server.operations import needs
from stackdocs_mcp.server.storing import counters_of, logs_secret
from stackdocs_mcp.server.telemetry import observed
from stackdocs_mcp.server.verifying import verifier_of
from stackdocs_mcp.settings import BadSettings, Settings
from stackdocs_mcp.tools import TOOLS, select
from stackdocs_mcp.workspace import Shared, Workspace

log = logging.getLogger(__name__)

MAX_HEADERS = 32 * 1024
USUAL = connections.Patience()

Extended = Callable[[Server[Any]], Server[Any]]


async def serve_http(settings: Settings) -> None:
    """Serve until cancelled; calls that have begun are finished first.

    Raises BadSettings when the address cannot be used.
    """
    with listening(settings) as bound, observed(settings):
        async with anyio.create_task_group() as tasks:
            ending = anyio.Event()
            tasks.start_soon(_when_cancelled, ending.set)
            # Whoever cancels this ends no call that has begun: all that it needs goes on as well.
            with anyio.CancelScope(shield=True):
                await _serve_until(ending, settings, bound)
                log.info("stopped")
            tasks.cancel_scope.cancel()


async def _serve_until(ending: anyio.Event, settings: Settings, bound: socket.socket) -> None:
    port = bound.getsockname()[1]
    async with running(settings) as app, gate_of(app, port) as gate:
        log.info("serving HTTP on %s", _announced(settings, port))
        patience = connections.Patience(most=connections.room())
        await run(gate, bound, app.shared.listeners.close, patience, ending)


@asynccontextmanager
async def gate_of(
    app: App,
    port: int,
    *,
    verifier: Verifier | None = None,
    extended: Extended | None = None,
    stateless: bool = True,
    pace: Pace | None = None,
) -> AsyncIterator[Gate]:
    """The whole of HTTP in front of a running product, as one ASGI application.

    ``extended`` may add handlers to the server, and without ``stateless`` clients of 2025-11-25 get
    sessions, so that the server can ask them something: both are for tests of the protocol.
    ``pace`` is how slowly files may come.
    """
    settings = app.settings
    addresses = Addresses(public_of(settings, port))
    links = SealedLinks(app.shared.cursors, addresses, now)
    shared = replace(app.shared, links=links)
    tools = select(settings.toolset, read_only=settings.read_only, links=True)
    server = build(tools, lambda context: _bound(shared, context))
    if extended is not None:
        server = extended(server)
    # One transport per request in both eras: any replica answers any request of a client.
    manager = StreamableHTTPSessionManager(
        server,
        stateless=stateless,
        # Host and Origin are the gate's: the SDK would look after the token was accepted.
        security_settings=TransportSecuritySettings(enable_dns_rebinding_protection=False),
    )
    journal = Journal(logs_secret(settings), TOOLS)
    verifier = verifier or verifier_of(settings)
    counters = counters_of(settings, app.store)
    rates = Rates(counters, settings.rate_per_second, settings.rate_burst)
    admission = Admission(rates, settings.calls_at_once)
    redeeming = Redeeming(app.store, admission, journal, read_only=settings.read_only)
    uploads = Uploads(shared, links, redeeming, clock=now, pace=pace)
    try:
        async with manager.run(), anyio.create_task_group() as tasks:
            tasks.start_soon(app.read_everything)
            yield Gate(
                Doors(
                    mcp=manager.handle_request,
                    documents=uploads.documents,
                    upload=uploads.put,
                    export=Exports(shared, links, redeeming).get,
                    ready=lambda: _ready(app),
                    needs=needs(tools),
                ),
                store=app.store,
                verifier=verifier,
                admission=admission,
                addresses=addresses,
                hosts=hosts_of(addresses.public, port),
                origins=origins_of(addresses.public, port) | set(settings.allowed_origins),
                journal=journal,
                brake=Brake(settings.refusals_per_second),
                read_only=settings.read_only,
            )
            tasks.cancel_scope.cancel()
    finally:
        with anyio.CancelScope(shield=True):
            await verifier.close()
            await counters.close()


def public_of(settings: Settings, port: int) -> str:
    """The address that clients know this server by, with the port that it really has."""
    return settings.model_copy(update={"port": port}).address


def _announced(settings: Settings, port: int) -> str:
    """Where the server listens, and what clients call that if it is something else."""
    here = public_of(settings.model_copy(update={"public_url": None}), port)
    public = public_of(settings, port)
    return here if public == here else f"{here} for clients of {public}"


@contextmanager
def listening(settings: Settings) -> Iterator[socket.socket]:
    """The socket that connections come to. Raises BadSettings for an address that is not free."""
    try:
        bound = connections.listen(settings.host, settings.port)
    except OSError as error:
        where = f"{settings.host} port {settings.port}"
        taken = "is in use by another program; choose another (--port)"
        why = taken if error.errno == errno.EADDRINUSE else "cannot be used"
        raise BadSettings([f"STACKDOCS_PORT (--port): {where} {why}"]) from error
    with bound:
        yield bound


async def run(
    gate: ASGIApp,
    bound: socket.socket,
    closing: Callable[[], None] = lambda: None,
    patience: connections.Patience = USUAL,
    ending: anyio.Event | None = None,
) -> None:
    """Serve the gate on the socket until ``ending`` or cancelled.

    ``closing`` is called then, so that what would be open for hours ends at once, and properly.
    What has begun comes to its end, or is cancelled when there is no more patience.
    """
    config = uvicorn.Config(
        gate,
        http=connections.Connection,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=ceil(patience.idle),
        timeout_graceful_shutdown=ceil(patience.drain),
        h11_max_incomplete_event_size=MAX_HEADERS,
    )
    server = _Server(config)
    server.server_state = connections.Crowd(patience)
    async with anyio.create_task_group() as tasks:

        async def stop() -> None:
            try:
                await (ending.wait() if ending else anyio.sleep_forever())
            finally:
                closing()
                server.should_exit = True

        tasks.start_soon(stop)
        with anyio.CancelScope(shield=True):
            await server.serve([bound])
        tasks.cancel_scope.cancel()


async def _when_cancelled(told: Callable[[], None]) -> None:
    try:
        await anyio.sleep_forever()
    finally:
        told()


class _Server(uvicorn.Server):
    """Signals are heard by the command line, which ends this as it ends everything."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _bound(shared: Shared, context: ServerRequestContext[Any]) -> Workspace:
    """The workspace of the request's own binding; without one nothing is served."""
    request = context.request
    binding = None if request is None else request.scope.get(BINDING)
    assert isinstance(binding, Binding), "a request came past the gate"
    return shared.workspace(binding)


async def _ready(app: App) -> bool:
    try:
        await app.store.ready()
    except StoreFailed:
        return False
    return True
