"""Requests that are refused again and again take no time from those that are served."""

import pytest

from stackdocs_mcp.http.brake import LONGEST, Brake


class Clock:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.requirement("OPS-13")
def test_a_second_of_refusals_goes_at_once_and_the_rest_waits_its_turn() -> None:
    clock = Clock()
    brake = Brake(10, clock)
    delays = [brake.delay() for _ in range(15)]

    assert delays[:10] == pytest.approx([0.0] * 10, abs=1e-9)
    assert delays[10:] == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.5])


@pytest.mark.requirement("OPS-13")
def test_no_refusal_waits_longer_than_a_second_nor_after_the_flood() -> None:
    clock = Clock()
    brake = Brake(10, clock)

    assert max(brake.delay() for _ in range(10_000)) == LONGEST
    clock.now += LONGEST + 0.1
    assert brake.delay() == 0.0
