"""The work that every client does, and how it is seen that it was done.

A generator: it yields the next call, and is sent what the client would hand to its model. So the
one description serves clients that call tools, and hosts that ask a model which tool to call.
"""

import re
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from typing import Any

FILENAME = "invoice.txt"
TEXT = "Muster GmbH\nInvoice number: R-2026-118\nDate: 2026-11-03\nTotal due: 1,234.56 EUR\n"
FIELDS = "total*: number"
PRINTED = "1,234.56"
VALUE = 1234.56
NEEDED = {"list_documents", "read_ocr", "set_field", "complete"}
NOBODY = "00000000-0000-4000-8000-000000000000"
STEPS = ("listed", "read", "refused", "written", "completed")

_ID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
_TOTAL = re.compile(r"(\d+)\| Total due")
_COMPLETED = re.compile(r"""(?i)completed\\?["']: ?true|(?<!not )\bcompleted\b(?!\\?["'])""")


@dataclass(frozen=True, slots=True)
class Call:
    """What is asked of a client."""

    tool: str
    arguments: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Seen:
    """What the client hands to its model, and whether it says that the call has failed."""

    text: str
    failed: bool = False


class Wrong(Exception):
    """A client was not given what it needs to go on; the message says what it got instead."""


@dataclass(slots=True)
class Done:
    """The steps that were done, in the order of STEPS."""

    steps: list[str] = field(default_factory=list)


def work(tools: Sequence[str], done: Done) -> Generator[Call, Seen, None]:
    """Find the document, read it, ask for one that is not there, write the total, complete.

    Raises Wrong at the first answer that does not serve.
    """
    if missing := NEEDED - set(tools):
        raise Wrong(f"these tools were not offered: {', '.join(sorted(missing))}")
    found = yield Call("list_documents", {})
    document = _only(_ID, found)
    done.steps.append("listed")

    read = yield Call("read_ocr", {"document_id": document})
    line = int(_only(_TOTAL, read))
    _expect("untrusted" in read.text and "end of document" in read.text, read)
    done.steps.append("read")

    refused = yield Call("read_ocr", {"document_id": NOBODY})
    _expect("list_documents" in refused.text, refused)  # says what to call instead
    done.steps.append("refused")

    evidence = {"page": 1, "lines": [line]}
    total = {"document_id": document, "path": "total", "value": PRINTED, "evidence": evidence}
    written = yield Call("set_field", total)
    _expect("verified" in written.text and "accepted" in written.text, written)
    done.steps.append("written")

    completed = yield Call("complete", {"document_id": document})
    _expect(_COMPLETED.search(completed.text) is not None, completed)
    done.steps.append("completed")


def _only(pattern: re.Pattern[str], seen: Seen) -> str:
    found = pattern.search(seen.text)
    if found is None or seen.failed:
        raise Wrong(f"not what was asked for: {seen.text[:300]!r}")
    return found[found.lastindex or 0]


def _expect(held: bool, seen: Seen) -> None:
    if not held:
        raise Wrong(f"not what was asked for: {seen.text[:300]!r}")
