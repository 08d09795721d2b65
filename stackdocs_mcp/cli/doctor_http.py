"""``doctor`` on serving over HTTP: the address, the port, whose tokens count, where spans go.

Nobody is contacted but this machine's own port, for a second at most.
"""

import importlib.util
import os
import socket
from collections.abc import Iterator
from contextlib import suppress

from stackdocs_mcp.auth.local import KEY_FILE, LocalIssuer
from stackdocs_mcp.cli.barrier import told
from stackdocs_mcp.cli.finding import Finding
from stackdocs_mcp.cli.serving import check_http
from stackdocs_mcp.keyfiles import BadKey, of_links, of_logs
from stackdocs_mcp.server.compose import now
from stackdocs_mcp.server.telemetry import INSTALL
from stackdocs_mcp.settings import BadSettings, Settings

_SECONDS = 1.0
_MOST_BYTES = 4_096
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  it is not bound here
_HEALTHY = b'{"ok": true}'


def over_http(settings: Settings) -> Iterator[Finding]:
    """What `serve --http` would do with these settings."""
    try:
        check_http(settings)
    except BadSettings as error:
        for problem in error.problems:
            yield Finding("HTTP", "problem", problem)
    yield Finding("HTTP", "ok", f"{settings.address}/stacks/ID/mcp, for each stack")
    yield _port(settings)
    yield _tokens(settings)
    yield from _secrets(settings)
    yield _spans(settings)


def _port(settings: Settings) -> Finding:
    where = f"{settings.host} port {settings.port}"
    if settings.port == 0:
        return Finding("HTTP", "ok", "a port that is free when the server starts")
    host = _EVERYWHERE.get(settings.host, settings.host)
    try:
        with socket.create_connection((host, settings.port), _SECONDS) as connection:
            asked = f"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:{settings.port}\r\n"
            connection.sendall(f"{asked}Connection: close\r\n\r\n".encode())
            said = _heard(connection)
    except OSError:
        return Finding("HTTP", "ok", f"nobody listens on {where}; `serve --http` does")
    if said.endswith(_HEALTHY):
        return Finding("HTTP", "ok", f"a server answers on {where}")
    text = f"another program listens on {where}. Choose a free port (--port), or end it."
    return Finding("HTTP", "problem", text)


def _heard(connection: socket.socket) -> bytes:
    said = b""
    with suppress(TimeoutError):
        while len(said) < _MOST_BYTES and (part := connection.recv(_MOST_BYTES)):
            said += part
    return said


def _tokens(settings: Settings) -> Finding:
    """Whether the provider can be reached shows with the first token."""
    if settings.auth_issuer is not None:
        said = f"of {settings.auth_issuer} ({settings.auth_profile}), which is not asked now"
        return Finding("tokens", "ok", said)
    folder = settings.data_dir.absolute()
    if not (folder / KEY_FILE).exists():
        return Finding("tokens", "ok", "of the built-in issuer; its key is made on first use")
    try:
        issuer = LocalIssuer.open(folder, now)
    except BadKey as error:
        return Finding("tokens", "problem", told(error.message, error.advice))
    return Finding("tokens", "ok", f"of the built-in issuer, key {issuer.key_id[:8]} in {folder}")


def _secrets(settings: Settings) -> Iterator[Finding]:
    """Other keys of the data folder, which every server needs; they are made on first use."""
    if settings.is_on_supabase:
        return  # they come from the signing key
    folder = settings.data_dir.absolute()
    for one in (of_links(folder), of_logs(folder)):
        if one.path.exists():
            try:
                one.secret()
            except BadKey as error:
                yield Finding("keys", "problem", told(error.message, error.advice))


def _spans(settings: Settings) -> Finding:
    if settings.otel == "off":
        return Finding("OpenTelemetry", "ok", "off")
    if importlib.util.find_spec("opentelemetry.exporter") is None:
        text = f"not installed; {INSTALL}; or set STACKDOCS_OTEL to off"
        return Finding("OpenTelemetry", "problem", text)
    named = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
    variable = next((one for one in named if os.environ.get(one)), None)
    said = f"spans go where {variable} says" if variable else "spans go to localhost port 4318"
    return Finding("OpenTelemetry", "ok", said)
