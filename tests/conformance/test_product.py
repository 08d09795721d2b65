"""The product, asked whatever the suite can ask a server that has none of its fixtures."""

import pytest

from tests.conformance.conftest import Reports
from tests.conformance.expected import PRODUCT, WITHOUT_FIXTURES, Served, expected

CASES = [
    pytest.param(served, scenario, id=f"{served.revision} {scenario}")
    for served in PRODUCT
    for scenario in WITHOUT_FIXTURES[served.revision]
]
# The suite wants to call tools of its own for these; with them they succeed (CONF-03).
NEEDS_TOOLS = {
    "sep-2575-server-rejects-undeclared-capability",
    "sep-2575-missing-capability-http-400",
    "sep-2575-http-server-no-independent-requests-on-stream",
    "sep-2575-server-no-log-without-loglevel",
}


@pytest.mark.requirement("CONF-01")
@pytest.mark.parametrize(("served", "scenario"), CASES)
def test_the_product_passes_every_scenario_that_needs_no_fixtures(
    reports: Reports, served: Served, scenario: str
) -> None:
    report = reports(served)

    assert report.found(scenario) == expected(served)[scenario], report.told(scenario)


@pytest.mark.requirement("CONF-02")
@pytest.mark.parametrize("served", PRODUCT, ids=lambda one: one.revision)
def test_what_fails_on_the_product_is_only_what_the_suite_has_no_tools_to_test_there(
    reports: Reports, served: Served
) -> None:
    report = reports(served)

    failed = {
        check.id: check.untestable
        for scenario in WITHOUT_FIXTURES[served.revision]
        for check in report.checks[scenario]
        if check.status == "FAILURE"
    }

    assert failed == (dict.fromkeys(NEEDS_TOOLS, True) if served.revision > "2026" else {})


@pytest.mark.requirement("CONF-09")
def test_no_news_is_promised_of_lists_that_never_change(reports: Reports) -> None:
    (modern, _) = PRODUCT

    promised = {
        check.id: check.status
        for check in reports(modern).checks["server-stateless"]
        if check.id.endswith("-list-changed-on-subscription")
    }

    assert len(promised) == 2
    assert set(promised.values()) == {"SKIPPED"}  # the suite: the server did not declare it
