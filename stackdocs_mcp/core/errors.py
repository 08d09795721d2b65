"""Every error a caller can meet, each with advice on the next useful step.

StackdocsError
|- NotFound
|  |- DocumentNotFound       also for a document of another stack or user: byte for byte the same
|  |- PageNotFound
|  |- ChangeNotFound
|  |- ExtractionNotFound
|  `- FieldNotFound
|- MissingRight              the binding does not allow this
|- NotReady                  the document is still being read, or could not be
|- InvalidArgument           an argument has the right type but no meaning here
|  |- InvalidCursor
|  |- InvalidPath            not a field path, or not one that the schema has
|  |- InvalidSchema
|  `- BadValue              a value that cannot be what its field asks for
|- Conflict                  somebody else was there first
|  |- StaleRevision
|  |- StaleCheck             the pages, the schema or the policy were replaced meanwhile
|  |- PathThroughValue       a value stands where the path wants an object or a list, or the reverse
|  |- Locked                 a person set the value, and an agent may not change it
|  |- NothingToUndo
|  |- NothingToRedo
|  |- LinkUsed               a one-time link that has served its purpose
|  |- UndoConflict
|  |  `- AlreadyUndone
|  `- EarlierExtraction      a change of an extraction that no longer counts
|- FileRefused               a file outside the allowed folders, or not a regular file
|  |- FileTooLarge
|  |- FileUnsupported        what its first bytes say it is can never be read
|  `- SizeDiffers            not as many bytes as were announced
|- ExportTooLarge            more bytes than a link may give
|- TooManyListeners          a user, or all users, listen for changes in too many places
|- ExtractionFailed          one document could not be read; it fails alone
`- StoreFailed               the store cannot be reached, opened or written
   `- StoreTooNew            written by a newer version of this program

A message names the value with ``!r``; ``advice`` is a sentence that says what to do next. Messages
are ours: an exception's text from a database, a parser or a library never becomes part of one.
"""

from collections.abc import Sequence

from stackdocs_mcp.core.amounts import sized


class StackdocsError(Exception):
    """Something the caller can read and act upon."""

    code = "error"
    advice = ""
    subject = ""
    """The id that was asked for, where the error is about one: for the record of refusals."""
    is_denial = False
    """Says that something is not there for this caller; whether it is for others nobody learns."""

    def __init__(self, message: str, advice: str = "") -> None:
        super().__init__(message)
        if advice:
            self.advice = advice

    @property
    def message(self) -> str:
        """One sentence about what is wrong, without the advice."""
        return str(self.args[0])


class NotFound(StackdocsError):
    code = "not_found"
    is_denial = True


class DocumentNotFound(NotFound):
    code = "document_not_found"
    advice = "Call list_documents for the documents of this stack."

    def __init__(self, document: str) -> None:
        super().__init__(f"no document {document!r} in this stack")
        self.subject = document


class PageNotFound(NotFound):
    code = "page_not_found"
    is_denial = False

    def __init__(self, page: int, pages: int) -> None:
        super().__init__(f"no page {page}", f"The document has pages 1 to {pages}.")


class ChangeNotFound(NotFound):
    code = "change_not_found"
    advice = "Leave change_id out to undo the last change."

    def __init__(self, change: str) -> None:
        super().__init__(f"no change {change!r} in this document's history")
        self.subject = change


class ExtractionNotFound(NotFound):
    code = "extraction_not_found"
    is_denial = False
    advice = "Leave it out for the one that counts."

    def __init__(self, number: int) -> None:
        super().__init__(f"the document has no extraction {number}")


class FieldNotFound(NotFound):
    code = "field_not_found"
    is_denial = False
    advice = "Call read_extraction for the fields that are set."

    def __init__(self, path: str) -> None:
        super().__init__(f"no value is set at {path!r}")


class MissingRight(StackdocsError):
    code = "missing_right"
    is_denial = True

    def __init__(self, right: str) -> None:
        super().__init__(
            f"this needs the right {right!r}",
            "Ask the owner of the stack, or use the tools listed.",
        )


class NotReady(StackdocsError):
    code = "not_ready"


class InvalidArgument(StackdocsError):
    code = "invalid_argument"


class InvalidCursor(InvalidArgument):
    code = "invalid_cursor"
    is_denial = True
    advice = "Call again without a cursor to start from the beginning."

    def __init__(self) -> None:
        super().__init__("the cursor does not belong to this call")


class InvalidPath(InvalidArgument):
    """Not a field path, or not one that the schema has."""

    code = "unknown_field"

    def __init__(self, message: str, near: Sequence[str] = ()) -> None:
        named = ", ".join(repr(name) for name in near)
        super().__init__(
            message,
            f"Did you mean {named}?" if near else "Call get_schema for the fields.",
        )


class InvalidSchema(InvalidArgument):
    code = "invalid_schema"
    advice = "Correct the schema and call set_schema again; nothing was changed."


class BadValue(InvalidArgument):
    """A value cannot be read as what its field asks for. ``code`` says why: see ``core.values``."""

    def __init__(self, code: str, message: str, advice: str) -> None:
        super().__init__(message, advice)
        self.code = code


class Conflict(StackdocsError):
    code = "conflict"


class StaleRevision(Conflict):
    code = "stale_revision"
    advice = "Look at the current value, then write again with the current revision."

    def __init__(self, expected: int, current: int) -> None:
        super().__init__(f"the extraction is at revision {current}, not {expected}")


class StaleCheck(Conflict):
    code = "stale_check"
    advice = "Call again: it is checked anew."

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} while this was checked")


class PathThroughValue(Conflict):
    code = "path_conflict"

    def __init__(self, path: str, other: str) -> None:
        super().__init__(
            f"{path!r} cannot be set while {other!r} holds a value",
            f"Delete {other!r} first with delete_field, or write to another path.",
        )


class Locked(Conflict):
    code = "locked"
    advice = (
        "Keep the value as it is. If it is wrong, tell the person: they can correct it, or let "
        "you write it with `stackdocs-mcp release`."
    )

    def __init__(self, path: str) -> None:
        super().__init__(f"{path!r} was set by a person and is locked")


class NothingToUndo(Conflict):
    code = "nothing_to_undo"
    advice = "Call read_extraction to see the fields."

    def __init__(self) -> None:
        super().__init__("there is no change left to undo")


class NothingToRedo(Conflict):
    code = "nothing_to_redo"
    advice = "Call read_extraction to see the fields."

    def __init__(self, change: str | None = None) -> None:
        super().__init__(
            "there is no undo left to take back"
            if change is None
            else f"change {change!r} is not an undo that could be taken back"
        )


class EarlierExtraction(Conflict):
    code = "earlier_extraction"
    advice = "Its values can be read with read_extraction, and written again."

    def __init__(self, change: str) -> None:
        super().__init__(f"change {change!r} belongs to an earlier extraction of this document")


class UndoConflict(Conflict):
    code = "undo_conflict"

    def __init__(self, change: str, later: str) -> None:
        super().__init__(
            f"change {change!r} was followed by {later!r} at the same place",
            f"Undo {later!r} first.",
        )


class AlreadyUndone(UndoConflict):
    """What is to be undone was undone before, and its undo stands."""

    def __init__(self, change: str, by: str) -> None:
        Conflict.__init__(
            self,
            f"change {change!r} is already undone by {by!r}",
            f"To have it back, redo {by!r}.",
        )


class LinkUsed(Conflict):
    code = "link_used"

    def __init__(self, what: str, advice: str) -> None:
        super().__init__(f"this link was used for {what}", advice)


class FileRefused(StackdocsError):
    code = "file_refused"
    is_denial = True


class FileTooLarge(FileRefused):
    code = "file_too_large"
    advice = "Split it, or let whoever runs the server raise --max-file-mb (STACKDOCS_MAX_FILE_MB)."

    def __init__(self, limit: int) -> None:
        super().__init__(f"the file has more than {sized(limit)}")


class FileUnsupported(FileRefused):
    code = "file_unsupported"


class SizeDiffers(FileRefused):
    code = "size_differs"
    advice = "Call add_document again with the file's size in bytes."

    def __init__(self, announced: int, arrived: int) -> None:
        super().__init__(f"{announced} bytes were announced, and {arrived} arrived")


class ExtractionFailed(StackdocsError):
    """One document could not be read. ``code`` says which way: see the ``ocr`` package."""

    def __init__(self, code: str, message: str, advice: str = "") -> None:
        super().__init__(message, advice)
        self.code = code


class ExportTooLarge(StackdocsError):
    code = "export_too_large"

    def __init__(self, most: int) -> None:
        super().__init__(
            f"the export is larger than {most // 1024**2} MiB",
            "Call export with format jsonl, or without evidence: a table has a cell for each column"
            " in each row. Or keep fewer documents in one stack.",
        )


class TooManyListeners(StackdocsError):
    code = "too_many_listeners"
    advice = "Close a stream that is no longer needed, then listen again."

    def __init__(self) -> None:
        super().__init__("there are too many open streams of change notifications")


class StoreFailed(StackdocsError):
    code = "store_failed"
    advice = "Nothing was changed. Try again; `stackdocs-mcp doctor` says what is wrong."


class StoreTooNew(StoreFailed):
    code = "store_too_new"
