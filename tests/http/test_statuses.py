"""What each of our errors is answered with."""

import importlib
import pkgutil
from collections.abc import Iterator

import pytest

import stackdocs_mcp
from stackdocs_mcp.core.errors import DocumentNotFound, MissingRight, StackdocsError, StoreFailed
from stackdocs_mcp.core.identity import IssuerUnavailable
from stackdocs_mcp.http.answers import not_found
from stackdocs_mcp.http.gate import _answer
from stackdocs_mcp.http.statuses import answer_to


def all_of(kind: type[StackdocsError]) -> Iterator[type[StackdocsError]]:
    yield kind
    for one in kind.__subclasses__():
        yield from all_of(one)


def every_error() -> set[type[StackdocsError]]:
    """All classes of errors, wherever they are."""
    for part in ("core", "auth", "http", "workspace", "stores"):
        package = importlib.import_module(f"stackdocs_mcp.{part}")
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)
    return {
        one for one in all_of(StackdocsError) if one.__module__.startswith(stackdocs_mcp.__name__)
    }


@pytest.mark.requirement("KEYS-05")
def test_no_error_of_ours_is_a_fault_of_the_server() -> None:
    found = every_error()
    assert len(found) > 30

    for kind in found:
        error = kind.__new__(kind)
        StackdocsError.__init__(error, "said")
        answer = _answer(error, "request")
        expected = {503} if issubclass(kind, StoreFailed | IssuerUnavailable) else range(400, 500)
        assert answer.status in expected, kind
        assert answer.body is not None
        assert answer.body["error"]["code"] not in {"internal_error", ""}


@pytest.mark.requirement("KEYS-05")
def test_what_is_not_found_is_answered_like_a_path_that_leads_nowhere() -> None:
    answer = answer_to(DocumentNotFound("some-id"))

    assert (answer.status, answer.body) == (404, not_found().body)


@pytest.mark.requirement("KEYS-05")
def test_a_missing_right_and_an_issuer_that_is_away_say_what_to_do() -> None:
    missing, away = answer_to(MissingRight("stack:write")), answer_to(IssuerUnavailable())

    assert missing.body is not None
    assert (missing.status, missing.body["error"]["code"]) == (403, "missing_right")
    assert (away.status, list(away.headers)) == (503, [(b"retry-after", b"5")])
    assert _answer(ValueError("foreign"), "r1").status == 500
