"""Taking files in: bytes to the file store, a document at once, its pages as they become ready."""

import contextlib
import logging
import uuid
from collections.abc import Awaitable, Callable, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path

import anyio
from anyio.abc import TaskGroup, TaskStatus

from stackdocs_mcp.core.binding import UserId
from stackdocs_mcp.core.engine import Attachment, Engine, FileOutline, Pages, Recognising
from stackdocs_mcp.core.errors import ExtractionFailed, FileRefused, StackdocsError, StoreFailed
from stackdocs_mcp.core.filenames import shown_name
from stackdocs_mcp.core.files import Files
from stackdocs_mcp.core.model import (
    Document,
    DocumentId,
    DocumentStatus,
    Failure,
    NewDocument,
    Sha256,
)
from stackdocs_mcp.core.ports import Clock, StackStore
from stackdocs_mcp.core.quota import QuotaExceeded
from stackdocs_mcp.core.stack import Ocr
from stackdocs_mcp.workspace.bell import Bell
from stackdocs_mcp.workspace.turns import FairTurns

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=60)
RENEW_SECONDS = 20.0
RESUME_SECONDS = 15.0
WAIT_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 15.0
SLOWER = 1.3

BROKEN = Failure(
    "crashed",
    "the document could not be read because of a fault in this program",
    "Please report it; the other documents are not affected.",
)

ABANDONED = 3
"""So many readers may die, or lose the store, over one document before nobody tries any more."""
POISON = Failure(
    "crashed",
    "reading this document was broken off again and again",
    "Make room in memory and on the disk, then retry; or save it anew as PDF and add that.",
)

_FAILED = "document %s could not be read: %s, after %s of %s pages"

OnPage = Callable[[int, int], None]
"""Called with pages done and pages in all, whenever one becomes ready."""
OnAttached = Callable[[Document], None]


@dataclass(frozen=True, slots=True)
class Job:
    """A document to be read, with the store and the files of its own binding."""

    store: StackStore
    files: Files
    document: DocumentId
    on_page: OnPage | None = None
    on_attached: OnAttached | None = None
    """Given each document that was attached to this one; without it, it is read behind."""

    @property
    def owner(self) -> UserId:
        """Whose stack the document is in: whoever adds to it takes turns in this name."""
        return self.files.owner


class Intake:
    """Reads documents behind the calls that add them; one per process.

    A claim with a lease makes sure that of all jobs and processes on one store exactly one reads
    the same bytes, and that another takes over when that one dies; pages already stored are kept.

    Owners take turns. One place is always left for the others: a thousand long documents of one
    owner do not delay the next owner's first.

    Where documents wait in a queue of the store, what is started here is read by whoever takes it
    from there (``working.Worker``), in this process or another.
    """

    def __init__(
        self,
        engine: Callable[[Ocr], Engine],
        clock: Clock,
        max_file_bytes: int,
        *,
        at_once: int = 3,
        bell: Bell | None = None,
    ) -> None:
        """``engine`` is asked for the first time when there is something to read.

        It gives the engine for a stack's choice. What is attached to a file and larger than
        ``max_file_bytes`` is left out. So many documents are read ``at_once``, and of one owner one
        less; engines let in no fewer (``ocr.limits.Limits.documents``), or they were the queue.
        ``bell`` is rung for what is in the store's queue; without one there is no such queue.
        """
        self._engine = engine
        self._max_file_bytes = max_file_bytes
        self._clock = clock
        self._turns = FairTurns(at_once, each=max(1, at_once - 1))
        self._bell = bell
        self._running: dict[DocumentId, anyio.Event] = {}
        self._watching: dict[DocumentId, list[OnPage]] = {}
        self._ended: dict[DocumentId, anyio.Event] = {}
        """Set when this process has made an attempt at what somebody waits for."""
        self._tasks: TaskGroup | None = None

    async def run(self, *, task_status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED) -> None:
        """Work in the background until cancelled; ``start`` may be called from then on."""
        async with anyio.create_task_group() as tasks:
            self._tasks = tasks
            task_status.started()
            await anyio.sleep_forever()

    async def resume(self, store: StackStore, files: Files) -> None:
        """Take up, again and again until cancelled, documents that nobody reads any more."""
        while True:
            with looking_on():
                await self.take_up(store, files)
            await anyio.sleep(RESUME_SECONDS)

    async def take_up(self, store: StackStore, files: Files) -> None:
        """Begin to read the stack's documents that nobody reads."""
        for document in await store.unclaimed(self._clock(), limit=100):
            self.start(Job(store, files, document.id))

    async def add(
        self, store: StackStore, files: Files, source: Path, filename: str, limit: int
    ) -> tuple[Document, bool]:
        """The document of a file's bytes and whether it is new; reading it is a job of its own."""
        return await _taken_in(store, files, lambda: files.put(source, limit), filename)

    def start(self, job: Job) -> anyio.Event:
        """Read the document in the background; the event is set when the job is over.

        A document that is being read already is not read twice: the job's ``on_page`` joins.
        """
        if running := self._running.get(job.document):
            if job.on_page is not None:
                self._watching[job.document].append(job.on_page)
            return running
        if self._tasks is None:
            raise RuntimeError("Intake.run must be running")
        over = self._running[job.document] = anyio.Event()
        self._watching[job.document] = []
        if self._bell is not None:
            self._bell.ring()
        self._tasks.start_soon(self._background, job, over)
        return over

    def begin(self, job: Job) -> None:
        """As ``start``, where nobody waits for it."""
        if self._bell is not None:
            self._bell.ring()
            return
        self.start(job)

    async def _background(self, job: Job, over: anyio.Event) -> None:
        try:
            if self._bell is not None:
                await self._wait(job)
            else:
                async with self._turns.take(job.owner):
                    await self.read(job)
        finally:
            del self._running[job.document], self._watching[job.document]
            self._ended.pop(job.document, None)
            over.set()

    async def _wait(self, job: Job) -> None:
        """Until the document has been read by somebody; more and more patiently."""
        pause = WAIT_SECONDS
        try:
            while needs_reading(document := await job.store.document(job.document)):
                self._tell(job, document.pages_done, document.pages)
                ended = self._ended[job.document] = anyio.Event()
                with anyio.move_on_after(pause):
                    await ended.wait()
                pause = min(pause * SLOWER, LONGEST_WAIT_SECONDS)
            self._tell(job, document.pages_done, document.pages)
        except StackdocsError as error:
            log.warning("document %s is not waited for any more: %s", job.document, error.code)

    async def read(self, job: Job) -> Document | None:
        """How the document stands after it was read, unless somebody else reads these bytes.

        Nothing is raised: what goes wrong is logged, and None is the answer when the store is gone.
        """
        owner = uuid.uuid4().hex
        try:
            read = await self._attempt(job, owner)
            if read.error is not None:  # who waits for it is told, and needs no line in a log
                log.warning(_FAILED, read.id, read.error.code, read.pages_done, read.pages)
        except StackdocsError as error:  # the store is gone: the lease runs out, another takes over
            log.warning("reading document %s stopped: %s", job.document, error.code)
        except Exception as error:  # noqa: BLE001  the last barrier: a document fails alone
            kind = type(error).__name__
            log.error("reading document %s broke: %s", job.document, kind)  # noqa: TRY400
            with contextlib.suppress(StackdocsError):
                return await job.store.fail(job.document, BROKEN, owner)
        else:
            return read
        finally:
            if ended := self._ended.get(job.document):
                ended.set()
        return None

    async def process(self, job: Job) -> Document:
        """Read the document now and answer how it stands after.

        While somebody else reads these bytes, it waits: for their pages, or to go on when they die.
        """
        while needs_reading(document := await self._attempt(job, uuid.uuid4().hex)):
            if job.on_page is not None:
                job.on_page(document.pages_done, document.pages)
            await anyio.sleep(WAIT_SECONDS)
        return document

    async def _attempt(self, job: Job, owner: str) -> Document:
        """Read the document, unless somebody else reads these bytes, and answer how it stands.

        Each attempt is another ``owner``'s: also two of this process read nothing twice.
        """
        if not await job.store.claim(job.document, owner, self._clock() + LEASE):
            return await job.store.document(job.document)

        failure: Failure | None = None
        broken: StackdocsError | None = None
        whole = False
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._renew, job, owner, tasks.cancel_scope)
            try:
                await self._read(job)
                whole = True
            except anyio.get_cancelled_exc_class():
                await self._release(job, owner)
                raise
            except (ExtractionFailed, QuotaExceeded) as error:
                failure = Failure(error.code, error.message, error.advice)
            except StackdocsError as error:  # raised below: a task group would wrap it
                broken = error
            tasks.cancel_scope.cancel()

        if broken is not None:
            raise broken
        if failure is not None:
            return await job.store.fail(job.document, failure, owner)
        if whole:
            read = await job.store.finish(job.document, owner)
            log.debug("document %s was read: %s pages", read.id, read.pages)
            return read
        return await job.store.document(job.document)  # the claim was lost

    async def _read(self, job: Job) -> None:
        document = await job.store.document(job.document)
        if document.abandoned >= ABANDONED:
            raise ExtractionFailed(POISON.code, POISON.message, POISON.advice)
        file = await job.files.local(document.sha256)
        engine = self._engine((await job.store.stack()).ocr)
        identity = engine.identity
        have = await job.store.stored_pages(job.document, identity)
        done, pages = len(have), document.pages
        recognised: set[int] = set()
        async with aclosing(engine.read(file, have)) as read:
            async for one in read:
                match one:
                    case FileOutline():
                        pages = one.pages
                        await job.store.set_outline(job.document, one.media_type, pages)
                    case Recognising():
                        await job.store.reserve_recognition(job.document, len(one.numbers))
                        recognised.update(one.numbers)
                    case Pages():
                        await job.store.save_pages(
                            job.document,
                            identity,
                            one.pages,
                            billed=one.billed,
                            recognised=sum(page.number in recognised for page in one.pages),
                        )
                        done += len(one.pages)
                    case Attachment():
                        await self._attach(job, f"{document.filename}/{one.name}", one.content)
                self._tell(job, done, pages)

    def _tell(self, job: Job, done: int, pages: int) -> None:
        for on_page in (job.on_page, *self._watching.get(job.document, ())):
            if on_page is not None:
                on_page(done, pages)

    async def _attach(self, job: Job, filename: str, content: bytes) -> None:
        """Make it a document before the one it came with is finished: a crash loses neither."""
        put = partial(job.files.put_bytes, content, self._max_file_bytes)
        try:
            attached, _ = await _taken_in(job.store, job.files, put, filename, part_of=job.document)
        except FileRefused as error:
            log.warning("an attachment was left out: %s", error.code)
            return
        if job.on_attached is not None:
            job.on_attached(attached)
        elif needs_reading(attached):
            self.begin(Job(job.store, job.files, attached.id))

    async def _release(self, job: Job, owner: str) -> None:
        """End the claim now, so that the next process need not wait for it to run out."""
        with anyio.CancelScope(shield=True), contextlib.suppress(StackdocsError):
            await job.store.release(job.document, owner)

    async def _renew(self, job: Job, owner: str, reading: anyio.CancelScope) -> None:
        """Prolong the claim; where somebody took over, because we slept, stop what would cost."""
        while True:
            await anyio.sleep(RENEW_SECONDS)
            try:
                if not await job.store.claim(job.document, owner, self._clock() + LEASE):
                    reading.cancel()
            except StackdocsError as error:  # what reads meets the same; it says so
                log.warning("a claim could not be prolonged: %s", error.code)


@contextlib.contextmanager
def looking_on() -> Iterator[None]:
    """What goes wrong while waiting documents are looked for: a full disk today ends no server."""
    try:
        yield
    except StackdocsError as error:
        log.warning("waiting documents could not be looked for: %s", error.code)


async def _taken_in(
    store: StackStore,
    files: Files,
    put: Callable[[], Awaitable[tuple[Sha256, int]]],
    filename: str,
    *,
    part_of: DocumentId | None = None,
) -> tuple[Document, bool]:
    """The document of these bytes, and whether it is new."""
    sha256, size = await put()
    one = NewDocument(shown_name(filename), sha256, size)
    document, new = await store.add_document(one, part_of=part_of)
    if new:
        try:
            await files.local(sha256)
        except StoreFailed:  # erased with another stack's, just before they were a document's again
            await put()
    return document, new


def needs_reading(document: Document) -> bool:
    """The document has pages to be read."""
    return document.status is DocumentStatus.PROCESSING
