"""Every promise has a test, and every test keeps exactly one promise."""

import pytest

from tests.conftest import CLAIMS, promises


@pytest.mark.requirement("PROJECT-01")
def test_every_selected_test_claims_exactly_one_known_promise(pytestconfig: pytest.Config) -> None:
    known = promises()

    wrong = {
        test: claimed
        for test, claimed in pytestconfig.stash[CLAIMS].by_test.items()
        if len(claimed) != 1 or claimed[0] not in known
    }

    assert wrong == {}


@pytest.mark.requirement("PROJECT-01")
def test_every_promise_is_kept_by_a_test(pytestconfig: pytest.Config) -> None:
    claims = pytestconfig.stash[CLAIMS]
    claimed = {one for ids in claims.by_test.values() for one in ids}

    missing = set(promises()) - claimed

    # With a part of the tests selected, only this file's own promises can be looked for.
    assert missing == set() if claims.is_whole else "PROJECT-01" not in missing


@pytest.mark.requirement("PROJECT-01")
def test_every_promise_says_what_it_is_and_where_it_comes_from() -> None:
    for name, promise in promises().items():
        assert set(promise) == {"source", "says"}, name
        assert promise["says"].endswith("."), name
