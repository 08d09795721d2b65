"""What the port says of fields and history, as simple as its prose and as slow as it likes."""

from collections.abc import Collection, Iterable, Mapping
from copy import copy
from dataclasses import dataclass, field, replace

from stackdocs_mcp.core.errors import (
    AlreadyUndone,
    Locked,
    NothingToRedo,
    NothingToUndo,
    UndoConflict,
)
from stackdocs_mcp.core.model import Action, ChangeId, FieldWrite, Leaf, WriteResult
from stackdocs_mcp.core.paths import FieldPath, dotted, key

Held = tuple[Leaf, bool]
"""A leaf, and whether it is locked."""
Leaves = dict[FieldPath, Held]


@dataclass(frozen=True)
class Entry:
    """A change as the model remembers it: the leaves that it set otherwise, before and after."""

    id: str
    action: Action
    path: FieldPath
    before: Mapping[FieldPath, Held | None]
    after: Mapping[FieldPath, Held | None]
    undoes: str | None = None

    @property
    def call(self) -> str:
        return self.id.split("-")[0]


@dataclass
class Model:
    """One document's fields and history, in memory."""

    leaves: Leaves = field(default_factory=dict)
    history: list[Entry] = field(default_factory=list)
    earlier: list[tuple[Leaves, list[Entry]]] = field(default_factory=list)
    revision: int = 0

    def write(self, write: FieldWrite, base: int, ordinal: int, *, person: bool) -> WriteResult:
        """What the port says of one write; ``ordinal`` is its number if it changes anything."""
        new = {leaf.path: (leaf, person) for leaf in write.leaves}
        scalar = write.path in new and not isinstance(new[write.path][0].value, (list, dict))
        there = {
            path: leaf
            for path, leaf in self.leaves.items()
            if path == write.path or (not scalar and begins(path, write.path))
        }
        if not person:
            new |= {path: there[path] for path in new if self._repeats(there, new, path)}
        refused = WriteResult(changed=False, revision=0)
        if new and there == new:
            return refused
        if write.expected_revision not in {None, base}:
            return replace(refused, conflict="stale_revision")
        # An empty list or object gives way to what it is to hold, and a delete holds nothing.
        gives_way = {path for path in self.leaves if new and self._gives_way(path, write.path)}
        gone = {*there, *gives_way}
        after = {path: leaf for path, leaf in self.leaves.items() if path not in gone} | new
        if not person and any(
            (new and begins(write.path, path))
            or (scalar and begins(path, write.path))
            or after.get(path) != held
            for path, held in locked(self.leaves).items()
        ):
            return replace(refused, conflict="locked")
        if not new and not there:
            return replace(refused, conflict="field_not_found")
        if not is_tree(after):
            return replace(refused, conflict="path_conflict")
        action = Action.SET if new else Action.DELETE
        self.record(f"{base + 1}-{ordinal}", action, write.path, after)
        return replace(refused, changed=True, change=ChangeId(self.history[-1].id))

    def undo(self, undone: list[Entry], *, person: bool) -> None:
        """All of them or none. Raises UndoConflict and Locked as the port says."""
        trial = copy(self)
        trial.history = [*self.history]
        trial.revision += 1
        for ordinal, entry in enumerate(undone, 1):
            trial.undo_one(entry, f"{trial.revision}-{ordinal}", person=person)
        self.leaves, self.history, self.revision = trial.leaves, trial.history, trial.revision

    def undo_one(self, undone: Entry, name: str, *, person: bool) -> None:
        later = self.history[self.history.index(undone) + 1 :]
        named = {entry.id for entry in later}
        against = [
            entry
            for entry in reversed(later)
            if clash(entry.before, undone.before)
            and self.stands(entry)
            and entry.undoes not in named
        ]
        for entry in against:
            if entry.undoes == undone.id and undone.action is not Action.UNDO:
                raise AlreadyUndone(undone.id, entry.id)
        if against:
            raise UndoConflict(undone.id, against[0].id)
        after = dict(self.leaves)
        for path, held in sorted(undone.before.items(), key=lambda item: key(item[0])):
            now = after.pop(path, None)
            if not person and any(one is not None and one[1] for one in (now, held)):
                raise Locked(dotted(path))
            if held is not None:
                after[path] = held
        assert is_tree(after)
        action = Action.REDO if undone.action is Action.UNDO else Action.UNDO
        self.record(name, action, undone.path, after, undone.id)

    def unlock(self, path: FieldPath) -> bool:
        free = {
            one: (leaf, False)
            for one, (leaf, _) in locked(self.leaves).items()
            if one == path or begins(one, path)
        }
        if not free:
            return False
        self.revision += 1
        self.record(f"{self.revision}-1", Action.RELEASE, path, self.leaves | free)
        return True

    def start(self) -> None:
        self.earlier.append((self.leaves, self.history))
        carried, self.leaves, self.history = locked(self.leaves), {}, []
        self.revision += 1
        self.record(f"{self.revision}-1", Action.START, (), {})
        for ordinal, path in enumerate(sorted(carried, key=key), 2):
            after = self.leaves | {path: carried[path]}
            self.record(f"{self.revision}-{ordinal}", Action.SET, path, after)

    def last(self) -> list[Entry]:
        for entry in reversed(self.history):
            if entry.action in WRITING and self.stands(entry):
                return [entry]
        raise NothingToUndo

    def last_undone(self) -> list[Entry]:
        for entry in reversed(self.history):
            if entry.action in WRITING:
                break
            if entry.action is Action.UNDO and self.stands(entry):
                return self.of_call(entry.call)
        raise NothingToRedo

    def of_call(self, call: str) -> list[Entry]:
        """The changes of a call that stand, or its last one."""
        found = [one for one in reversed(self.history) if one.call == call]
        found = [one for one in found if one.action is not Action.START]
        if not found:
            raise NothingToUndo
        return [one for one in found if self.stands(one)] or found[:1]

    def stands(self, entry: Entry) -> bool:
        return not any(one.undoes == entry.id and self.stands(one) for one in self.history)

    def record(
        self, name: str, action: Action, path: FieldPath, after: Leaves, undoes: str | None = None
    ) -> None:
        changed = {one for one in {*self.leaves, *after} if self.leaves.get(one) != after.get(one)}
        before = {one: self.leaves.get(one) for one in changed}
        entry = Entry(name, action, path, before, {one: after.get(one) for one in changed}, undoes)
        self.history.append(entry)
        self.leaves = after

    def _gives_way(self, above: FieldPath, path: FieldPath) -> bool:
        if not begins(path, above):
            return False
        return self.leaves[above][0].value == ([] if isinstance(path[len(above)], int) else {})

    def _repeats(self, there: Leaves, new: Leaves, path: FieldPath) -> bool:
        was = there.get(path)
        same = was is not None and type(was[0].value) is type(new[path][0].value)
        return same and was is not None and was[1] and was[0].value == new[path][0].value


WRITING = (Action.SET, Action.DELETE, Action.RELEASE)


def locked(leaves: Leaves) -> Leaves:
    return {path: held for path, held in leaves.items() if held[1]}


def begins(path: FieldPath, prefix: FieldPath) -> bool:
    """The path is below the prefix."""
    return len(path) > len(prefix) and path[: len(prefix)] == prefix


def clash(some: Iterable[FieldPath], others: Iterable[FieldPath]) -> bool:
    """A path is in both, or two of them cannot stand in one tree."""
    return any(one == other or not is_tree({one, other}) for one in some for other in others)


def is_tree(leaves: Collection[FieldPath]) -> bool:
    """No value stands above another, and nothing is a list and an object at once."""
    kinds: dict[FieldPath, set[type]] = {}
    for path in leaves:
        for length, segment in enumerate(path):
            if length and path[:length] in leaves:
                return False
            kinds.setdefault(path[:length], set()).add(type(segment))
    return all(len(found) == 1 for found in kinds.values())
