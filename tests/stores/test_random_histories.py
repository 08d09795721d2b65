"""Random calls of a person and an agent against a model that is as simple as the port's prose."""

import re
import tempfile
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import ExitStack
from copy import copy
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from anyio.from_thread import start_blocking_portal
from hypothesis import HealthCheck, settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from stackdocs_mcp.core.binding import Actor
from stackdocs_mcp.core.errors import Conflict, Locked, NothingToRedo, NothingToUndo, UndoConflict
from stackdocs_mcp.core.model import Action, ChangeId, FieldWrite, JsonValue, Leaf, WriteResult
from stackdocs_mcp.core.paths import FieldPath, dotted, key
from stackdocs_mcp.core.ports import StackStore
from stackdocs_mcp.stores.embedded import open_store
from tests.stores.builders import ALICE, SteppingClock, added, binding, deleting, setting

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
        gone = {*there, *(path for path in self.leaves if self._gives_way(path, write.path))}
        after = {path: leaf for path, leaf in self.leaves.items() if path not in gone} | new
        if not person and any(
            begins(write.path, path)
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
        for entry in reversed(later):
            if (
                clash(entry.before, undone.before)
                and self.stands(entry)
                and entry.undoes not in named
            ):
                raise UndoConflict(undone.id, entry.id)
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


PATHS = st.sampled_from(["a", "a.x", "a.y", "a.x.z", "a[0]", "b", "b[0].n", "b[0].m", "b[1].n"])
SCALARS: st.SearchStrategy[JsonValue] = st.sampled_from([1, 2, "1", None])
VALUES = SCALARS | st.sampled_from(
    [[], {}, {"x": 1}, {"x": 1, "y": 2}, {"x": {"z": 1}}, [1], [{"n": 1}], [{"n": 1}, {"n": 2}]]
)
EXPECTED = st.sampled_from([None, None, None, 0, 1])
PEOPLE = st.booleans()


class OneDocument(RuleBasedStateMachine):
    """One document of an embedded store on a real file, for a person and an agent."""

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        folder = Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        self.portal = self.stack.enter_context(start_blocking_portal())
        self.store = self.portal.call(partial(open_store, folder, clock=SteppingClock()))
        stack = self.portal.call(self.store.open_stack, ALICE, "random")
        bound = binding(ALICE, stack.id)
        self.agent: StackStore = self.store.bind(bound)
        self.person: StackStore = self.store.bind(bound.acting_as(Actor("person", "test")))
        self.document = self.portal.call(added, self.agent).id

    def call(self, function: Any, *args: Any, **named: Any) -> Any:
        return self.portal.call(partial(function, self.document, *args, **named))

    def held(self, extraction: int | None = None) -> Leaves:
        fields = self.call(self.agent.fields, extraction=extraction)
        return {one.leaf.path: (one.leaf, one.locked) for one in fields}

    def teardown(self) -> None:
        self.portal.call(self.store.close)
        self.stack.close()


class Histories(OneDocument):
    """Everything that can be done to a document, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.model = Model()

    def repo(self, *, person: bool) -> StackStore:
        return self.person if person else self.agent

    @rule(
        items=st.lists(
            st.tuples(PATHS, VALUES, EXPECTED, st.booleans(), st.booleans()),
            min_size=1,
            max_size=3,
        ),
        person=PEOPLE,
    )
    def write(
        self, items: list[tuple[str, JsonValue, int | None, bool, bool]], *, person: bool
    ) -> None:
        writes = [
            deleting(path, expected=expected)
            if deletes
            else setting(path, value, expected=expected, flagged=flagged)
            for path, value, expected, flagged, deletes in items
        ]
        base, ordinal = self.model.revision, 1
        expected: list[WriteResult] = []
        for write in writes:
            result = self.model.write(write, base, ordinal, person=person)
            ordinal += result.changed
            expected.append(result)
        self.model.revision += ordinal > 1
        kept = locked(self.held())

        results = self.call(self.repo(person=person).write, writes)

        assert [(one.changed, one.conflict, one.change) for one in results] == [
            (one.changed, one.conflict, one.change) for one in expected
        ]
        assert {one.revision for one in results} == {self.model.revision}
        assert person or locked(self.held()) == kept

    def undo(
        self, chosen: Callable[[], list[Entry]], name: str | None, *, redo: bool, person: bool
    ) -> None:
        """Both do the same, or refuse for the same reason."""
        kept = locked(self.held())
        change = None if name is None else ChangeId(name)
        undo = partial(self.call, self.repo(person=person).undo, change, redo=redo)
        try:
            self.model.undo(chosen(), person=person)
        except Conflict as conflict:
            with pytest.raises(type(conflict), match=re.escape(str(conflict))):
                undo()
        else:
            undo()
        assert person or locked(self.held()) == kept

    @rule(person=PEOPLE)
    def undo_the_last(self, *, person: bool) -> None:
        self.undo(self.model.last, None, redo=False, person=person)

    @rule(person=PEOPLE)
    def redo_the_last(self, *, person: bool) -> None:
        self.undo(self.model.last_undone, None, redo=True, person=person)

    @rule(data=st.data(), person=PEOPLE, whole=st.booleans())
    def undo_any(self, data: st.DataObject, *, person: bool, whole: bool) -> None:
        entries = [one for one in self.model.history if one.action is not Action.START]
        if not entries:
            return
        entry = data.draw(st.sampled_from(entries))
        chosen = partial(self.model.of_call, entry.call) if whole else lambda: [entry]
        name = entry.call if whole else entry.id
        self.undo(chosen, name, redo=entry.action is Action.UNDO, person=person)

    @rule(person=PEOPLE)
    def undo_and_redo(self, *, person: bool) -> None:
        before = self.held()
        repo = self.repo(person=person)
        try:
            self.model.undo(self.model.last(), person=person)
        except Conflict:
            return
        self.model.undo(self.model.last_undone(), person=person)

        self.call(repo.undo)
        self.call(repo.undo, redo=True)

        assert self.held() == before

    @rule(path=PATHS.map(lambda path: setting(path, 1).path))
    def release(self, path: FieldPath) -> None:
        changed = self.model.unlock(path)

        result = self.call(self.person.unlock, path)

        assert (result.changed, result.revision) == (changed, self.model.revision)

    @rule(person=PEOPLE)
    def start_anew(self, *, person: bool) -> None:
        if len(self.model.earlier) < 2:
            self.model.start()
            self.call(self.repo(person=person).start_extraction)

    @invariant()
    def fields_are_the_models(self) -> None:
        assert list(self.held().items()) == sorted(
            self.model.leaves.items(), key=lambda item: key(item[0])
        )
        document = self.call(self.agent.document)
        leaves = [leaf for leaf, _ in self.model.leaves.values()]
        assert document.revision == self.model.revision
        assert document.extraction == len(self.model.earlier) + 1
        assert document.fields == len(leaves)
        assert document.flagged == sum(bool(one.warnings) for one in leaves)
        for number, (kept, _) in enumerate(self.model.earlier, 1):
            assert self.held(number) == kept

    @invariant()
    def history_is_the_models(self) -> None:
        changes = list(reversed(self.call(self.agent.changes, limit=999)))
        entries = [*(one for _, old in self.model.earlier for one in old), *self.model.history]
        assert [(one.id, one.action, one.path, one.undoes) for one in changes] == [
            (one.id, one.action, one.path, one.undoes) for one in entries
        ]
        for change, entry in zip(changes, entries, strict=True):
            before = {leaf.path: leaf for leaf in change.before}
            after = {leaf.path: leaf for leaf in change.after}
            for path in {*before, *after, *entry.before}:
                if path in entry.before:
                    assert before.get(path) == leaf_of(entry.before[path])
                    assert after.get(path) == leaf_of(entry.after[path])
                else:
                    assert before.get(path) == after.get(path)

    @invariant()
    def history_is_whole(self) -> None:
        found = self.call(self.agent.verify)
        entries = len(self.model.history) + sum(len(old) for _, old in self.model.earlier)
        assert (found.changes, found.breaks) == (entries, ())

    def teardown(self) -> None:
        try:
            for _ in range(len(self.model.history) + 1):
                self.call(self.person.undo)
            pytest.fail("undoing again and again comes to no end")
        except NothingToUndo:
            assert self.held() == {}
        finally:
            super().teardown()


def leaf_of(held: Held | None) -> Leaf | None:
    return None if held is None else held[0]


class Walks(OneDocument):
    """Undo and redo without a name, as in an editor: back, forward, and a write cuts off."""

    def __init__(self) -> None:
        super().__init__()
        self.states: list[Leaves] = [{}]
        self.now = 0

    @rule(path=PATHS, value=VALUES, deletes=st.booleans())
    def write(self, path: str, value: JsonValue, *, deletes: bool) -> None:
        write = deleting(path) if deletes else setting(path, value)
        (result,) = self.call(self.person.write, [write])
        if result.changed:
            self.now += 1
            self.states[self.now :] = [self.held()]

    @rule(path=PATHS.map(lambda path: setting(path, 1).path))
    def release(self, path: FieldPath) -> None:
        if self.call(self.person.unlock, path).changed:
            self.now += 1
            self.states[self.now :] = [self.held()]

    @rule()
    def back(self) -> None:
        if self.now == 0:
            with pytest.raises(NothingToUndo):
                self.call(self.person.undo)
            return
        self.call(self.person.undo)
        self.now -= 1

    @rule()
    def forward(self) -> None:
        if self.now == len(self.states) - 1:
            with pytest.raises(NothingToRedo):
                self.call(self.person.undo, redo=True)
            return
        self.call(self.person.undo, redo=True)
        self.now += 1

    @invariant()
    def fields_are_those_of_the_state(self) -> None:
        assert self.held() == self.states[self.now]


OFTEN = settings(
    max_examples=60,
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.requirement("STORE-120")
def test_random_calls_do_what_the_simple_model_does() -> None:
    run_state_machine_as_test(Histories, settings=OFTEN)


@pytest.mark.requirement("HIST-24")
def test_undo_and_redo_walk_back_and_forth_as_in_an_editor() -> None:
    run_state_machine_as_test(Walks, settings=OFTEN)
