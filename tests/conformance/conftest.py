"""The suite's findings for each way of serving: it runs once for all tests of them."""

from collections.abc import Callable

import anyio
import pytest

from tests.conformance.expected import Served
from tests.conformance.suite import Report
from tests.node.environment import Node, installed

Reports = Callable[[Served], Report]


@pytest.fixture(scope="session")
def node() -> Node:
    return installed()


@pytest.fixture(scope="session")
def reports(node: Node, tmp_path_factory: pytest.TempPathFactory) -> Reports:
    held: dict[Served, Report] = {}

    def report(served: Served) -> Report:
        if served not in held:
            folder = tmp_path_factory.mktemp("conformance")
            held[served] = anyio.run(served.report, node, folder)
        return held[served]

    return report
