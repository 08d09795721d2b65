"""Random writes, undos and re-reads against a model that is as simple as the port's prose."""

import tempfile
from collections.abc import Collection, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from anyio.from_thread import start_blocking_portal
from hypothesis import HealthCheck, settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from stackdocs_mcp.core.errors import NothingToUndo, UndoConflict
from stackdocs_mcp.core.model import Action, ChangeId, FieldWrite, JsonValue, Leaf, WriteResult
from stackdocs_mcp.core.paths import FieldPath, key
from stackdocs_mcp.stores.embedded import open_store
from tests.stores.builders import ALICE, SteppingClock, added, binding, deleting, setting

Leaves = dict[FieldPath, Leaf]


@dataclass(frozen=True)
class Entry:
    """A change as the model remembers it: the leaves that it set otherwise, before and after."""

    id: str
    action: Action
    path: FieldPath
    before: Mapping[FieldPath, Leaf | None]
    after: Mapping[FieldPath, Leaf | None]
    undoes: str | None = None


@dataclass
class Model:
    """One document's fields and history, in memory."""

    leaves: Leaves = field(default_factory=dict)
    history: list[Entry] = field(default_factory=list)
    revision: int = 0

    def write(self, write: FieldWrite, base: int, ordinal: int) -> WriteResult:
        """What the port says of one write; ``ordinal`` is its number if it changes anything."""
        new = {leaf.path: leaf for leaf in write.leaves}
        scalar = write.path in new and not isinstance(new[write.path].value, (list, dict))
        there = {
            path: leaf
            for path, leaf in self.leaves.items()
            if path == write.path or (not scalar and path[: len(write.path)] == write.path)
        }
        refused = replace(WriteResult(changed=False, revision=0))
        if new and there == new:
            return refused
        if write.expected_revision not in {None, base}:
            return replace(refused, conflict="stale_revision")
        if not new and not there:
            return replace(refused, conflict="field_not_found")
        gone = {*there, *(path for path in self.leaves if self._gives_way(path, write.path))}
        after = {path: leaf for path, leaf in self.leaves.items() if path not in gone} | new
        if not is_tree(after):
            return replace(refused, conflict="path_conflict")
        action = Action.SET if new else Action.DELETE
        self._record(f"{base + 1}-{ordinal}", action, write.path, after)
        return replace(refused, changed=True, change=ChangeId(self.history[-1].id))

    def undo(self, undone: Entry) -> None:
        """Raises UndoConflict as the port says."""
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
        for path, leaf in undone.before.items():
            after.pop(path, None)
            if leaf is not None:
                after[path] = leaf
        assert is_tree(after)
        self.revision += 1
        self._record(f"{self.revision}-1", Action.UNDO, undone.path, after, undone.id)

    def last(self) -> Entry:
        for entry in reversed(self.history):
            if entry.action is not Action.UNDO and self.stands(entry):
                return entry
        raise NothingToUndo

    def stands(self, entry: Entry) -> bool:
        return not any(one.undoes == entry.id and self.stands(one) for one in self.history)

    def _gives_way(self, above: FieldPath, path: FieldPath) -> bool:
        if len(above) >= len(path) or path[: len(above)] != above:
            return False
        return self.leaves[above].value == ([] if isinstance(path[len(above)], int) else {})

    def _record(
        self, name: str, action: Action, path: FieldPath, after: Leaves, undoes: str | None = None
    ) -> None:
        changed = {one for one in {*self.leaves, *after} if self.leaves.get(one) != after.get(one)}
        before = {one: self.leaves.get(one) for one in changed}
        entry = Entry(name, action, path, before, {one: after.get(one) for one in changed}, undoes)
        self.history.append(entry)
        self.leaves = after


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


class Histories(RuleBasedStateMachine):
    """One document of an embedded store on a real file."""

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        folder = Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        self.portal = self.stack.enter_context(start_blocking_portal())
        self.store = self.portal.call(partial(open_store, folder, clock=SteppingClock()))
        stack = self.portal.call(self.store.open_stack, ALICE, "random")
        self.repo = self.store.bind(binding(ALICE, stack.id))
        self.document = self.portal.call(added, self.repo).id
        self.model = Model()

    def call(self, function: Any, *args: Any, **named: Any) -> Any:
        return self.portal.call(partial(function, *args, **named))

    @rule(
        items=st.lists(
            st.tuples(PATHS, VALUES, EXPECTED, st.booleans(), st.booleans()),
            min_size=1,
            max_size=3,
        )
    )
    def write(self, items: list[tuple[str, JsonValue, int | None, bool, bool]]) -> None:
        writes = [
            deleting(path, expected=expected)
            if deletes
            else setting(path, value, expected=expected, flagged=flagged)
            for path, value, expected, flagged, deletes in items
        ]
        base, ordinal = self.model.revision, 1
        expected: list[WriteResult] = []
        for write in writes:
            result = self.model.write(write, base, ordinal)
            ordinal += result.changed
            expected.append(result)
        self.model.revision += ordinal > 1

        results = self.call(self.repo.write, self.document, writes)

        assert [(one.changed, one.conflict, one.change) for one in results] == [
            (one.changed, one.conflict, one.change) for one in expected
        ]
        assert {one.revision for one in results} == {self.model.revision}

    @rule()
    def undo_the_last(self) -> None:
        try:
            self.model.undo(self.model.last())
        except NothingToUndo:
            with pytest.raises(NothingToUndo):
                self.call(self.repo.undo, self.document)
            return
        self.call(self.repo.undo, self.document)

    @rule(data=st.data())
    def undo_any(self, data: st.DataObject) -> None:
        if not self.model.history:
            return
        entry = data.draw(st.sampled_from(self.model.history))
        try:
            self.model.undo(entry)
        except UndoConflict as conflict:
            with pytest.raises(UndoConflict, match=str(conflict)):
                self.call(self.repo.undo, self.document, ChangeId(entry.id))
            return
        self.call(self.repo.undo, self.document, ChangeId(entry.id))

    @invariant()
    def fields_are_the_models(self) -> None:
        fields = self.call(self.repo.fields, self.document)
        assert [one.leaf for one in fields] == [
            leaf for _, leaf in sorted(self.model.leaves.items(), key=lambda item: key(item[0]))
        ]
        document = self.call(self.repo.document, self.document)
        assert document.revision == self.model.revision
        assert document.fields == len(self.model.leaves)
        assert document.flagged == sum(bool(one.warnings) for one in self.model.leaves.values())

    @invariant()
    def history_is_the_models(self) -> None:
        changes = self.call(self.repo.changes, self.document, limit=999)
        assert [(one.id, one.action, one.path, one.undoes) for one in reversed(changes)] == [
            (one.id, one.action, one.path, one.undoes) for one in self.model.history
        ]
        for change, entry in zip(reversed(changes), self.model.history, strict=True):
            before = {leaf.path: leaf for leaf in change.before}
            after = {leaf.path: leaf for leaf in change.after}
            for path in {*before, *after, *entry.before}:
                if path in entry.before:
                    assert before.get(path) == entry.before[path]
                    assert after.get(path) == entry.after[path]
                else:
                    assert before.get(path) == after.get(path)

    def teardown(self) -> None:
        try:
            for _ in range(len(self.model.history) + 1):
                self.call(self.repo.undo, self.document)
            pytest.fail("undoing again and again comes to no end")
        except NothingToUndo:
            assert self.call(self.repo.fields, self.document) == []
        finally:
            self.call(self.store.close)
            self.stack.close()


@pytest.mark.requirement("STORE-120")
def test_random_writes_and_undos_do_what_the_simple_model_does() -> None:
    run_state_machine_as_test(
        Histories,
        settings=settings(
            max_examples=60,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
