"""OpenTelemetry spans, where the operator wants them: what was called, how long, in which request.

The SDK makes a span for each message, below the trace that the client names in ``_meta``. What the
client says is in it as well: names of tools there are none of, ids, states of traces, errors. So a
span leaves this process only as far as it is made of our own words and of numbers.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from stackdocs_mcp.http.journal import METHODS, OTHER
from stackdocs_mcp.logs import CURRENT
from stackdocs_mcp.settings import BadSettings, Settings
from stackdocs_mcp.tools import TOOLS

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
    from opentelemetry.sdk.trace.export import SpanExporter

NAME = "stackdocs-mcp"
INSTALL = "in the clone, install '.[otel]' in the place of '.': uv tool install '.[otel]'"
MISSING = f"STACKDOCS_OTEL (--otel): needs the extra otel; {INSTALL}"

_NUMBER = re.compile(r"-?[0-9]{1,6}")
_VERSION = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_KIND = re.compile(r"[A-Za-z_][A-Za-z0-9_.]{0,63}|-?[0-9]{1,6}")
_OPAQUE = re.compile(r"[0-9a-f]{16}")
_SAID: Mapping[str, re.Pattern[str]] = {
    "mcp.protocol.version": _VERSION,
    "rpc.response.status_code": _NUMBER,
    "error.type": _KIND,  # a number of JSON-RPC, or the name of a class
    "stackdocs.request": _OPAQUE,
    "stackdocs.user": _OPAQUE,
    "stackdocs.stack": _OPAQUE,
}
_LISTED = {"mcp.method.name": METHODS, "gen_ai.tool.name": frozenset(TOOLS)}


@contextmanager
def observed(settings: Settings) -> Iterator[None]:
    """Send spans while this lasts, if the settings say so. Raises BadSettings without the extra."""
    if settings.otel == "off":
        yield
        return
    try:
        from opentelemetry import trace  # noqa: PLC0415
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415
            OTLPSpanExporter,
        )
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
    except ImportError as error:
        raise BadSettings([MISSING]) from error
    provider = provider_of()
    provider.add_span_processor(BatchSpanProcessor(careful(OTLPSpanExporter())))
    trace.set_tracer_provider(provider)
    try:
        yield
    finally:
        provider.shutdown()


def provider_of() -> "TracerProvider":
    """Makes spans that carry the request's id, and whose it is."""
    from opentelemetry.sdk.resources import OTELResourceDetector, Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import Span, SpanProcessor, TracerProvider  # noqa: PLC0415

    class Naming(SpanProcessor):
        def on_start(self, span: Span, parent_context: Any = None) -> None:  # noqa: ARG002
            about = CURRENT.get()
            if about is not None:
                span.set_attribute("stackdocs.request", about.request)
                span.set_attribute("stackdocs.user", about.user)
                span.set_attribute("stackdocs.stack", about.stack)

    named = OTELResourceDetector().detect()
    provider = TracerProvider(resource=Resource({"service.name": NAME}).merge(named))
    provider.add_span_processor(Naming())
    return provider


def careful(exporter: "SpanExporter") -> "SpanExporter":
    """The exporter, which is given nothing that a client or a document said."""
    from opentelemetry.sdk.trace import ReadableSpan  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult  # noqa: PLC0415

    class Careful(SpanExporter):
        def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
            return exporter.export([_ours(span) for span in spans])

        def shutdown(self) -> None:
            exporter.shutdown()

        def force_flush(self, timeout_millis: int = 30_000) -> bool:
            return exporter.force_flush(timeout_millis)

    return Careful()


def _ours(span: "ReadableSpan") -> "ReadableSpan":
    from opentelemetry.sdk.trace import ReadableSpan  # noqa: PLC0415
    from opentelemetry.trace import SpanContext, Status  # noqa: PLC0415

    def plain(context: Any) -> Any:
        """Without the state that a client's trace carries."""
        if context is None:
            return None
        return SpanContext(
            context.trace_id, context.span_id, context.is_remote, context.trace_flags
        )

    attributes = _known(span.attributes or {})
    method = attributes.get("mcp.method.name", OTHER)
    tool = attributes.get("gen_ai.tool.name", "")
    return ReadableSpan(
        name=f"{method} {tool}".strip(),
        context=plain(span.get_span_context()),
        parent=plain(span.parent),
        resource=span.resource,
        attributes=attributes,
        kind=span.kind,
        status=Status(span.status.status_code),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )


def _known(attributes: Mapping[str, Any]) -> dict[str, str]:
    found = {}
    for name, value in attributes.items():
        if name in _LISTED:
            found[name] = value if value in _LISTED[name] else OTHER
        elif name in _SAID and isinstance(value, str) and _SAID[name].fullmatch(value):
            found[name] = value
    return found
