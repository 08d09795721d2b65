"""How much one user may ask for, and that it is nobody else's less."""

from pathlib import Path

import anyio
import pytest

from stackdocs_mcp.core.binding import StackId, UserId
from tests.web.site import ALICE, BOB, Site, call, headers_for, site

pytestmark = pytest.mark.anyio

SENT = call("list_documents")


async def statuses(
    running: Site, user: UserId, stack: StackId, times: int
) -> list[tuple[int, str | None]]:
    """What as many requests at once are answered with, and when to come again."""
    found: list[tuple[int, str | None]] = []
    async with running.raw({**headers_for(SENT), **running.bearer(user, stack)}) as http:

        async def ask() -> None:
            answer = await http.post(f"/stacks/{stack}/mcp", json=SENT)
            found.append((answer.status_code, answer.headers.get("retry-after")))

        async with anyio.create_task_group() as tasks:
            for _ in range(times):
                tasks.start_soon(ask)
    return found


@pytest.mark.requirement("GATE-90")
async def test_who_asks_too_often_is_told_when_to_come_again_and_others_are_served(
    tmp_path: Path,
) -> None:
    async with site(tmp_path, rate_per_second=0.01, rate_burst=5) as running:
        mine, theirs = await running.stack(ALICE), await running.stack(BOB)
        answered = await statuses(running, ALICE, mine, 12)
        others = await statuses(running, BOB, theirs, 5)

    assert sorted(status for status, _ in answered) == [200] * 5 + [429] * 7
    waits = [wait for status, wait in answered if status == 429]
    assert all(wait and 0 < int(wait) <= 101 for wait in waits)
    assert [status for status, _ in others] == [200] * 5
