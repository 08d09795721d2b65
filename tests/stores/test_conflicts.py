"""Writes that are refused: somebody was faster, or a value stands in the way."""

import pytest

from stackdocs_mcp.core.model import (
    Document,
    JsonValue,
)
from stackdocs_mcp.core.ports import StackStore
from tests.stores.builders import (
    deleting,
    put,
    setting,
    shown,
    values,
)

pytestmark = pytest.mark.anyio


@pytest.mark.requirement("STORE-64")
async def test_a_stale_write_is_refused_and_shown_what_is_there(
    repo: StackStore, document: Document
) -> None:
    await put(repo, document, "a.b", 1)
    await put(repo, document, "a.c", 2)

    stale, fresh, deletion = await repo.write(
        document.id,
        [
            setting("a", {"b": 9}, expected=1),
            setting("x", 3, expected=2),
            deleting("a", expected=1),
        ],
    )

    assert (stale.changed, stale.conflict) == (False, "stale_revision")
    assert shown(stale.current) == {"a.b": 1, "a.c": 2}
    assert (fresh.changed, fresh.revision) == (True, 3)
    assert deletion.conflict == "stale_revision"
    assert await values(repo, document) == {"a.b": 1, "a.c": 2, "x": 3}


@pytest.mark.requirement("STORE-64")
async def test_a_revision_that_is_expected_is_the_one_before_the_call(
    repo: StackStore, document: Document
) -> None:
    results = await repo.write(
        document.id,
        [setting("a", 1, expected=0), setting("b", 2, expected=0), setting("c", 3, expected=1)],
    )

    assert [one.conflict for one in results] == [None, None, "stale_revision"]


@pytest.mark.requirement("STORE-65")
@pytest.mark.parametrize(
    ("there", "path", "value"),
    [
        ("a", "a.b", 1),
        ("a", "a[0]", 1),
        ("a.b", "a", 1),
        ("a[3].x", "a", None),
        ("a[0].x", "a[0].x.y.z", 1),
        ("a[0]", "a.b", 1),  # a list is no object
        ("a.b", "a[0]", 1),
        ("/a/~0b/c", "a[7].c", 1),
    ],
)
async def test_a_value_in_the_way_is_a_conflict(
    repo: StackStore, document: Document, there: str, path: str, value: JsonValue
) -> None:
    await put(repo, document, there, 5)

    (result,) = await repo.write(document.id, [setting(path, value)])

    assert (result.changed, result.conflict, result.revision) == (False, "path_conflict", 1)
    assert shown(result.current) == {there: 5}
    assert await values(repo, document) == {there: 5}


@pytest.mark.requirement("STORE-65")
@pytest.mark.parametrize(
    ("empty", "path"), [([], "a[0]"), ([], "a[0].b"), ({}, "a.b"), ({}, "a.b[0]")]
)
async def test_an_empty_list_or_object_gives_way_to_what_it_is_to_hold(
    repo: StackStore, document: Document, empty: JsonValue, path: str
) -> None:
    await put(repo, document, "a", empty)

    await put(repo, document, path, 1)

    assert await values(repo, document) == {path: 1}
    await repo.undo(document.id)
    assert await values(repo, document) == {"a": empty}


@pytest.mark.requirement("STORE-65")
@pytest.mark.parametrize(("empty", "path"), [([], "a.b"), ({}, "a[0]")])
async def test_an_empty_list_does_not_become_an_object(
    repo: StackStore, document: Document, empty: JsonValue, path: str
) -> None:
    await put(repo, document, "a", empty)

    (result,) = await repo.write(document.id, [setting(path, 1)])

    assert result.conflict == "path_conflict"
