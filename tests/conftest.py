"""What every test shares: the promises it may claim, and the event loop."""

from pathlib import Path

import pytest

MANIFEST = Path(__file__).parent / "requirements"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    config.stash[CLAIMS] = {
        item.nodeid: [str(mark.args[0]) for mark in item.iter_markers("requirement")]
        for item in items
    }


CLAIMS = pytest.StashKey[dict[str, list[str]]]()
