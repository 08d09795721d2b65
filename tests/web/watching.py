"""All that leaves a server beside its answers: lines of log in both forms, and spans."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache

from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from stackdocs_mcp.logs import Formatter, JsonFormatter
from stackdocs_mcp.server.telemetry import careful, provider_of


class _Keeping(logging.Handler):
    """Each record as the program would write it, in both forms, at the time it is logged."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []
        self.objects: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(Formatter().format(record))
        self.objects.append(JsonFormatter().format(record))


@dataclass
class Watched:
    """What was seen; ``raw`` are the spans as the SDK makes them, which do not leave."""

    log: _Keeping = field(default_factory=_Keeping)
    spans: Sequence[ReadableSpan] = ()
    raw: Sequence[ReadableSpan] = ()

    @property
    def lines(self) -> list[str]:
        return self.log.lines

    def everything(self) -> str:
        return "\n".join([*self.lines, *self.log.objects, *(one.to_json() for one in self.spans)])


@cache
def _provider() -> TracerProvider:
    """A process has one, once for all."""
    provider = provider_of()
    trace.set_tracer_provider(provider)
    return provider


@contextmanager
def watched() -> Iterator[Watched]:
    """With every logger at debug."""
    found = Watched()
    kept, raw = InMemorySpanExporter(), InMemorySpanExporter()
    for exporter in (careful(kept), raw):
        _provider().add_span_processor(SimpleSpanProcessor(exporter))
    root, ours = logging.getLogger(), logging.getLogger("stackdocs_mcp")
    levels = [(one, one.level) for one in (root, ours)]
    root.addHandler(found.log)
    for one, _ in levels:
        one.setLevel(logging.DEBUG)
    try:
        yield found
    finally:
        for one, level in levels:
            one.setLevel(level)
        root.removeHandler(found.log)
        found.spans, found.raw = kept.get_finished_spans(), raw.get_finished_spans()
        kept.shutdown()
        raw.shutdown()
