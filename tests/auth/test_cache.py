"""What is remembered of verified tokens, and for how long."""

import pytest

from stackdocs_mcp.auth.cache import MAX_SECONDS, Verified, VerifiedTokens, key_of
from stackdocs_mcp.core.binding import UserId
from stackdocs_mcp.core.identity import Identity


def entry(user: str, *, since: float = 0.0, expires: float = 1_000.0) -> Verified:
    return Verified(Identity(UserId(user), frozenset(), expires), "https://a.example", 1, since)


@pytest.mark.requirement("AUTH-18")
def test_a_token_is_remembered_for_a_minute_and_never_beyond_its_end() -> None:
    tokens = VerifiedTokens()
    tokens.keep(b"long", entry("a"))
    tokens.keep(b"short", entry("b", expires=10.0))

    assert tokens.get(b"long", MAX_SECONDS - 1) == entry("a")
    assert tokens.get(b"short", 9.0) == entry("b", expires=10.0)
    assert tokens.get(b"long", MAX_SECONDS) is None
    assert tokens.get(b"short", 10.0) is None
    assert len(tokens) == 0


@pytest.mark.requirement("AUTH-18")
def test_a_clock_that_is_set_back_forgets() -> None:
    tokens = VerifiedTokens()
    tokens.keep(b"a", entry("a", since=100.0))

    assert tokens.get(b"a", 99.0) is None


@pytest.mark.requirement("AUTH-18")
def test_the_token_that_was_used_longest_ago_makes_place() -> None:
    tokens = VerifiedTokens(max_tokens=3)
    for name in (b"a", b"b", b"c"):
        tokens.keep(name, entry("x"))
    tokens.get(b"a", 1.0)

    for number in range(2):
        tokens.keep(str(number).encode(), entry("x"))

    assert len(tokens) == 3
    assert tokens.get(b"a", 1.0) is not None
    assert tokens.get(b"b", 1.0) is None


@pytest.mark.requirement("AUTH-18")
def test_one_token_for_two_resources_is_two_and_its_text_is_not_kept() -> None:
    assert key_of("a.b.c", "https://x/1") != key_of("a.b.c", "https://x/2")
    assert key_of("a.b.c", "https://x/1") != key_of("a.b.chttps://x/", "1")
    assert len(key_of("a.b.\ud800", "https://x/1")) == 32
