"""Field paths: two notations and a storage key, each of which gives the same path back."""

import unicodedata

import pytest
from hypothesis import assume, given, strategies as st

from stackdocs_mcp.core.errors import InvalidPath
from stackdocs_mcp.core.paths import (
    FieldPath,
    PathKey,
    ancestors,
    dotted,
    from_key,
    key,
    parse,
    pointer,
    subtree,
    without_rows,
)

NAMES = st.one_of(
    st.from_regex(r"[a-z_]{1,6}", fullmatch=True),
    st.text(st.sampled_from("ab0~/#.[]\" $-'%_é漢\U0001f4c4"), min_size=1, max_size=5),
    st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=5),
).filter(
    lambda name: (
        name == name.strip()
        and name.isprintable()
        and not (name.isascii() and name.isdigit())
        and name not in {"$", "__proto__"}
        and unicodedata.is_normalized("NFC", name)
    )
)
ROWS = st.integers(0, 9_999)
PATHS = st.tuples(NAMES, st.lists(NAMES | ROWS, max_size=6)).map(lambda path: (path[0], *path[1]))


@pytest.mark.requirement("PATH-01")
@given(PATHS)
def test_a_path_comes_back_from_its_dotted_form(path: FieldPath) -> None:
    assert parse(dotted(path)) == path


@pytest.mark.requirement("PATH-01")
@given(PATHS)
def test_a_path_comes_back_from_its_pointer(path: FieldPath) -> None:
    assert parse(pointer(path)) == path


@pytest.mark.requirement("PATH-01")
@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("total", ("total",)),
        ("vendor.name", ("vendor", "name")),
        ("line_items[2].amount", ("line_items", 2, "amount")),
        ("/line_items/2/amount", ("line_items", 2, "amount")),
        ("line_items.2.amount", ("line_items", 2, "amount")),
        ("a[0][1]", ("a", 0, 1)),
        ("a[0000]", ("a", 0)),
        ("items[9999]", ("items", 9_999)),
        ("/a~1b/~0c", ("a/b", "~c")),
        ("/a.b/c[0]", ("a.b", "c[0]")),
        ("VAT no (EU)", ("VAT no (EU)",)),
        ("cafe\u0301", ("café",)),
        ("$ref", ("$ref",)),
        ("constructor", ("constructor",)),
        ("__class__", ("__class__",)),
        ("٣", ("٣",)),  # an Arabic three is a name
    ],
)
def test_both_notations_are_read(text: str, path: FieldPath) -> None:
    assert parse(text) == path


@pytest.mark.requirement("PATH-02")
@given(PATHS)
def test_a_path_comes_back_from_its_key(path: FieldPath) -> None:
    assert from_key(key(path)) == path
    assert from_key(key(())) == ()


@pytest.mark.requirement("PATH-02")
@given(PATHS, PATHS)
def test_two_paths_never_share_a_key(one: FieldPath, other: FieldPath) -> None:
    assume(one != other)

    assert key(one) != key(other)


@pytest.mark.requirement("PATH-03")
@given(PATHS, ROWS, ROWS, st.lists(NAMES | ROWS, max_size=2), st.lists(NAMES | ROWS, max_size=2))
def test_keys_of_rows_sort_by_number(
    prefix: FieldPath, low: int, high: int, below_low: FieldPath, below_high: FieldPath
) -> None:
    assume(low < high)

    assert key((*prefix, low, *below_low)) < key((*prefix, high, *below_high))


@pytest.mark.requirement("PATH-03")
@given(PATHS, PATHS)
def test_keys_sort_the_same_as_text_and_as_bytes(one: FieldPath, other: FieldPath) -> None:
    assert (key(one) < key(other)) == (key(one).encode() < key(other).encode())


@pytest.mark.requirement("PATH-04")
@given(PATHS, PATHS, st.booleans())
def test_a_subtree_is_one_range_of_keys(one: FieldPath, other: FieldPath, nested: bool) -> None:
    path = (*one, *other) if nested else other
    low, high = subtree(key(one))

    below = len(path) > len(one) and path[: len(one)] == one
    assert (low <= key(path) < high) == below


@pytest.mark.requirement("PATH-04")
@given(PATHS)
def test_the_subtree_of_the_empty_path_is_everything(path: FieldPath) -> None:
    low, high = subtree(PathKey(""))

    assert low <= key(path) < high


@pytest.mark.requirement("PATH-05")
def test_ancestors_are_the_proper_prefixes_and_rows_can_be_left_out() -> None:
    path: FieldPath = ("a", 2, "b")

    assert ancestors(path) == [("a",), ("a", 2)]
    assert ancestors(("a",)) == []
    assert without_rows(path) == ("a", "b")


@pytest.mark.requirement("PATH-06")
@pytest.mark.parametrize(
    "text",
    [
        "",
        'a"]',
        "$",
        "$.x",
        "a[-1]",
        "a[#-1]",
        "a[]",
        "a[",
        "a]",
        "a[0",
        "a[0]b",
        "a[1.0]",
        "a[1e3]",
        "[0]",
        "/0/a",
        "items[999999]",
        "items[10000]",
        "/items/10000",
        "items[99999999999999999999]",
        "__proto__",
        "__proto__.x",
        "/a/__proto__",
        "a..b",
        ".a",
        "a.",
        "/",
        "/a/",
        "//a",
        "/a~2",
        "/a~",
        " a",
        "a ",
        "a. b",
        "/a/ ",
        "a\0b",
        "a\nb",
        "a\u202eb",
        "a\ud800",
        "a\u00a0b",
        "a" * 129,
        ".".join(["a"] * 17),
        ".".join(["a"] * 10_000),
        "/a" * 10_000,
        "a" * 1_000_000,
    ],
)
def test_what_is_no_path_is_refused_in_a_short_sentence(text: str) -> None:
    with pytest.raises(InvalidPath) as refused:
        parse(text)

    assert len(refused.value.message) < 200
    assert refused.value.message.isprintable()


@pytest.mark.requirement("PATH-06")
@given(st.text(max_size=30))
def test_any_text_is_a_path_or_is_refused(text: str) -> None:
    try:
        path = parse(text)
    except InvalidPath:
        return

    assert parse(pointer(path)) == parse(dotted(path)) == path


@pytest.mark.requirement("PATH-06")
@given(st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=8))
def test_composed_and_decomposed_names_are_one_field(name: str) -> None:
    try:
        composed = parse(pointer((unicodedata.normalize("NFC", name),)))
    except InvalidPath:
        return

    assert parse(pointer((unicodedata.normalize("NFD", name),))) == composed
