"""Logs: one line on standard error for each event, with nothing in it that is not ours."""

import json
import logging
import sys
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

OURS = "stackdocs_mcp"

Form = Literal["text", "json"]
Level = Literal["debug", "info", "warning", "error"]


@dataclass(slots=True)
class Request:
    """The request that is being served: its id, and whose it is by names that tell nothing."""

    request: str
    user: str = ""
    stack: str = ""


CURRENT: ContextVar[Request | None] = ContextVar("stackdocs_request", default=None)
"""Set by whoever takes requests; what runs for a request, in threads too, logs its id."""


class Formatter(logging.Formatter):
    """Foreign loggers are named and numbered, never quoted: their messages may hold anything."""

    def format(self, record: logging.LogRecord) -> str:
        head = f"{self.formatTime(record)} {record.levelname.lower()} {record.name}"
        current = CURRENT.get()
        tail = f" [{current.request}]" if current else ""
        return f"{head}: {_one_line(_said(record))}{tail}"


class JsonFormatter(Formatter):
    """The same as one JSON object a line; an event's own ``fields`` are keys of it."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _one_line(_said(record)),
        }
        current = CURRENT.get()
        if current:
            line["request"] = current.request
        if record.name.startswith(OURS):
            line |= getattr(record, "fields", {})
        return json.dumps(line)


def configure(level: Level, form: Form = "text") -> None:
    """Send all logs to standard error; warnings and above from libraries, without their text."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if form == "json" else Formatter())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger(OURS).setLevel(level.upper())
    # It warns of each malformed request, which anybody can send as many of as they like.
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)


def _said(record: logging.LogRecord) -> str:
    if not record.name.startswith(OURS):
        kind = record.exc_info[0] if record.exc_info else None
        return f"{kind.__name__ if kind else 'an event'} (line {record.lineno})"
    text = record.getMessage()
    if record.exc_info and record.exc_info[0]:
        return f"{text}: {record.exc_info[0].__name__}"
    return text


def _one_line(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else f"\\x{ord(one):02x}" for one in text)
