"""Searching: all words of the query, none of them an operator, ranked by the stack's own lines."""

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from stackdocs_mcp.core.model import Hit
from stackdocs_mcp.core.ports import StackStore, Store
from tests.stores.builders import ALICE, BOB, ENGINE, added, binding, page, with_text

pytestmark = pytest.mark.anyio

LINES = (
    "Invoice total due 1,250.00 EUR",
    "Total",
    "Rechnungs-Nr. 2026/117 vom 3. März",
    "Ngân hàng Việt Nam, Αθήνα",
    "請求書番号 12345 株式会社テスト",
    "Straße und Übergröße",
    "a AND b OR NOT c NEAR d",
    "\uff46\uff55\uff4c\uff4c \uff57\uff49\uff44\uff54\uff48 \uff11\uff12\uff13",  # full width 123
    "100% _under_ 'quote'",
)


async def found(repo: StackStore, query: str) -> list[int]:
    return [hit.line for hit in await repo.search(query, limit=20)]


@pytest.mark.requirement("STORE-40")
@pytest.mark.parametrize(
    ("query", "lines"),
    [
        ("total", [2, 1]),
        ("due total", [1]),
        ("total missing", []),
        ("tot", [2, 1]),
        ("tot due", []),  # only the last word matches as a beginning
        ("1,250.00", [1]),
        ("1,25", [1]),
        ("250.00", [1]),
        ("1,000 250", []),  # the parts of a number stay together
        ("RECHNUNGS-NR", [3]),
        ("marz", [3]),
        ("MÄRZ", [3]),
        ("2026/117", [3]),
        ("viet nam", [4]),
        ("ΑΘΗΝΑ", [4]),
        ("番号", [5]),
        ("請求書", [5]),
        ("号番", []),
        ("テスト", [5]),
        ("strasse", [6]),
        ("ubergrosse", [6]),
        ("width 123", [8]),
    ],
)
async def test_words_are_found_whatever_their_case_accents_and_script(
    repo: StackStore, query: str, lines: list[int]
) -> None:
    await with_text(repo, "a.pdf", *LINES)

    assert await found(repo, query) == lines


@pytest.mark.requirement("STORE-41")
@pytest.mark.parametrize(
    ("query", "lines"),
    [
        ("a AND b", [7]),
        ("total AND due", []),
        ("total OR missing", []),
        ("NOT total", []),
        ("NEAR(d)", [7]),
        ("NEAR(a b)", []),
        ("total*", [2, 1]),
        ("to*al", []),
        ('"total', [2, 1]),
        ('"due total"', [1]),
        ("words : total", []),
        ("document:x", []),
        ("^total", [2, 1]),
        ("total -due", [1]),
        ("{total}", [2, 1]),
        ("100%", [9]),
        ("t_tal", []),
        ("_under_", [9]),
        ("' OR 1=1 --", []),
        ('" OR "', [7]),
        ("", []),
        ("   ", []),
        ("***", []),
        ("%", []),
        ("\\", []),
    ],
)
async def test_no_character_of_a_query_is_an_operator(
    repo: StackStore, query: str, lines: list[int]
) -> None:
    await with_text(repo, "a.pdf", *LINES)

    assert await found(repo, query) == lines


@pytest.mark.requirement("STORE-41")
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=st.text(st.characters(codec="utf-8"), max_size=40))
async def test_any_text_is_a_query(repo: StackStore, query: str) -> None:
    for hit in await repo.search(query, limit=3):
        assert hit.page == 1


@pytest.mark.requirement("STORE-41")
async def test_a_query_of_a_thousand_words_is_answered(repo: StackStore) -> None:
    await with_text(repo, "a.pdf", "one two")

    assert await found(repo, "one " * 1000) == [1]
    assert await found(repo, "one " * 1000 + "three") == []


@pytest.mark.requirement("STORE-42")
async def test_hidden_lines_are_not_found(repo: StackStore) -> None:
    document = await added(repo)
    await repo.save_pages(document.id, ENGINE, [page(1, "seen", hidden=["unseen words"])])

    assert await repo.search("unseen", limit=9) == []
    assert await repo.search("seen", limit=9) == [Hit(document.id, "invoice.pdf", 1, 1, "seen")]


@pytest.mark.requirement("STORE-43")
async def test_the_line_that_the_query_makes_most_of_comes_first_and_pieces_follow_one_another(
    repo: StackStore,
) -> None:
    await with_text(repo, "a.pdf", "total of all the amounts", "total amount", "total")
    await with_text(repo, "b.pdf", "the total is", "total")

    whole = await repo.search("total", limit=9)

    assert [(hit.filename, hit.line) for hit in whole] == [
        ("a.pdf", 3),
        ("b.pdf", 2),
        ("a.pdf", 2),
        ("b.pdf", 1),
        ("a.pdf", 1),
    ]
    pieces = [await repo.search("total", after=start, limit=2) for start in (0, 2, 4, 6)]
    assert [hit for piece in pieces for hit in piece] == whole


@pytest.mark.requirement("STORE-44")
async def test_a_search_can_be_limited_to_one_document(repo: StackStore) -> None:
    first = await with_text(repo, "a.pdf", "total one")
    await with_text(repo, "b.pdf", "total two")

    hits = await repo.search("total", document=first.id, limit=9)

    assert [hit.snippet for hit in hits] == ["total one"]


@pytest.mark.requirement("STORE-45")
async def test_other_stacks_neither_show_nor_change_the_order(
    store: Store, repo: StackStore
) -> None:
    await with_text(repo, "a.pdf", "total total due", "total rare due words", "rare total rare")
    before = {query: await repo.search(query, limit=9) for query in ("total", "rare", "tot")}
    for user, name in ((ALICE, "other"), (BOB, "invoices")):
        stack = await store.open_stack(user, name)
        other = store.bind(binding(user, stack.id))
        await with_text(other, "b.pdf", *["rare"] * 50, "total", *["x " * 90] * 20)

    after = {query: await repo.search(query, limit=9) for query in before}

    assert after == before
    assert all(before.values())


@pytest.mark.requirement("STORE-46")
async def test_a_long_line_is_shown_around_the_word(repo: StackStore) -> None:
    await with_text(repo, "a.pdf", "filler " * 200 + "needle " + "filler " * 200)

    (hit,) = await repo.search("needle", limit=9)

    assert "needle" in hit.snippet
    assert len(hit.snippet) == 240
