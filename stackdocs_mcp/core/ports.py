"""What the domain needs from the outside. The prose is the contract: each sentence is a test.

Every method raises StoreFailed when the store cannot be reached or written, and nothing was changed
then. A returned write is on disk: it survives ``kill -9``.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from stackdocs_mcp.core.at_once import AtOnce, Seen
from stackdocs_mcp.core.binding import Binding, StackId, UserId
from stackdocs_mcp.core.events import Events
from stackdocs_mcp.core.files import Files
from stackdocs_mcp.core.history import ExtractionOutline, Verification
from stackdocs_mcp.core.links import UsedLinks
from stackdocs_mcp.core.model import (
    Change,
    ChangeId,
    Completion,
    Document,
    DocumentId,
    DocumentStatus,
    Failure,
    FieldValue,
    FieldWrite,
    Hit,
    JsonObject,
    NewDocument,
    Page,
    PageOutline,
    WriteResult,
)
from stackdocs_mcp.core.paths import FieldPath, PathKey
from stackdocs_mcp.core.queue import Queued
from stackdocs_mcp.core.quota import Usage
from stackdocs_mcp.core.stack import FolderFile, Ocr, Policy, Stack, StackSummary
from stackdocs_mcp.core.tenancy import Audit, Members, Membership


class Clock(Protocol):
    def __call__(self) -> datetime:
        """The current time in UTC, with a time zone; passed in so that tests can hold it."""


class Documents(Protocol):
    """The documents of one binding, their pages, and how far reading them has come."""

    async def stack(self) -> Stack:
        """The bound stack. Raises NotFound when it has been deleted."""

    async def set_schema(
        self, schema: JsonObject | None, instructions: str, policy: Policy
    ) -> Stack:
        """Replace schema, instructions and policy in one transaction; fields stay as they are."""

    async def set_ocr(self, ocr: Ocr) -> Stack:
        """Replace how the stack's documents are read from now on; pages there stay as they are.

        Raises NotFound as ``stack`` does.
        """

    async def add_document(
        self, new: NewDocument, *, part_of: DocumentId | None = None
    ) -> tuple[Document, bool]:
        """The document with these bytes, and whether it is new.

        The same bytes are one document of a stack: the second time gives the first document, with
        its first file name, and changes nothing. A new one is ``processing`` with no pages; a
        failed one comes back as it is. ``part_of`` is the document that it was attached to. Raises
        QuotaExceeded for a new one; its bytes are removed then, unless another document has them.
        """

    async def document(self, document: DocumentId) -> Document:
        """Raises DocumentNotFound, for one outside the binding exactly as for one nowhere."""

    async def documents(
        self,
        *,
        status: DocumentStatus | None = None,
        query: str | None = None,
        after: DocumentId | None = None,
        limit: int,
    ) -> Sequence[Document]:
        """At most ``limit`` documents, oldest first, ties by id, starting behind ``after``.

        ``query`` is part of a file name, case-insensitive, with no wildcards. An ``after`` that is
        not in the stack gives nothing.
        """

    async def outlines(
        self, document: DocumentId, *, first: int = 1, last: int | None = None
    ) -> Sequence[PageOutline]:
        """The pages that have been read so far, in order, from ``first`` to ``last`` inclusive."""

    async def pages(self, document: DocumentId, numbers: Collection[int]) -> Sequence[Page]:
        """These pages with their lines, in order; those that are not there are left out."""

    async def mark_read(self, document: DocumentId, numbers: Collection[int]) -> None:
        """Remember that all lines of these pages were shown. Again is harmless."""

    async def search(
        self, query: str, *, document: DocumentId | None = None, after: int = 0, limit: int
    ) -> Sequence[Hit]:
        """Lines that hold all words of ``query``, best first, skipping the first ``after``.

        Words are matched whole, the last one also as a beginning; case and accents do not matter.
        No character of the query is an operator. Hidden lines are not found. Only the stack's own
        documents are counted or ranked.
        """

    # --- reading files in -----------------------------------------------------------------------

    async def claim(self, document: DocumentId, owner: str, until: datetime) -> bool:
        """Become the one who reads these bytes, until that time or ``finish``/``fail``.

        False while another owner's claim has not run out, and for a document that is not
        ``processing``. Claiming again as the same owner prolongs. False also while the same bytes
        are claimed in another stack of the user, whoever the owner is: later their pages are there,
        and cost nothing. What other users claim makes no difference.
        A claim that takes over from one that ran out adds to ``Document.abandoned``; ``save_pages``
        with a new page, and ``retry``, start that anew.
        """

    async def release(self, document: DocumentId, owner: str) -> None:
        """Give up the owner's claim before it runs out. Without one nothing happens."""

    async def unclaimed(self, now: datetime, limit: int) -> Sequence[Document]:
        """Documents of this stack in ``processing`` that could be claimed, oldest first."""

    async def set_outline(self, document: DocumentId, media_type: str, pages: int) -> None:
        """Record what the file is and how many pages it has.

        Raises QuotaExceeded when not all of those can be read that the document does not have.
        """

    async def reserve_recognition(self, document: DocumentId, pages: int) -> None:
        """Count so many OCR pages before they are recognised. Raises QuotaExceeded."""

    async def stored_pages(self, document: DocumentId, engine: str) -> Sequence[int]:
        """Pages that need not be read: those of the document, in order, by whatever engine.

        Pages of these bytes that this user's store has by the same engine become the document's at
        once: nothing is ever recognised twice, also not for the same file in another stack of the
        user. Another user's pages never count.
        """

    async def save_pages(
        self,
        document: DocumentId,
        engine: str,
        pages: Sequence[Page],
        *,
        billed: int = 0,
        recognised: int = 0,
    ) -> None:
        """Add pages that were read by ``engine``; a page that is there already stays as it is.

        ``billed`` pages are added to what the document has cost, in the same transaction, also for
        pages that are there already: the service has charged for them. So ``recognised`` of the
        OCR pages that were reserved are used.
        """

    async def finish(self, document: DocumentId) -> Document:
        """``processing`` -> ``ocr_complete``; releases the claim. Harmless again."""

    async def fail(self, document: DocumentId, failure: Failure) -> Document:
        """``processing`` -> ``failed`` with the reason; pages that were read stay."""

    async def retry(self, document: DocumentId) -> Document:
        """``failed`` -> ``processing``. Any other status is left as it is."""

    async def reread(self, document: DocumentId) -> Document:
        """Give up the document's pages, so that it is read the way that is set now.

        It becomes ``processing``, also when it was completed; fields and history stay. One that is
        ``processing`` already is left as it is: somebody may be reading it. The pages stay in the
        user's store, and become the document's again without being read where they are by the
        engine that reads it then.
        """

    # --- a folder as a stack --------------------------------------------------------------------

    async def folder_files(self) -> Sequence[FolderFile]:
        """What is remembered of the stack's folder, by name."""

    async def remember_file(self, file: FolderFile) -> None:
        """Remember the file; a document that stood for its earlier bytes becomes superseded."""


class Extractions(Protocol):
    """The fields of each document of one binding, with revisions and history.

    Every method raises DocumentNotFound as ``Documents.document`` does.

    A leaf that a person writes is *locked*. No call of an agent changes which leaves are locked,
    or what they hold; a person may change anything.
    """

    async def fields(
        self,
        document: DocumentId,
        *,
        extraction: int | None = None,
        below: FieldPath = (),
        after: PathKey | None = None,
        limit: int | None = None,
    ) -> Sequence[FieldValue]:
        """Leaves in key order, at or below a path, behind ``after``, at most ``limit``.

        Of the extraction that counts, or of the one with this number: an earlier one holds what
        it held when the next was started. Raises ExtractionNotFound.
        """

    async def extractions(self, document: DocumentId) -> Sequence[ExtractionOutline]:
        """The document's extractions from the first to the one that counts."""

    async def start_extraction(self, document: DocumentId) -> Document:
        """Open a new extraction of the document, which counts from now on.

        It is empty but for the locked leaves of the last one: they stay locked, and their actor
        remains who wrote them; the actor of the start is who asked. One revision, which follows
        the last one's, holds the start and those leaves, so no revision or change id is ever used
        twice in a document. A completed document is ``ocr_complete`` again.
        """

    async def write(
        self,
        document: DocumentId,
        writes: Sequence[FieldWrite],
        *,
        readings: int | None = None,
        seen: Seen | None = None,
        dry_run: bool = False,
    ) -> Sequence[WriteResult]:
        """Apply the writes in order, in one transaction, and answer each.

        Raises NotReady for a document that is ``processing`` or ``failed``, and StaleCheck when
        its pages are no longer those of ``readings`` (``Document.readings``; None: of any): the
        evidence of the leaves is of other pages. So when anything is not as it was ``seen``.

        * The leaves that a person writes are locked, also those that stood there as they are.
        * An agent's write that would change or remove a locked leaf, that wants a value above or
          below one, or that deletes one: ``locked``, with the locked leaves. Where an agent writes
          the very value that a locked leaf holds, the leaf stays as it is, evidence and all.
        * A write that leaves everything as it is is ``changed=False`` - also with a stale
          ``expected_revision``, so that a client that lost the answer can repeat the call.
          Evidence, confidence and warnings belong to what is compared.
        * ``expected_revision`` that is not the revision before this call: ``stale_revision``.
        * A value above the path, leaves below a path that is to hold a scalar, or a member where
          a list has rows (and the reverse): ``path_conflict``. An empty list or object gives way
          to what it is to hold. A delete of nothing: ``field_not_found``.
        * A refused write stops nothing else. The revision grows by one when anything changed, and
          every change is in the history with its leaves before and after. All changes of a call
          share its revision, and are numbered in it from 1: ``12-1``, ``12-2``.
        * A completed document that is changed is ``ocr_complete`` again.
        * ``dry_run`` answers the same and changes nothing.
        * The cost depends on the writes, not on how many fields the document has.
        """

    async def unlock(self, document: DocumentId, path: FieldPath) -> WriteResult:
        """Release the locked leaves at or below a path (all for an empty one), as a change.

        Without a locked leaf there it is ``changed=False``; without any leaf, ``field_not_found``.
        Raises Locked for an agent.
        """

    async def undo(
        self, document: DocumentId, change: ChangeId | None = None, *, redo: bool = False
    ) -> Sequence[Change]:
        """Put back what stood before a change, as a new change; locks too.

        * Without ``change``: the last set, delete or release that has not been undone (an undo is
          not undone by default, so repeating walks back to nothing).
        * ``change`` may name a whole call by its revision: then all of its changes that stand, the
          last one first, in one new revision; all of them or none.
        * An undo that is undone makes again what was undone, and is a ``redo``. With ``redo``
          nothing else is: without ``change`` the last call that undid something which still is
          undone, if no set, delete or release came after it. Repeating walks forward again.
        * An agent that would change, remove or bring back a locked leaf: Locked.

        Raises NothingToUndo (also for a completion or the start of an extraction), NothingToRedo,
        ChangeNotFound, EarlierExtraction, or UndoConflict when a later change that stands has
        touched the same leaves, or leaves that could not stand beside them.
        """

    async def complete(
        self,
        document: DocumentId,
        *,
        revision: int,
        readings: int | None = None,
        version: str | None = None,
        completion: Completion,
    ) -> Document:
        """``ocr_complete`` -> ``completed`` with an entry in the history; the revision stays.

        Raises StaleRevision when the extraction is no longer at ``revision``: it was not checked.
        So StaleCheck, when the pages are no longer those of ``readings``, or schema and policy
        those of the stack's ``version`` (None: of any). A completed document is left as it is, with
        no new entry. Raises NotReady for one that is ``processing`` or ``failed``.
        """

    async def changes(
        self, document: DocumentId | None = None, *, before: int | None = None, limit: int
    ) -> Sequence[Change]:
        """The history, newest first: of a document, or of the whole stack.

        At most ``limit`` changes, of those with a ``Change.sequence`` under ``before``: whoever
        goes on from the last one read misses none and reads none twice, whatever is written
        meanwhile. Of a document, all its extractions are in it. What was recorded is never changed.
        """

    async def came_to(self, document: DocumentId, digest: str) -> bool:
        """Whether the document's history once came to this: a change of it has the digest."""

    async def verify(self, document: DocumentId) -> Verification:
        """Whether history and fields of all the document's extractions are what was written.

        Each change carries a digest over itself, its leaves and the digest before; the document
        carries the last one. All of them are worked out anew. Then the changes are replayed: the
        leaves, locks, authors, revisions and counts that they come to must be the ones that are
        there. What does not fit is named, the first few of them.

        This finds whatever was changed in the store by somebody who did not work out the digests
        again. There is no secret in them: who may write to the store and knows this program can
        write another history that fits. Against that, keep a document's digest elsewhere: a
        history that once came to it must have a change with it for ever.

        Raises Conflict when the document was written to each of the few times it was looked at.
        A store that looks at all of it at once never does.
        """


class StackStore(Documents, Extractions, AtOnce, Members, UsedLinks, Protocol):
    """All that one binding can reach in a store. No method takes a stack, or a user to act for.

    Every method raises NotFound when the bound user is no member of the bound stack any more, or
    the stack is gone: that is looked up in the transaction that does the work. Raises MissingRight
    when the member's role no longer gives a right that the binding was made with.
    """


class Store(Audit, Events, Queued, Usage, Protocol):
    """A place where many users' stacks live."""

    def bind(self, binding: Binding) -> StackStore:
        """The repositories of this binding; costs nothing."""

    def files(self, binding: Binding) -> Files:
        """The files of this binding's stack; costs nothing."""

    async def open_stack(self, user: UserId, name: str, folder: str | None = None) -> Stack:
        """The user's stack of this name, made if there is none. With a folder, that folder's."""

    async def stacks(self, user: UserId) -> Sequence[StackSummary]:
        """The user's own stacks by name, with documents by status and what reading cost."""

    async def delete_stack(self, user: UserId, stack: StackId) -> bool:
        """Erase the user's own stack with everything in it, history included. False for no such.

        At once nobody is a member of it any more, and its name and folder are free: a stack of the
        same name is another one. Then documents, fields, history and what search knows of them are
        erased, and those pages and files whose bytes no other document of the user has. Whatever
        of that a crash leaves is erased when the store is opened again. What was refused in the
        stack stays in the record of refusals.
        """

    async def membership(self, user: UserId, stack: StackId) -> Membership | None:
        """What the user may do in the stack, from one indexed query.

        None alike for a stack of others, one that never was and one that was deleted.
        """

    async def unread(self) -> Sequence[tuple[UserId, StackId]]:
        """Owner and id of every stack with documents in ``processing``, from an index."""

    async def ready(self) -> None:
        """Raises StoreFailed when the store does not answer."""

    async def close(self) -> None:
        """Give everything back. Harmless twice."""
