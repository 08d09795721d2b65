"""OCR workers are lent to files in turn."""

import threading
from collections.abc import Iterator

import pytest

from stackdocs_mcp.ocr.limits import Limits
from stackdocs_mcp.ocr.recognising import Pool, Worker

PATIENCE = 60.0


class Waiting:
    """A file that has no worker and waits for one."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self.has_one = threading.Event()
        self.lent: Worker | None = None
        before = len(pool._waiting)
        self._thread = threading.Thread(target=self._wait, daemon=True)
        self._thread.start()
        with pool._changed:
            while len(pool._waiting) == before:
                pool._changed.wait(0.001)  # gives the lock away for a moment

    def _wait(self) -> None:
        self.lent = self._pool.borrow(wait=True, unless=lambda: False)
        self.has_one.set()

    def end(self) -> None:
        self._thread.join(PATIENCE)
        if self.lent is not None:
            self._pool.give_back(self.lent, sound=True)


@pytest.fixture
def pool() -> Iterator[Pool]:
    lending = Pool(2, Limits())
    yield lending
    lending.close()


def at_once(pool: Pool) -> Worker | None:
    return pool.borrow(wait=False, unless=lambda: False)


@pytest.mark.requirement("FAIR-05")
def test_a_file_without_a_worker_gets_the_next_before_one_that_has_some(pool: Pool) -> None:
    first, second = at_once(pool), at_once(pool)
    assert first is not None
    assert second is not None
    waiting = Waiting(pool)
    pool.give_back(first, sound=True)
    again = at_once(pool)  # what a file of many pages asks, right after each page
    assert waiting.has_one.wait(PATIENCE)
    pool.give_back(second, sound=True)
    free = at_once(pool)
    waiting.end()
    if free is not None:
        pool.give_back(free, sound=True)

    assert again is None
    assert waiting.lent is first
    assert free is second, "nobody waits any more"


@pytest.mark.requirement("FAIR-05")
def test_files_that_wait_are_served_in_the_order_they_came(pool: Pool) -> None:
    held = [at_once(pool), at_once(pool)]
    waiting = [Waiting(pool), Waiting(pool)]
    for one, worker in zip(waiting, held, strict=True):
        assert worker is not None
        pool.give_back(worker, sound=True)
        assert one.has_one.wait(PATIENCE)
    for one in waiting:
        one.end()

    assert [one.lent for one in waiting] == held
