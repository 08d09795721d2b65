"""Whether a document's history is whole: its chain worked out anew, and its changes replayed.

What no change records is not covered: the text of pages, the stack's schema and its policy.
Rows are streamed, and texts are kept as hashes: what is held in memory are the leaves of one
extraction, and the changes whose effect was undone.
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import NamedTuple

from stackdocs_mcp.core.history import Break, Verification
from stackdocs_mcp.core.model import ChangeId, DocumentId
from stackdocs_mcp.core.paths import FieldPath, PathKey, from_key
from stackdocs_mcp.stores import chain, documents
from stackdocs_mcp.stores.leaves import flagged
from stackdocs_mcp.stores.scope import Scope

MAX_BREAKS = 10
"""One is enough to distrust a history; more of them say where to look."""

_DOCUMENT = """
SELECT d.extraction_id, d.status, d.digest FROM stacks AS s
CROSS JOIN documents AS d ON d.stack_id = s.id
WHERE s.id = :stack AND s.user_id = :owner AND d.id = :document
"""
_EXTRACTIONS = """
SELECT id, number, revision, fields, flagged FROM extractions
WHERE stack_id = :stack AND document_id = :document ORDER BY number
"""
_CHANGES = """
SELECT * FROM changes WHERE stack_id = :stack AND document_id = :document ORDER BY sequence
"""
_LEAVES = """
SELECT key, touched, before, after, locked_before, locked_after FROM change_leaves
WHERE stack_id = :stack AND extraction_id = :extraction
    AND revision = :revision AND ordinal = :ordinal
ORDER BY key
"""
_COUNT_LEAVES = """
SELECT count(*) AS leaves FROM change_leaves
WHERE stack_id = :stack AND extraction_id = :extraction
"""
_FIELDS = """
SELECT key, leaf, locked, revision, actor_kind, actor_client, at FROM fields
WHERE stack_id = :stack AND extraction_id = :extraction ORDER BY key
"""

_Position = tuple[int, int]


class _State(NamedTuple):
    """A leaf, and the change that made it so."""

    text: bytes
    locked: int
    flagged: bool
    by: tuple[object, ...]


@dataclass
class _Replay:
    """One extraction as its changes make it."""

    revision: int
    ordinal: int = 0
    leaves: dict[str, _State] = field(default_factory=dict)
    rows: int = 0
    undoes: dict[_Position, _Position] = field(default_factory=dict)
    fallen: set[_Position] = field(default_factory=set)
    """Changes that do not stand."""
    marked: set[_Position] = field(default_factory=set)
    """Changes that are stored as if they did not."""


def verify(scope: Scope, document: DocumentId) -> Verification:
    """The document's history and fields against each other. See the port."""
    documents.held(scope, document)
    return _Verifier(scope, document).run()


class _Verifier:
    """One look at one document; breaks are collected as they are found."""

    def __init__(self, scope: Scope, document: DocumentId) -> None:
        self._scope = scope
        self._document = document
        self._breaks: list[Break] = []
        self._changes = 0
        self._head = ""
        self._last_action = ""

    def run(self) -> Verification:
        extractions = self._scope.rows(_EXTRACTIONS, document=self._document)
        if [row["number"] for row in extractions] != list(range(1, len(extractions) + 1)):
            self._broken("its extractions are not numbered from 1 without a gap")
        place, replay = 0, _Replay(0)
        for row in self._scope.stream(_CHANGES, document=self._document):
            if row["action"] == "start":
                self._ended(extractions, place, replay)
                place, replay = place + 1, _Replay(replay.revision)
            here = extractions[place]["id"] if place < len(extractions) else None
            self._change(row, here, replay)

        self._document_row(extractions[place]["id"] if place < len(extractions) else None)
        self._ended(extractions, place, replay)
        if place < len(extractions) - 1:
            self._broken("it has an extraction that was never started")
        return Verification(self._changes, self._head, tuple(self._breaks))

    def _change(self, row: sqlite3.Row, extraction: str | None, replay: _Replay) -> None:
        """One change: its place, its digest, and what it does to the leaves."""
        self._changes += 1
        here = (row["revision"], row["ordinal"])
        name = ChangeId(f"{here[0]}-{here[1]}")
        leaves = self._scope.rows(_LEAVES, extraction=row["extraction_id"], **_place(here))
        if chain.digest(self._head, row, leaves) != row["digest"]:
            self._broken("its digest is not that of what it says and of the change before", name)
        self._head = row["digest"]
        if row["extraction_id"] != extraction:
            self._broken("it is in another extraction than the changes around it", name)
        if here not in {(replay.revision, replay.ordinal + 1), (replay.revision + 1, 1)}:
            self._broken("it does not follow the change before", name)
        replay.revision, replay.ordinal = here
        replay.rows += len(leaves)
        self._last_action = row["action"]
        self._undo(row, here, replay, name)
        by = (row["revision"], row["actor_kind"], row["actor_client"], row["at"])
        for leaf in leaves:
            self._leaf(leaf, by, replay, name)

    def _leaf(
        self, row: sqlite3.Row, by: tuple[object, ...], replay: _Replay, name: ChangeId
    ) -> None:
        was = replay.leaves.get(row["key"])
        said = None if row["before"] is None else (_hash(row["before"]), row["locked_before"])
        if (was and (was.text, was.locked)) != said:
            self._broken("it does not start from what stood before", name, row["key"])
        if not row["touched"]:
            return
        if row["after"] is None:
            replay.leaves.pop(row["key"], None)
            return
        replay.leaves[row["key"]] = _State(
            _hash(row["after"]), row["locked_after"], _flagged(row["after"]), by
        )

    def _undo(self, row: sqlite3.Row, here: _Position, replay: _Replay, name: ChangeId) -> None:
        """Which changes stand from here on: see ``undo``."""
        if row["standing"] not in {0, 1}:
            self._broken("it is marked neither as standing nor as undone", name)
        elif not row["standing"]:
            replay.marked.add(here)
        undone = (row["undoes_revision"], row["undoes_ordinal"])
        if undone == (None, None):
            return
        if None in undone or undone >= here:
            self._broken("it undoes a change that was not there yet", name)
            return
        replay.undoes[here] = undone
        stands, one = False, undone
        while True:
            (replay.fallen.discard if stands else replay.fallen.add)(one)
            if one not in replay.undoes:
                return
            stands, one = not stands, replay.undoes[one]

    def _ended(self, extractions: Sequence[sqlite3.Row], place: int, replay: _Replay) -> None:
        """The extraction as its changes left it, against what is stored of it."""
        if place >= len(extractions):
            self._broken("it has changes of an extraction that is not there")
            return
        row = extractions[place]
        for position in sorted(replay.fallen ^ replay.marked):
            name = ChangeId(f"{position[0]}-{position[1]}")
            self._broken("it is marked as standing or undone, and is not", name)
        (rows,) = self._scope.rows(_COUNT_LEAVES, extraction=row["id"])
        if rows["leaves"] != replay.rows:
            self._broken("it has leaves of changes that are not there")
        if row["revision"] != replay.revision:
            self._broken("its revision is not that of its last change")
        counts = (len(replay.leaves), sum(one.flagged for one in replay.leaves.values()))
        if (row["fields"], row["flagged"]) != counts:
            self._broken("its fields are counted otherwise than its changes leave them")
        self._fields(row["id"], replay)

    def _fields(self, extraction: str, replay: _Replay) -> None:
        for row in self._scope.stream(_FIELDS, extraction=extraction):
            by = (row["revision"], row["actor_kind"], row["actor_client"], row["at"])
            now = replay.leaves.pop(row["key"], None)
            if now is None:
                self._broken("a field is set that no change has set", None, row["key"])
            elif (now.text, now.locked) != (_hash(row["leaf"]), row["locked"]):
                self._broken("a field is not what its last change made it", _name(now), row["key"])
            elif now.by != by:
                self._broken("a field's author is not that of its last change", _name(now))
        for stored, gone in replay.leaves.items():
            self._broken("a field is gone that no change has deleted", _name(gone), stored)

    def _document_row(self, extraction: str | None) -> None:
        (row,) = self._scope.rows(_DOCUMENT, document=self._document)
        if row["digest"] != self._head:
            self._broken(
                "its digest is not that of its last change: changes are missing at the end"
            )
        if row["extraction_id"] != extraction:
            self._broken("another extraction counts than the one that was started last")
        if row["status"] == "completed" and self._last_action != "complete":
            self._broken("it is completed, and its last change did not complete it")
        if row["status"] == "ocr_complete" and self._last_action == "complete":
            self._broken("its last change completed it, and it is not completed")

    def _broken(self, what: str, change: ChangeId | None = None, stored: str | None = None) -> None:
        if len(self._breaks) < MAX_BREAKS:
            self._breaks.append(Break(what, change, _path(stored)))


def _place(position: _Position) -> dict[str, object]:
    return {"revision": position[0], "ordinal": position[1]}


def _name(state: _State) -> ChangeId:
    return ChangeId(str(state.by[0]))


def _path(stored: str | None) -> FieldPath | None:
    try:
        return None if stored is None else from_key(PathKey(stored))
    except ValueError:  # somebody wrote what is no key
        return None


def _hash(text: str) -> bytes:
    return sha256(text.encode()).digest()


def _flagged(text: str) -> bool:
    try:
        return flagged(text)
    except (
        ValueError,
        TypeError,
        RecursionError,
    ):  # somebody wrote what is no leaf; its digest says so
        return False
