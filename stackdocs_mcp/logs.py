"""Logs: one line on standard error for each event, with nothing in it that is not ours."""

import logging
import sys
from typing import Literal

OURS = "stackdocs_mcp"


class Formatter(logging.Formatter):
    """Foreign loggers are named and numbered, never quoted: their messages may hold anything."""

    def format(self, record: logging.LogRecord) -> str:
        head = f"{self.formatTime(record)} {record.levelname.lower()} {record.name}"
        if not record.name.startswith(OURS):
            kind = record.exc_info[0] if record.exc_info else None
            return f"{head}: {kind.__name__ if kind else 'an event'} (line {record.lineno})"
        text = record.getMessage()
        if record.exc_info and record.exc_info[0]:
            text = f"{text}: {record.exc_info[0].__name__}"
        return f"{head}: {_one_line(text)}"


def configure(level: Literal["debug", "info", "warning", "error"]) -> None:
    """Send all logs to standard error; warnings and above from libraries, without their text."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Formatter())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger(OURS).setLevel(level.upper())


def _one_line(text: str) -> str:
    return "".join(one if one.isprintable() else f"\\x{ord(one):02x}" for one in text)
