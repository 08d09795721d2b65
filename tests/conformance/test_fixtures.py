"""The same gate and server with the suite's fixtures: everything that a revision requires."""

import pytest

from tests.conformance.conftest import Reports
from tests.conformance.expected import FIXTURES, UNSCORED, WITHOUT_SESSIONS, Served, expected
from tests.conformance.suite import required
from tests.node.environment import Node

CASES = [
    pytest.param(served, scenario, id=f"{served.revision} {scenario}")
    for served in FIXTURES
    for scenario in expected(served)
]
# On 2025-11-25 a server asks its client with a request of its own; the answer comes on another
# connection, and finds the call that waits for it by the session.
ASK_BACK = {
    "tools-call-sampling",
    "tools-call-elicitation",
    "elicitation-sep1034-defaults",
    "elicitation-sep1330-enums",
}

pytestmark = pytest.mark.filterwarnings("ignore:The logging capability is deprecated")


@pytest.mark.requirement("CONF-03")
@pytest.mark.parametrize(("served", "scenario"), CASES)
def test_every_required_scenario_passes_with_the_suites_fixtures(
    reports: Reports, served: Served, scenario: str
) -> None:
    report = reports(served)

    assert report.found(scenario) == expected(served)[scenario], report.told(scenario)


@pytest.mark.requirement("CONF-04")
@pytest.mark.parametrize(("served", "count"), list(zip(FIXTURES, (37, 30), strict=True)))
def test_no_required_scenario_is_left_out_and_no_check_is_skipped_or_failed(
    node: Node, served: Served, count: int
) -> None:
    checks = expected(served)
    needed = required(node, served.revision)

    assert len(needed) == count
    assert list(checks) == [*needed, *UNSCORED[served.revision]]
    assert all(checks.values())
    assert {one.split()[0] for found in checks.values() for one in found} <= {"SUCCESS", "INFO"}


@pytest.mark.requirement("CONF-05")
def test_without_sessions_only_what_asks_the_client_back_fails(reports: Reports) -> None:
    report = reports(WITHOUT_SESSIONS)

    failed = {
        scenario
        for scenario in expected(WITHOUT_SESSIONS)
        if any(check.status == "FAILURE" for check in report.checks[scenario])
    }

    assert failed == ASK_BACK
