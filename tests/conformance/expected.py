"""What each scenario is to find, check by check, as it is committed.

Several scenarios are content with any error, and a check that never ran looks like one that is not
there: so what is compared is the whole list of ``STATUS id``, and never a count of failures.

``python -m tests.conformance.expected`` writes the file anew. Look at the difference before you
commit it: it is the claim.
"""

import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import anyio

from tests.conformance.serving import serving
from tests.conformance.suite import Report, Revision, required, run
from tests.node.environment import Node, installed

FILE: Final = Path(__file__).with_name("expected.json")

# What a server can be asked that has none of the suite's own tools, resources and prompts.
WITHOUT_FIXTURES: Final[Mapping[Revision, tuple[str, ...]]] = {
    "2026-07-28": (
        "server-stateless",
        "tools-list",
        "resources-list",
        "sep-2164-resource-not-found",
        "prompts-list",
        "caching",
        "http-header-validation",
        "dns-rebinding-protection",
        "server-sse-multiple-streams",
        "input-required-result-unsupported-methods",
    ),
    "2025-11-25": (
        "server-initialize",
        "ping",
        "tools-list",
        "resources-list",
        "prompts-list",
        "dns-rebinding-protection",
        "server-sse-multiple-streams",
    ),
}

# What the suite runs and does not count, because its own reference server cannot pass it.
UNSCORED: Final[Mapping[Revision, tuple[str, ...]]] = {
    "2026-07-28": (
        "json-schema-2020-12",
        "http-header-validation",
        "http-custom-header-server-validation",
    ),
    "2025-11-25": ("json-schema-2020-12",),
}


@dataclass(frozen=True)
class Served:
    """One way of serving, and the revision that it is asked about."""

    revision: Revision
    fixtures: bool = False
    sessions: bool = False

    @property
    def name(self) -> str:
        return (
            f"{self.revision} {'fixtures' if self.fixtures else 'product'}"
            f"{', sessions' if self.sessions else ''}"
        )

    def scenarios(self, node: Node) -> list[str]:
        """Those that must pass: all that the suite has for us, or those that need no fixtures."""
        if self.fixtures:
            return [*required(node, self.revision), *UNSCORED[self.revision]]
        return list(WITHOUT_FIXTURES[self.revision])

    async def report(self, node: Node, folder: Path) -> Report:
        """What the suite finds. The folder is empty."""
        home, results = folder / "home", folder / "results"
        home.mkdir()
        results.mkdir()
        async with serving(home, fixtures=self.fixtures, sessions=self.sessions) as url:
            return await run(node, url, self.revision, results)


PRODUCT: Final = (Served("2026-07-28"), Served("2025-11-25"))
FIXTURES: Final = (
    Served("2026-07-28", fixtures=True),
    Served("2025-11-25", fixtures=True, sessions=True),
)
WITHOUT_SESSIONS: Final = Served("2025-11-25", fixtures=True)
ALL: Final = (*PRODUCT, *FIXTURES, WITHOUT_SESSIONS)


def expected(served: Served) -> dict[str, list[str]]:
    """The committed findings of each scenario."""
    held: dict[str, Any] = json.loads(FILE.read_text("utf-8"))
    found: dict[str, list[str]] = held[served.name]
    return found


async def _all() -> dict[str, dict[str, list[str]]]:
    node = installed()
    written = {}
    for served in ALL:
        with tempfile.TemporaryDirectory() as folder:
            report = await served.report(node, Path(folder))
        written[served.name] = {one: report.found(one) for one in served.scenarios(node)}
    return written


if __name__ == "__main__":
    FILE.write_text(json.dumps(anyio.run(_all), indent=1) + "\n", "utf-8")
