"""An original's documents through the ports of a store, one after the other.

Each is led to its end before the next one begins, by steps that are harmless again: whoever is
killed in the middle goes on at the same document. Users, times and the order of extractions are
the original's; the author of every field is the agent ``stackdocs-original``.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import NAMESPACE_URL, UUID, uuid5

from stackdocs_mcp.cli.from_stackdocs.fields import Fields, fields_of
from stackdocs_mcp.cli.from_stackdocs.files import FileMissing, Source
from stackdocs_mcp.cli.from_stackdocs.pages import pages_of
from stackdocs_mcp.cli.from_stackdocs.report import Report
from stackdocs_mcp.core.binding import Actor, Binding, Right, StackId, UserId
from stackdocs_mcp.core.errors import NotReady, StackdocsError, StoreFailed
from stackdocs_mcp.core.filenames import sent_name
from stackdocs_mcp.core.model import (
    DocumentStatus,
    Failure,
    NewDocument,
    Page,
)
from stackdocs_mcp.core.ports import Store
from stackdocs_mcp.stores.supabase.originals import (
    Imported,
    OriginalDocument,
    OriginalExtraction,
    OriginalRead,
    Originals,
    OriginalStack,
)

AGENT = "stackdocs-original"
"""Who wrote what was imported, and by which engine its pages were read."""
DEFAULT = "default"
_CLAIMED = timedelta(minutes=10)
_ENDED = frozenset({"completed", "ocr_complete"})


class OriginalClock:
    """The time at which something was done in the original; now, while none is set."""

    def __init__(self) -> None:
        self._at: datetime | None = None

    def __call__(self) -> datetime:
        return self._at or datetime.now(UTC)

    def stand(self, at: datetime | None) -> None:
        """Stand at this time from now on, or go again."""
        self._at = at


@dataclass(frozen=True, slots=True)
class Importing:
    """What an import works with. ``user_of`` gives a user of the original the id that they have."""

    originals: Originals
    store: Store
    source: Source
    clock: OriginalClock
    user_of: Callable[[str], UserId]
    max_file_bytes: int
    tell: Callable[[int, int], None]
    """Told how many documents of how many were looked at."""


async def import_all(work: Importing) -> Report:
    """Import what is not there yet. Raises StoreFailed; what was done until then stays."""
    report = Report()
    stacks = _named(await work.originals.stacks())
    for stack in stacks.values():
        try:
            await _stack(work, stack)
        except StoreFailed:
            raise
        except StackdocsError as error:
            report.trouble(stack.id, str(error))
    documents = await work.originals.documents()
    used: set[UUID] = set(stacks)
    for count, document in enumerate(documents):
        work.tell(count, len(documents))
        targets, foreign = _targets(document, stacks)
        for other in foreign:
            report.trouble(document.id, f"it is in the stack {other}, which is another user's")
        used |= {target.id for target in targets}
        await _document(work, report, document, targets)
    work.tell(len(documents), len(documents))
    report.stacks = len(used)
    return report


def _named(stacks: Sequence[OriginalStack]) -> dict[UUID, OriginalStack]:
    """The stacks by id; a later one with a name that its user has already is given a number."""
    taken: set[tuple[str, str]] = set()
    every = {(stack.user, stack.name) for stack in stacks}
    found: dict[UUID, OriginalStack] = {}
    for stack in stacks:
        name, number = stack.name, 1
        while (stack.user, name) in taken or (number > 1 and (stack.user, name) in every):
            number += 1
            name = f"{stack.name} ({number})"
        taken.add((stack.user, name))
        found[stack.id] = replace(stack, name=name)
    return found


def _targets(
    document: OriginalDocument, stacks: Mapping[UUID, OriginalStack]
) -> tuple[list[OriginalStack], list[UUID]]:
    """The stacks that the document goes to, and those that it may not: they are others'."""
    own = [stacks[one] for one in document.stacks if stacks[one].user == document.user]
    foreign = [one for one in document.stacks if stacks[one].user != document.user]
    if own:
        return own, foreign
    for stack in stacks.values():
        if (stack.user, stack.name) == (document.user, DEFAULT):
            return [stack], foreign
    made = uuid5(NAMESPACE_URL, f"stackdocs-original:{document.user}")
    return [OriginalStack(made, document.user, DEFAULT, document.at)], foreign


async def _stack(work: Importing, stack: OriginalStack) -> StackId:
    """The stack that this one became, made if it is not yet, also if it was deleted since."""
    made = await work.originals.stack_made(stack.id)
    if made is not None:
        return StackId(made)
    work.clock.stand(stack.at)
    opened = await work.store.open_stack(work.user_of(stack.user), stack.name)
    await work.originals.remember_stack(stack.id, opened.id)
    return opened.id


async def _document(
    work: Importing,
    report: Report,
    document: OriginalDocument,
    targets: Sequence[OriginalStack],
) -> None:
    """Import the document into each of the stacks; what is wrong with it stops no other."""
    content: bytes | None = None
    for target in targets:
        try:
            content = await _into(work, report, document, target, content)
        except FileMissing:
            report.trouble(document.id, "its file is missing")
            report.not_done += 1
        except StoreFailed:
            raise
        except StackdocsError as error:
            report.trouble(document.id, str(error))
            report.not_done += 1


async def _into(
    work: Importing,
    report: Report,
    document: OriginalDocument,
    target: OriginalStack,
    content: bytes | None,
) -> bytes | None:
    """Import the document into the stack, and give back its bytes if they were needed."""
    stack = await _stack(work, target)
    made = await work.originals.imported(document.id, stack)
    if made is not None and made.done:
        report.there += 1
        return content
    if await work.store.membership(work.user_of(document.user), stack) is None:
        report.trouble(document.id, "its stack was deleted since it was imported")
        return content
    if content is None:
        content = await work.source.fetch(document.file_path, work.max_file_bytes)
    one = _One(work, report, document, stack)
    await one.begin(content, made)
    await one.lead()
    return content


class _One:
    """One document of the original on its way into one stack."""

    def __init__(
        self, work: Importing, report: Report, original: OriginalDocument, stack: StackId
    ) -> None:
        self._work = work
        self._report = report
        self._original = original
        self._stack = stack
        user = work.user_of(original.user)
        binding = Binding(user, stack, frozenset(Right), Actor("agent", AGENT))
        self._repo = work.store.bind(binding)
        self._files = work.store.files(binding)
        self._time = original.at

    async def begin(self, content: bytes, made: Imported | None) -> None:
        """Have a document with these bytes in the stack, and remember that it was begun."""
        work, original = self._work, self._original
        work.clock.stand(original.at)
        sha256, size = await self._files.put_bytes(content, work.max_file_bytes)
        name = sent_name(original.filename) or "unnamed"
        document, _ = await self._repo.add_document(NewDocument(name, sha256, size))
        if made is None:
            # Nothing was ever written: it is new, or whoever made it came no further than that.
            fresh = document.extraction == 1 and document.revision == 0
            first = document.extraction + (0 if fresh else 1)
            made = Imported(document.id, first, done=False)
            await work.originals.remember(original.id, self._stack, made)
        self._made = made
        self._id = document.id

    async def lead(self) -> None:
        """Pages, then fields, then the state that it is left in. Raises StackdocsError."""
        originals = self._work.originals
        read = await originals.read(self._original.id)
        if read is not None and read.user != self._original.user:
            self._report.trouble(self._original.id, "its text is another user's")
            read = None
        extractions = self._written(await originals.extractions(self._original.id))
        pages = self._pages(read)
        if not pages and not extractions:
            await self._leave_unread()
        else:
            await self._read(read, pages)
            await self._write(extractions)
            if not pages:
                await self._give_back()
        await originals.remember(self._original.id, self._stack, replace(self._made, done=True))
        self._report.documents += 1

    def _pages(self, read: OriginalRead | None) -> Sequence[Page]:
        if read is None or self._original.status not in _ENDED:
            return ()
        try:
            pages = pages_of(read)
        except (ValueError, RecursionError):
            pages = ()
        if not pages:
            self._report.trouble(
                self._original.id,
                f"its text is of {read.pages} pages, and nothing says where each begins: "
                "it is read anew",
            )
        return pages

    def _written(
        self, extractions: Sequence[OriginalExtraction]
    ) -> list[tuple[OriginalExtraction, Fields]]:
        """The extractions that hold fields, with them."""
        found: list[tuple[OriginalExtraction, Fields]] = []
        for one in extractions:
            if one.user != self._original.user:
                self._report.trouble(one.id, "an extraction by another user")
                continue
            try:
                fields = fields_of(one.fields, one.scores)
            except (ValueError, RecursionError):
                self._report.trouble(one.id, "its fields cannot be read")
                continue
            for refused in fields.refused:
                self._report.trouble(one.id, refused)
            if fields.writes:
                found.append((one, fields))
        return found

    async def _leave_unread(self) -> None:
        """There is nothing but the file: it is read as any that is added."""
        if self._original.status != "failed":
            self._report.unread += 1
            return
        document = await self._repo.document(self._id)
        if document.status is DocumentStatus.PROCESSING and await self._claim():
            await self._repo.fail(self._id, _FAILED)
        self._report.failed += 1

    async def _read(self, read: OriginalRead | None, pages: Sequence[Page]) -> None:
        """Have the document read: with the pages there are, or for now with none."""
        document = await self._repo.document(self._id)
        if document.status is DocumentStatus.FAILED:
            document = await self._repo.retry(self._id)
        if document.status is not DocumentStatus.PROCESSING:
            return
        if not await self._claim():
            raise NotReady("somebody is reading it now", "Run the command again afterwards.")
        try:
            self._at(read.at if read is not None else self._original.at)
            if pages:
                await self._repo.set_outline(self._id, self._original.media_type, len(pages))
                await self._repo.save_pages(self._id, AGENT, pages)
                self._report.pages += len(pages)
            elif document.pages_done < document.pages:  # a reader came so far, and begins anew
                await self._repo.set_outline(
                    self._id, self._original.media_type, document.pages_done
                )
            await self._repo.finish(self._id, AGENT)
        finally:
            await self._repo.release(self._id, AGENT)

    async def _write(self, extractions: Sequence[tuple[OriginalExtraction, Fields]]) -> None:
        """Each extraction in its turn; those that are there already come to nothing again."""
        for number, (original, fields) in enumerate(extractions, self._made.first):
            document = await self._repo.document(self._id)
            if document.extraction > number:
                continue
            self._at(original.at)
            if document.extraction < number:
                await self._repo.start_extraction(self._id)
            results = await self._repo.write(self._id, fields.writes)
            self._report.extractions += 1
            for write, result in zip(fields.writes, results, strict=True):
                if result.conflict is None:
                    self._report.fields += len(write.leaves)
                else:
                    self._report.trouble(original.id, f"{write.path[0]}: {result.conflict}")

    async def _give_back(self) -> None:
        """The fields are kept; the pages have to be read."""
        await self._repo.reread(self._id)
        if self._original.status == "failed":
            if await self._claim():
                await self._repo.fail(self._id, _FAILED)
            self._report.failed += 1
        else:
            self._report.unread += 1

    async def _claim(self) -> bool:
        """Keep everybody else from reading it. Claims count by the true time."""
        self._work.clock.stand(None)
        claimed = await self._repo.claim(self._id, AGENT, self._work.clock() + _CLAIMED)
        self._work.clock.stand(self._time)
        return claimed

    def _at(self, time: datetime) -> None:
        """What comes now was done then, and never before what came first."""
        self._time = max(self._time, time)
        self._work.clock.stand(self._time)


_FAILED = Failure(
    "failed_before",
    "it had failed in the database that it came from",
    "Run `stackdocs-mcp retry` to have it read.",
)
