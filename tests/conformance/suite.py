"""Runs the official suite against an address, and reads what it found."""

import json
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import anyio

from tests.node.environment import Node

PACKAGE = "@modelcontextprotocol/conformance"
PATIENCE = 240
"""Seconds for a whole requirement set; it takes a tenth of that on an idle machine."""

Revision = Literal["2026-07-28", "2025-11-25"]

_REQUIRED = re.compile(r"^server:\n((?:  - \S+\n)+)", re.MULTILINE)
_NAMED = re.compile(r"^server-(?P<scenario>.+)-\d{4}-\d\d-\d\dT[\d-]+Z$")


@dataclass(frozen=True)
class Check:
    """One thing that the suite looked at. Its id may occur more than once in a scenario."""

    id: str
    status: str
    message: str
    untestable: bool


@dataclass(frozen=True)
class Report:
    """The checks of every scenario that ran, by the scenario's name."""

    revision: Revision
    checks: Mapping[str, list[Check]]
    output: str

    def found(self, scenario: str) -> list[str]:
        """``STATUS id`` of each check, sorted: what is compared with what we expect."""
        return sorted(f"{one.status} {one.id}" for one in self.checks.get(scenario, []))

    def told(self, scenario: str) -> str:
        """What the suite says about the checks that did not succeed."""
        said = [
            f"{one.status} {one.id}: {one.message}"
            for one in self.checks.get(scenario, [])
            if one.status not in {"SUCCESS", "INFO"}
        ]
        return "\n".join(said) or self.output[-2000:]


def required(node: Node, revision: Revision) -> list[str]:
    """The scenarios that a server must pass for this revision: the suite's own, frozen list."""
    listed = node.package(PACKAGE, f"requirements/{revision}.yaml").read_text("utf-8")
    block = _REQUIRED.search(listed)
    assert block is not None, listed
    return [line.removeprefix("  - ") for line in block[1].splitlines()]


async def run(node: Node, url: str, revision: Revision, folder: Path) -> Report:
    """Every scenario of the revision, scored or not, against the server at the address."""
    command = [
        *(str(node.program), str(node.package(PACKAGE, "dist/index.js")), "server"),
        *("--url", url, "--requirements", revision, "--output-dir", str(folder)),
    ]
    with anyio.fail_after(PATIENCE):
        done = await anyio.run_process(command, check=False, stderr=subprocess.STDOUT)
    checks = {}
    for path in sorted(folder.glob("*/checks.json")):
        named = _NAMED.match(path.parent.name)
        assert named is not None, path
        checks[named["scenario"]] = [_check(one) for one in json.loads(path.read_text("utf-8"))]
    return Report(revision, checks, done.stdout.decode("utf-8", "replace"))


def _check(said: dict[str, Any]) -> Check:
    untestable = bool((said.get("details") or {}).get("untestable"))
    return Check(said["id"], said["status"], said.get("errorMessage") or "", untestable)
