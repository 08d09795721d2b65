"""Random calls of a person and an agent, against a simple model."""

import re
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from anyio.from_thread import start_blocking_portal
from hypothesis import HealthCheck, settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from stackdocs_mcp.core.binding import Actor
from stackdocs_mcp.core.errors import Conflict, NothingToRedo, NothingToUndo
from stackdocs_mcp.core.model import Action, ChangeId, JsonValue, Leaf, WriteResult
from stackdocs_mcp.core.paths import FieldPath, key
from stackdocs_mcp.core.ports import StackStore
from tests.stores.builders import ALICE, SteppingClock, binding, deleting, ready, setting
from tests.stores.conftest import FACTORIES
from tests.stores.simple_model import Entry, Held, Leaves, Model, locked

PATHS = st.sampled_from(["a", "a.x", "a.y", "a.x.z", "a[0]", "b", "b[0].n", "b[0].m", "b[1].n"])
SCALARS: st.SearchStrategy[JsonValue] = st.sampled_from([1, 2, "1", None])
VALUES = SCALARS | st.sampled_from(
    [[], {}, {"x": 1}, {"x": 1, "y": 2}, {"x": {"z": 1}}, [1], [{"n": 1}], [{"n": 1}, {"n": 2}]]
)
EXPECTED = st.sampled_from([None, None, None, 0, 1])
PEOPLE = st.booleans()


class OneDocument(RuleBasedStateMachine):
    """One document of a real store, for a person and an agent."""

    kind = "embedded"

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        folder = Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        self.portal = self.stack.enter_context(start_blocking_portal())
        self.store = self.portal.call(FACTORIES[self.kind], folder, SteppingClock())
        stack = self.portal.call(self.store.open_stack, ALICE, f"random {uuid4()}")
        bound = binding(ALICE, stack.id)
        self.agent: StackStore = self.store.bind(bound)
        self.person: StackStore = self.store.bind(bound.acting_as(Actor("person", "test")))
        self.document = self.portal.call(ready, self.agent).id

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
OVER_THE_WIRE = settings(OFTEN, max_examples=10)


def on(kind: str, machine: type[OneDocument]) -> None:
    """Run the machine on a store of this kind."""
    run_state_machine_as_test(
        type(machine.__name__, (machine,), {"kind": kind}),
        settings=OFTEN if kind == "embedded" else OVER_THE_WIRE,
    )


@pytest.mark.parametrize("kind", list(FACTORIES))
@pytest.mark.requirement("STORE-120")
def test_random_calls_do_what_the_simple_model_does(kind: str) -> None:
    on(kind, Histories)


@pytest.mark.parametrize("kind", list(FACTORIES))
@pytest.mark.requirement("HIST-24")
def test_undo_and_redo_walk_back_and_forth_as_in_an_editor(kind: str) -> None:
    on(kind, Walks)
