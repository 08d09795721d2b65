"""A document's history, worked out anew: its chain of digests, and its changes replayed.

Rows come one by one from whatever store has them, with times in microseconds and booleans as 0 and
1; texts are kept as hashes. What is held in memory are the leaves of one extraction, and the
changes whose effect was undone. What no change records is not covered: the text of pages, the
stack's schema and its policy.
"""

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, NamedTuple

from stackdocs_mcp.core.history import Break, Verification
from stackdocs_mcp.core.model import ChangeId
from stackdocs_mcp.core.paths import FieldPath, PathKey, from_key
from stackdocs_mcp.stores import chain
from stackdocs_mcp.stores.leaves import flagged

MAX_BREAKS = 10
"""One is enough to distrust a history; more of them say where to look."""

Row = Mapping[str, Any] | sqlite3.Row
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


class Replay:
    """One look at one document; breaks are collected as they are found."""

    def __init__(self, extractions: Sequence[Row]) -> None:
        """``extractions`` by number, each with how many ``leaves`` its changes have."""
        self._extractions = extractions
        self._place = 0
        self._replay = _Replay(0)
        self._breaks: list[Break] = []
        self._changes = 0
        self._head = ""
        self._last_action = ""
        if [row["number"] for row in extractions] != list(range(1, len(extractions) + 1)):
            self._broken("its extractions are not numbered from 1 without a gap")

    @property
    def extraction(self) -> str | None:
        """The id of the extraction that the next changes have to be in, if it is there."""
        if self._place >= len(self._extractions):
            return None
        return str(self._extractions[self._place]["id"])

    def change(self, row: Row, leaves: Sequence[Row]) -> None:
        """The next change by sequence, with its leaves by key: its place, its digest, what it does.

        Before a "start" the extraction is ended.
        """
        self._changes += 1
        replay = self._replay
        here = (row["revision"], row["ordinal"])
        name = ChangeId(f"{here[0]}-{here[1]}")
        if chain.digest(self._head, row, leaves) != row["digest"]:
            self._broken("its digest is not that of what it says and of the change before", name)
        self._head = row["digest"]
        if row["extraction_id"] != self.extraction:
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

    def _leaf(self, row: Row, by: tuple[object, ...], replay: _Replay, name: ChangeId) -> None:
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

    def _undo(self, row: Row, here: _Position, replay: _Replay, name: ChangeId) -> None:
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

    def ended(self) -> str | None:
        """Compare the extraction, as its changes left it, with what is stored of it.

        Its fields follow, and then ``begin`` or ``end``; None where it is not there.
        """
        if self._place >= len(self._extractions):
            self._broken("it has changes of an extraction that is not there")
            return None
        row, replay = self._extractions[self._place], self._replay
        for position in sorted(replay.fallen ^ replay.marked):
            name = ChangeId(f"{position[0]}-{position[1]}")
            self._broken("it is marked as standing or undone, and is not", name)
        if row["leaves"] != replay.rows:
            self._broken("it has leaves of changes that are not there")
        if row["revision"] != replay.revision:
            self._broken("its revision is not that of its last change")
        counts = (len(replay.leaves), sum(one.flagged for one in replay.leaves.values()))
        if (row["fields"], row["flagged"]) != counts:
            self._broken("its fields are counted otherwise than its changes leave them")
        return str(row["id"])

    def field(self, row: Row) -> None:
        """A field of the extraction that has ended, as it is stored."""
        by = (row["revision"], row["actor_kind"], row["actor_client"], row["at"])
        now = self._replay.leaves.pop(row["key"], None)
        if now is None:
            self._broken("a field is set that no change has set", None, row["key"])
        elif (now.text, now.locked) != (_hash(row["leaf"]), row["locked"]):
            self._broken("a field is not what its last change made it", _name(now), row["key"])
        elif now.by != by:
            self._broken("a field's author is not that of its last change", _name(now))

    def fields_end(self) -> None:
        """There are no more fields of the extraction that has ended."""
        for stored, gone in self._replay.leaves.items():
            self._broken("a field is gone that no change has deleted", _name(gone), stored)
        self._replay.leaves.clear()

    def begin(self) -> None:
        """The next extraction."""
        self._place, self._replay = self._place + 1, _Replay(self._replay.revision)

    def end(self) -> Verification:
        """What all of it comes to."""
        if self._place < len(self._extractions) - 1:
            self._broken("it has an extraction that was never started")
        return Verification(self._changes, self._head, tuple(self._breaks))

    def document(self, row: Row) -> None:
        """The document's row, behind its last change."""
        if row["digest"] != self._head:
            self._broken(
                "its digest is not that of its last change: changes are missing at the end"
            )
        if row["extraction_id"] != self.extraction:
            self._broken("another extraction counts than the one that was started last")
        if row["status"] == "completed" and self._last_action != "complete":
            self._broken("it is completed, and its last change did not complete it")
        if row["status"] == "ocr_complete" and self._last_action == "complete":
            self._broken("its last change completed it, and it is not completed")

    def _broken(self, what: str, change: ChangeId | None = None, stored: str | None = None) -> None:
        if len(self._breaks) < MAX_BREAKS:
            self._breaks.append(Break(what, change, _path(stored)))


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
