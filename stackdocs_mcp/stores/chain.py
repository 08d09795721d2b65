"""The chain of a document's history: each change's digest over itself and the digest before.

A digest is SHA-256, in hexadecimal, of the texts that follow in this order, each as a netstring
(https://cr.yp.to/proto/netstrings.txt: its length in UTF-8 bytes, a colon, the text, a comma; a
column without a value is ``-,``), so that no two histories give the same bytes:

1. the digest of the document's change before, empty for its first one;
2. the columns of the change in the order of ``CHANGE``, and how many leaves it has;
3. for each of its leaves, in the byte order of their keys, the columns of ``LEAF``.

Integers are decimal. A change belongs to the chain of its document in the order of ``sequence``,
whatever extraction it was made in. ``standing`` is left out: later changes alter it, and it follows
from them. Any database with SHA-256 can work this out in its own procedures.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import sha256

CHANGE = (
    "stack_id",
    "extraction_id",
    "revision",
    "ordinal",
    "document_id",
    "sequence",
    "action",
    "path",
    "user_id",
    "actor_kind",
    "actor_client",
    "at",
    "undoes_revision",
    "undoes_ordinal",
    "reason",
    "acknowledged",
)
LEAF = ("key", "touched", "before", "after", "locked_before", "locked_after")

_DOCUMENTS = "SELECT stack_id, id AS document_id FROM documents"
_CHANGES = """
SELECT * FROM changes WHERE stack_id = :stack_id AND document_id = :document_id ORDER BY sequence
"""
_LEAVES = """
SELECT key, touched, before, after, locked_before, locked_after FROM change_leaves
WHERE stack_id = :stack_id AND extraction_id = :extraction_id
    AND revision = :revision AND ordinal = :ordinal
ORDER BY key
"""
_SET_DIGEST = """
UPDATE changes SET digest = :digest
WHERE stack_id = :stack_id AND extraction_id = :extraction_id
    AND revision = :revision AND ordinal = :ordinal
"""
_SET_HEAD = "UPDATE documents SET digest = :digest WHERE stack_id = :stack_id AND id = :document_id"

Row = Mapping[str, object] | sqlite3.Row


def digest(before: str, change: Row, leaves: Sequence[Row]) -> str:
    """The digest of a change with all its leaves in key order, behind the digest before."""
    texts: list[object] = [before, *(change[name] for name in CHANGE), len(leaves)]
    texts += [leaf[name] for leaf in leaves for name in LEAF]
    return sha256(b"".join(_netstrings(texts))).hexdigest()


def chain_all(connection: sqlite3.Connection) -> None:
    """Give every change that is there its digest, and every document its last one."""
    for document in connection.execute(_DOCUMENTS).fetchall():
        head = ""
        for row in connection.execute(_CHANGES, dict(document)).fetchall():
            place = dict(row)
            head = digest(head, row, connection.execute(_LEAVES, place).fetchall())
            connection.execute(_SET_DIGEST, {**place, "digest": head})

        connection.execute(_SET_HEAD, {**dict(document), "digest": head})


def _netstrings(texts: Iterable[object]) -> Iterator[bytes]:
    for text in texts:
        if text is None:
            yield b"-,"
            continue
        encoded = str(text).encode()
        yield b"%d:%s," % (len(encoded), encoded)
