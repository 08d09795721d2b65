"""What Storage answers when it refuses, in the program's own errors.

It answers HTTP 400 to everything that it refuses; what it means is in the body: a ``code``, in
older versions only an ``error``. Classified by those alone: its messages quote keys.
"""

from collections.abc import Mapping

from stackdocs_mcp.core.errors import (
    FileRefused,
    FileUnsupported,
    StackdocsError,
    StoreFailed,
)

THERE_ALREADY = frozenset({"KeyAlreadyExists", "ResourceAlreadyExists", "Duplicate"})
NO_OBJECT = frozenset({"NoSuchKey", "not_found"})
NO_BUCKET = frozenset({"NoSuchBucket", "Bucket not found"})
"""Also said of a bucket that is there, to whoever comes with a token that has expired."""
DENIED = frozenset(
    {
        *("AccessDenied", "Unauthorized", "InvalidJWT", "ExpiredToken", "InvalidSignature"),
        *("SignatureDoesNotMatch", "jwt expired", "401", "403"),
    }
)
"""By a policy or for the token; it says the same of both."""
TOO_LARGE = frozenset({"EntityTooLarge", "Payload too large", "413"})
UNWANTED_KIND = frozenset({"InvalidMimeType", "invalid_mime_type", "415"})
BUSY = frozenset(
    {
        *("DatabaseTimeout", "DatabaseConnectionLimit", "DatabaseReadOnly", "DatabaseError"),
        *("SlowDown", "LockTimeout", "ResourceLocked", "S3Error", "Aborted", "InternalError"),
        *("TransactionError", "429", "500", "502", "503", "504", "520", "522", "524", "544"),
    }
)
"""It may be done again, and may work then."""

_SENTENCES: tuple[tuple[frozenset[str], type[StackdocsError], str, str], ...] = (
    (
        TOO_LARGE,
        FileRefused,
        "the Supabase project's Storage takes no files of this size",
        "Send a smaller one, or have the limit of the bucket 'documents' or of the project raised.",
    ),
    (
        UNWANTED_KIND,
        FileUnsupported,
        "the Supabase project's Storage does not take this kind of file",
        "Let the bucket 'documents' take files of any media type.",
    ),
)


class Refused(Exception):
    """Storage said no. ``codes`` has all that its answer is called by."""

    def __init__(self, status: int, body: object, date: str | None = None) -> None:
        """``date`` is the answer's header of that name."""
        super().__init__()
        self.date = date
        told = body if isinstance(body, Mapping) else {}
        named = (told.get(name) for name in ("code", "error", "statusCode"))
        self.codes = frozenset(str(one) for one in named if one) or frozenset({str(status)})

    def is_one(self, codes: frozenset[str]) -> bool:
        """It is one of these."""
        return bool(self.codes & codes)


def told(refused: Refused) -> StackdocsError:
    """The error for what Storage refused for good."""
    if refused.is_one(NO_OBJECT):
        return missing()
    for codes, kind, message, advice in _SENTENCES:
        if refused.is_one(codes):
            return kind(message, advice)
    return StoreFailed("the Supabase project's Storage could not do this")


def missing() -> StoreFailed:
    """The stack has no such bytes; alike for those of others, and those that never were."""
    return StoreFailed("the document's file is missing from the store", "Add the file again.")


def damaged() -> StoreFailed:
    """What came are not the bytes that were added, also when they were asked for again."""
    return StoreFailed(
        "the document's file in the store is not the one that was added",
        "Remove it from the bucket 'documents' in the project's dashboard, then add it again.",
    )


def no_bucket() -> StoreFailed:
    """The bucket is not there."""
    return StoreFailed(
        "the Supabase project has no bucket 'documents'",
        "Run `stackdocs-mcp migrate`, or make a private bucket of this name in the dashboard.",
    )


def refused_token() -> StoreFailed:
    """Storage does not believe who this server says is calling."""
    return StoreFailed(
        "the Supabase project's Storage refused the token that this server signs",
        "Import the public part of STACKDOCS_SUPABASE_SIGNING_KEY into the project's JWT "
        "signing keys, or set the key that is there; `stackdocs-mcp doctor` compares them.",
    )


def refused_access() -> StoreFailed:
    """A policy refuses what the member may do."""
    return StoreFailed(
        "the Supabase project's Storage does not let this server at the bucket 'documents'",
        "Run `stackdocs-mcp migrate`: the bucket's policies are missing or were changed.",
    )


def unreachable() -> StoreFailed:
    """Nobody answered, or not to the end."""
    return StoreFailed(
        "the Supabase project's Storage cannot be reached",
        "Nothing was lost: send the file or ask for it again when it answers.",
    )
