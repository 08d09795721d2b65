"""How much one user may ask for, and that it is nobody else's less."""

from pathlib import Path

import anyio
import pytest

from stackdocs_mcp.core.binding import StackId, UserId
from stackdocs_mcp.http import admission
from stackdocs_mcp.http.admission import QUEUE, Admission
from stackdocs_mcp.http.answers import Answered
from tests.server.harness import PATIENCE
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


@pytest.mark.requirement("GATE-94")
async def test_calls_side_by_side_wait_for_one_another(served: Site) -> None:
    stack = await served.stack(ALICE)

    answered = await statuses(served, ALICE, stack, 3 * served.app.settings.calls_at_once)

    assert {status for status, _ in answered} == {200}


class NoRate:
    async def spend(self, _user: UserId, /) -> float | None:
        return None


@pytest.mark.requirement("GATE-94")
async def test_more_calls_than_may_wait_are_told_to_come_again_at_once() -> None:
    admitting = Admission(NoRate(), 2)
    over = anyio.Event()

    async def hold() -> None:
        async with admitting.turn(ALICE):
            await over.wait()

    with anyio.fail_after(PATIENCE):
        async with anyio.create_task_group() as tasks:
            for _ in range(2 * (1 + QUEUE)):
                tasks.start_soon(hold)
            await anyio.wait_all_tasks_blocked()
            with pytest.raises(Answered) as refused:
                async with admitting.turn(ALICE):
                    pytest.fail("one more than may wait")
            async with admitting.turn(BOB):
                over.set()

    assert refused.value.status == 429
    async with admitting.turn(ALICE):
        pass
    assert admitting.users == 0


@pytest.mark.requirement("GATE-94")
async def test_a_call_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission, "WAIT_SECONDS", 0.0)
    admitting = Admission(NoRate(), 1)

    async with admitting.turn(ALICE):
        with pytest.raises(Answered):
            async with admitting.turn(ALICE):
                pytest.fail("there is one turn")

    assert admitting.users == 0
