"""From leaves to a value and back."""

import pytest
from hypothesis import given, strategies as st

from stackdocs_mcp.core.assembly import assemble, leaves_of
from stackdocs_mcp.core.model import JsonValue
from stackdocs_mcp.core.paths import key, parse

NAMES = st.sampled_from(["a", "b_c", "x y", "p/q", "~", "#1", "d.e", "é", "~0", "0#"])
VALUES: st.SearchStrategy[JsonValue] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.decimals(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=20,
)


@pytest.mark.requirement("PATH-10")
@given(st.dictionaries(NAMES, VALUES, max_size=5))
def test_every_value_comes_back_from_its_leaves(value: dict[str, JsonValue]) -> None:
    leaves = [leaf for name, child in value.items() for leaf in leaves_of((name,), child)]
    leaves.sort(key=lambda leaf: key(leaf[0]))

    back, gaps = assemble(leaves)

    assert (back, gaps) == (value, [])


@pytest.mark.requirement("PATH-10")
def test_rows_that_are_missing_are_named_and_stand_as_null() -> None:
    leaves: list[tuple[str, JsonValue]] = [("a[1].x", 1), ("a[4].x", 2), ("b[0][2]", 3)]

    value, gaps = assemble((parse(path), leaf) for path, leaf in leaves)

    assert value == {"a": [None, {"x": 1}, None, None, {"x": 2}], "b": [[None, None, 3]]}
    assert gaps == [("a", 0), ("a", 2), ("a", 3), ("b", 0, 0), ("b", 0, 1)]
