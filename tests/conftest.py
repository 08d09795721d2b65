"""What every test shares: the promises it may claim, and the event loop."""

import logging
import re
import signal
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from stackdocs_mcp.logs import OURS, Formatter

TOKEN = re.compile(r"Bearer |eyJ[A-Za-z0-9_-]{8}")
"""A token, or how its header begins."""
MANIFESTS = Path(__file__).parent / "requirements"


@dataclass
class Claims:
    """Which promises the selected tests say they keep, and whether all tests are selected."""

    by_test: dict[str, list[str]] = field(default_factory=dict)
    is_whole: bool = False


# A shell's background ignores Ctrl-C, for all that is started from there: programs that are to be
# tested with it must not begin with that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Whoever ends a run by `timeout` or in CI leaves no server of the tests running: as after Ctrl-C.
if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
    signal.signal(signal.SIGTERM, signal.default_int_handler)

CLAIMS = pytest.StashKey[Claims]()
_DESELECTED = pytest.StashKey[bool]()


def promises() -> dict[str, dict[str, Any]]:
    """Every promise of the manifests by its id. An id that stands in two of them is an error."""
    found: dict[str, dict[str, Any]] = {}
    for path in sorted(MANIFESTS.glob("*.toml")):
        manifest = tomllib.loads(path.read_text("utf-8"))
        twice = found.keys() & manifest.keys()
        if twice:
            raise pytest.UsageError(f"{path.name} repeats {', '.join(sorted(twice))}")
        found |= manifest
    return found


class _Watching(logging.Handler):
    """Lines of our own log that hold a token, whatever the test is about."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        line = Formatter().format(record)
        if TOKEN.search(line):
            self.found.append(line)


_WATCHING = _Watching()


def pytest_configure() -> None:
    logging.getLogger(OURS).addHandler(_WATCHING)


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown() -> None:
    found, _WATCHING.found = _WATCHING.found, []
    assert found == [], "a token was logged"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def pytest_deselected(items: Sequence[pytest.Item]) -> None:
    if items:
        items[0].config.stash[_DESELECTED] = True


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    config.stash[CLAIMS] = Claims(
        {
            item.nodeid: [str(mark.args[0]) for mark in item.iter_markers("requirement")]
            for item in items
        },
        is_whole=config.args_source is pytest.Config.ArgsSource.TESTPATHS
        and not config.stash.get(_DESELECTED, False),
    )
