"""Reading what waits in the store's queue, beside any number of processes that do the same."""

import logging
from collections import Counter
from datetime import timedelta

import anyio

from stackdocs_mcp.core.binding import UserId
from stackdocs_mcp.core.errors import StackdocsError, StoreFailed
from stackdocs_mcp.core.model import Document
from stackdocs_mcp.core.queue import Queue, Task
from stackdocs_mcp.workspace.bell import Bell
from stackdocs_mcp.workspace.intake import (
    LEASE,
    RENEW_SECONDS,
    Intake,
    Job,
    needs_reading,
)

log = logging.getLogger(__name__)

IDLE_SECONDS = 1.0
"""How long it can take until a document is noticed that another process has added."""
RETRY_SECONDS = 5.0
MENDING_SECONDS = 60.0
"""How often it is looked whether documents have lost their place in the queue."""
BUSY = timedelta(seconds=5)
"""When a document is looked at again that somebody else turned out to be reading."""
TAKING_SECONDS = 10.0
ENDING_SECONDS = 5.0
REMEMBERED = 100
"""Owners that were served last; whoever is not among them comes before them."""


class Worker:
    """Takes documents from the queue as places become free, and reads each; one per process.

    Owners take turns, and one place is always left for the others, as with ``Intake``. A document
    is held in the queue for as long as it is read; when this process dies it is another's.
    """

    def __init__(self, queue: Queue, intake: Intake, bell: Bell, *, places: int = 3) -> None:
        """So many documents are read at once, and of one owner one less."""
        self._queue = queue
        self._intake = intake
        self._bell = bell
        self._places = anyio.Semaphore(places)
        self._each = max(1, places - 1)
        self._reading: Counter[UserId] = Counter()
        self._served: list[UserId] = []
        self._is_lost = False

    async def run(self) -> None:
        """Read until cancelled: then what is not read to its end is left to others at once."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._mend)
            while True:
                await self._places.acquire()
                task = await self._next()
                self._reading[task.owner] += 1
                self._served = [one for one in self._served if one != task.owner][1 - REMEMBERED :]
                self._served.append(task.owner)
                tasks.start_soon(self._work, task)

    async def waiting(self) -> int:
        """How many documents are in the queue, also those that are being read."""
        return await self._queue.depth()

    async def _next(self) -> Task:
        """The next task, as soon as there is one."""
        while True:
            rung = self._bell.next
            try:
                # Whoever ends this process now would leave a task that nobody works at.
                with anyio.move_on_after(TAKING_SECONDS, shield=True):
                    task = await self._take()
                    self._found_again()
                    if task is not None:
                        return task
            except StoreFailed as error:
                if not self._is_lost:
                    log.warning("the queue cannot be asked: %s. It is tried on", error.message)
                self._is_lost = True
                await anyio.sleep(RETRY_SECONDS)
                continue
            with anyio.move_on_after(IDLE_SECONDS):
                await rung.wait()

    async def _mend(self) -> None:
        while True:
            try:
                await self._queue.mend()
            except StoreFailed as error:
                log.warning("the queue could not be looked over: %s", error.code)
            await anyio.sleep(MENDING_SECONDS)

    def _found_again(self) -> None:
        if self._is_lost:
            log.info("the queue can be asked again")
        self._is_lost = False

    async def _take(self) -> Task | None:
        full = {owner for owner, count in self._reading.items() if count >= self._each}
        return await self._queue.take(LEASE, served=self._served, full=full)

    async def _work(self, task: Task) -> None:
        began = anyio.current_time()
        try:
            document = await self._read(task)
            if document is not None:
                seconds = anyio.current_time() - began
                await self._settle(task, document, seconds)
        except anyio.get_cancelled_exc_class():
            with anyio.move_on_after(ENDING_SECONDS, shield=True):
                await self._give_back(task)
            raise
        except StackdocsError as error:  # its lease runs out, and it is tried again
            log.warning("document %s could not be settled: %s", task.document, error.code)
        finally:
            self._reading[task.owner] -= 1
            if not self._reading[task.owner]:
                del self._reading[task.owner]
            self._places.release()
            self._bell.ring()  # the owner may be given another one

    async def _read(self, task: Task) -> Document | None:
        """How the document stands afterwards; None when the store was lost over it."""
        store, files = self._queue.reader(task)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._hold, task)
            document = await self._intake.read(Job(store, files, task.document))
            tasks.cancel_scope.cancel()
        return document

    async def _hold(self, task: Task) -> None:
        """Prolong the lease; where somebody took over, the claim on the document ends the rest."""
        while True:
            await anyio.sleep(RENEW_SECONDS)
            try:
                if not await self._queue.extend(task, LEASE):
                    return
            except StoreFailed as error:
                log.warning("a lease could not be prolonged: %s", error.code)

    async def _settle(self, task: Task, document: Document, seconds: float) -> None:
        if needs_reading(document):  # somebody else reads these bytes
            await self._queue.release(task, BUSY)
            return
        await self._queue.done(task)
        log.info("document %s: %s pages in %.1f s", document.id, document.pages_done, seconds)

    async def _give_back(self, task: Task) -> None:
        try:
            await self._queue.release(task)
        except StackdocsError as error:
            log.warning("document %s could not be left to others: %s", task.document, error.code)
