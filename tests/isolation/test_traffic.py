"""A small run of ``benchmarks/isolation.py``: random requests, and no canary where none may be."""

from pathlib import Path

import pytest

from benchmarks.isolation import traffic
from stackdocs_mcp.tools import TOOLS
from tests.isolation.places import empty

pytestmark = pytest.mark.anyio


@pytest.mark.requirement("ISO-14")
async def test_no_answer_of_two_thousand_holds_anything_of_another_stack(tmp_path: Path) -> None:
    found = await traffic(tmp_path, 2_000, users=6, stacks=12, at_once=16)

    assert found.crossings == []
    assert found.requests == 2_000
    assert found.canaries > 300, "there is something to be found"
    assert found.statuses[404] > 100, "and something to be refused"
    assert 500 not in found.statuses
    called = {one.removeprefix("tools/call ") for one in found.kinds}
    assert set(TOOLS) - {"set_schema"} <= called, (
        "each tool but the one that would take canaries out"
    )


@pytest.mark.requirement("ISO-14")
async def test_no_answer_on_a_project_holds_anything_of_another_stack(tmp_path: Path) -> None:
    place = await empty("supabase")

    found = await traffic(tmp_path, 300, users=3, stacks=4, at_once=8, **place.settings)

    assert found.crossings == []
    assert found.requests == 300
    assert found.canaries > 30, "there is something to be found"
    assert 500 not in found.statuses
