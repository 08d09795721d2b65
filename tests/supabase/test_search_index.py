"""The index of lines on Postgres: what a search reads of it, and that nobody sees its limits."""

import json
import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from stackdocs_mcp.core.binding import Binding
from stackdocs_mcp.core.model import Line, Page, PageSource
from stackdocs_mcp.core.ports import StackStore, Store
from stackdocs_mcp.stores.supabase.calling import NOWHERE
from stackdocs_mcp.stores.supabase.project import Caller, Minter
from stackdocs_mcp.stores.supabase.rest import Rest
from tests.stores.builders import ALICE, BOB, ENGINE, SteppingClock, added, binding, page, with_text
from tests.stores.conftest import embedded
from tests.supabase.acting import acting
from tests.supabase.shared import open_shared, rig

pytestmark = pytest.mark.anyio

RARE = """
select * from stackdocs.lines_with(array['needle'], 'ra', array[' needle ', ' ra'], null, 0, 9)
"""
LOOKED_AT = """
select pg_stat_get_xact_numscans(t.oid) as times, pg_stat_get_xact_tuples_fetched(t.oid) as lines
from pg_class as t where t.oid = 'stackdocs.line_index'::regclass
"""
WORDS = ("a", "ab", "abc", "b", "1", "250", "00", "é", "Ä", "請求", "x" * 70, "x" * 64 + "y")
BETWEEN = (" ", " ", " ", ".", ",", "-", "/", "_", "'", '"', "  ", ":", "*", "\\", "&", "|", "!")


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await open_shared(tmp_path, SteppingClock())
    yield opened
    await opened.close()


@pytest.fixture
async def bound(store: Store) -> Binding:
    return binding(ALICE, (await store.open_stack(ALICE, "invoices")).id)


@pytest.fixture
async def repo(store: Store, bound: Binding) -> StackStore:
    return store.bind(bound)


async def many_lines(repo: StackStore, name: str, lines: int) -> None:
    """A document of so many lines of other words, and of words that begin as the rare ones do."""
    document = await added(repo, name)
    texts = [f"need {name} rat{count} radio needles" for count in range(lines // 5)]
    pages = [page(number, *texts) for number in range(1, 6)]
    await repo.save_pages(document.id, ENGINE, pages)


async def read(bound: Binding) -> tuple[int, int]:
    """How many lines a search for rare words finds, and how many blocks it reads for that."""
    async with acting(bound) as it:
        await it.fetch(RARE)  # what a connection looks up only once
        (row,) = await it.fetchrow(f"explain (analyze, buffers, format json) {RARE}")
    plan = json.loads(row)[0]["Plan"]
    return plan["Actual Rows"], plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]


@pytest.mark.requirement("PGP-20")
@pytest.mark.parametrize("where", ["the same stack", "another stack", "another user's stack"])
async def test_a_search_reads_no_more_where_there_are_many_other_lines(
    store: Store, repo: StackStore, bound: Binding, where: str
) -> None:
    await with_text(repo, "a.pdf", "needle rag", "needle race", "rare needle", "needless rare")
    found, before = await read(bound)
    assert found == 3

    if where == "the same stack":
        await many_lines(repo, "more", 10_000)
    else:
        user = ALICE if where == "another stack" else BOB
        other = store.bind(binding(user, (await store.open_stack(user, "other")).id))
        await many_lines(other, "more", 10_000)
    found, after = await read(bound)

    assert found == 3
    # Beginnings of the stack's own words, and what the tree of words has grown by.
    assert after <= before + (80 if where == "the same stack" else 8)


@pytest.mark.requirement("PGP-20")
async def test_a_search_looks_at_no_line_that_it_does_not_find(
    store: Store, repo: StackStore, bound: Binding
) -> None:
    other = store.bind(binding(BOB, (await store.open_stack(BOB, "invoices")).id))
    for each in (repo, other):
        await with_text(each, "a.pdf", "needle rag", "rare needle", "needles", "rare", "else")
    await rig().sql("analyze stackdocs.line_index")  # so few lines are best read through

    async with acting(bound) as it:
        assert len(await it.fetch(RARE)) == 2
        (looked,) = await it.fetch(LOOKED_AT)

    assert (looked["times"], looked["lines"]) == (0, 2)  # never at all lines one after the other


@pytest.mark.requirement("PGP-21")
async def test_a_line_of_very_many_words_is_found_by_each_of_them(repo: StackStore) -> None:
    words = [f"word{count}" for count in range(40_000)]
    await with_text(repo, "a.pdf", " ".join(words), "word17 word39999")

    assert [hit.line for hit in await repo.search("word17 word39999", limit=9)] == [2, 1]
    assert [hit.line for hit in await repo.search("word39998", limit=9)] == [1]
    assert [hit.line for hit in await repo.search("word39997-word39998", limit=9)] == [1]
    assert await repo.search("word39998-word39997", limit=9) == []
    assert await repo.search("word40000", limit=9) == []


@pytest.mark.requirement("PGP-21")
async def test_a_very_long_word_is_found_as_a_whole_and_by_its_beginning(repo: StackStore) -> None:
    long = "x" * 3_000
    await with_text(repo, "a.pdf", f"{long}a", f"{long}b", f"one {long}ab")

    assert [hit.line for hit in await repo.search(f"{long}b", limit=9)] == [2]
    assert [hit.line for hit in await repo.search(f"{long}a", limit=9)] == [1, 3]
    assert [hit.line for hit in await repo.search(f"{long}a one", limit=9)] == []
    assert [hit.line for hit in await repo.search(f"one {long[:100]}", limit=9)] == [3]


@pytest.mark.requirement("PGP-21")
async def test_each_of_very_many_words_of_a_query_counts(repo: StackStore) -> None:
    words = [f"word{count}" for count in range(300)]
    await with_text(repo, "a.pdf", " ".join(words))

    assert len(await repo.search(" ".join(words), limit=9)) == 1
    assert await repo.search(" ".join([*words[:250], "missing", *words[250:]]), limit=9) == []


@pytest.mark.requirement("PGP-22")
@pytest.mark.parametrize(
    "hostile", ["", "'", "a' | 'total", "\\", "total\\'", "' & !'x", ":*", "a:*", "*", "<->", " "]
)
async def test_words_are_no_part_of_the_databases_language(
    repo: StackStore, bound: Binding, hostile: str
) -> None:
    await with_text(repo, "a.pdf", "total")
    project = rig()
    rest = Rest(project.url, project.publishable_key, Minter(project.signing_key))
    asked = {"p_call": {"now": 0}, "p_phrases": [" total"], "p_after": 0, "p_limit": 9}

    plain = await rest.call(
        Caller.of(bound), "sd_search", {**asked, "p_words": ["total"], "p_begins": "tot"}
    )
    by_word = await rest.call(
        Caller.of(bound), "sd_search", {**asked, "p_words": [hostile], "p_begins": "total"}
    )
    by_beginning = await rest.call(
        Caller.of(bound), "sd_search", {**asked, "p_words": [], "p_begins": hostile}
    )
    await rest.close()

    assert len(plain) == 1
    assert by_word == ([] if hostile else plain)  # nothing asks for nothing
    assert by_beginning == []


@pytest.mark.requirement("PGP-23")
async def test_the_index_answers_for_the_bound_stack_of_a_member_alone(
    store: Store, repo: StackStore, bound: Binding
) -> None:
    await with_text(repo, "a.pdf", "needle rare")
    other = await store.open_stack(ALICE, "other")

    async def found(bound: Binding) -> int:
        async with acting(bound) as it:
            return len(await it.fetch(RARE))

    assert await found(bound) == 1
    assert await found(binding(ALICE, other.id)) == 0
    assert await found(binding(BOB, bound.stack)) == 0
    assert await found(binding(ALICE, type(bound.stack)(NOWHERE))) == 0


@pytest.mark.requirement("PGP-24")
async def test_both_stores_find_the_same_lines_in_the_same_order(
    store: Store, tmp_path: Path
) -> None:
    chance = random.Random(117)

    def text(most: int) -> str:
        count = chance.randint(1, most)
        return "".join(chance.choice(WORDS) + chance.choice(BETWEEN) for _ in range(count))

    pages = [page(number, *(text(6) for _ in range(40))) for number in (2, 1, 3)]
    queries = [text(3) for _ in range(60)]
    answers = []

    for each in (store, await embedded(tmp_path / "embedded", SteppingClock())):
        repo = each.bind(binding(ALICE, (await each.open_stack(ALICE, "lines")).id))
        document = await added(repo)
        await repo.save_pages(document.id, ENGINE, pages)
        found = [await repo.search(query, limit=50) for query in queries]
        answers.append([[(hit.page, hit.line, hit.snippet) for hit in hits] for hits in found])
    await each.close()

    assert answers[0] == answers[1]
    assert sum(map(bool, answers[0])) > len(queries) / 2


@pytest.mark.requirement("PGP-25")
async def test_a_line_with_a_null_character_in_its_raw_text_is_found(repo: StackStore) -> None:
    document = await added(repo)
    line = Line(1, "needle", raw="nee\0dle")
    await repo.save_pages(document.id, ENGINE, [Page(1, 595.0, 842.0, PageSource.TEXT, (line,))])

    assert [hit.snippet for hit in await repo.search("needle", limit=9)] == ["needle"]
