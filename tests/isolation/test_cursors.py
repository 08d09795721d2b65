"""A cursor is good for the call it came from: this user, this stack, this tool, these filters."""

import json
from typing import Any

import pytest

from tests.isolation.cursors import GOING
from tests.isolation.kinds import KINDS, Kind
from tests.isolation.surface import listing
from tests.isolation.world import Planted, World

pytestmark = pytest.mark.anyio


async def cursors(world: World, planted: Planted) -> dict[str, str]:
    """One for each call that can go on, of the planted stack."""
    workspace = world.site.workspace(planted.user, planted.stack)
    found = {name: await one.source(workspace, planted.document) for name, one in GOING.items()}
    assert all(found.values()), found
    return {name: one for name, one in found.items() if one is not None}


@pytest.mark.requirement("ISO-06")
async def test_every_cursor_that_is_listed_is_one_of_these(world: World) -> None:
    listed = (await listing(world.speaker)).parameters

    taken = {one.split(".")[0] for one in listed if KINDS.get(one) is Kind.CURSOR}
    assert taken == {name.split(",")[0] for name in GOING if "/" not in name}


@pytest.mark.requirement("ISO-06")
async def test_ones_own_cursor_goes_on_in_ones_own_stack(world: World) -> None:
    for name, cursor in (await cursors(world, world.own)).items():
        seen = await world.speaker.ask(*GOING[name].with_cursor(cursor, world.own.document))
        assert not seen.is_refusal, (name, seen)
        assert not world.leaks(seen.body), name


@pytest.mark.requirement("ISO-06")
async def test_a_cursor_of_any_other_call_is_refused_alike_and_gives_no_rows(
    world: World,
) -> None:
    before = world.digest()
    wrong: dict[str, Any] = {}
    made = {one.canary: await cursors(world, one) for one in (world.own, world.sibling)}
    made[world.foreign.canary] = await cursors(world, world.foreign)
    for name, going in GOING.items():
        answers = set()
        for canary, ones in made.items():
            for source, cursor in ones.items():
                if (source, canary) == (name, world.own.canary):
                    continue
                world.forget_denials()
                seen = await world.speaker.ask(*going.with_cursor(cursor, world.own.document))
                if not seen.is_refusal or b"cursor does not belong to this call" not in seen.body:
                    wrong[f"{canary} {source} -> {name}"] = seen
                answers.add(seen)
                (newest,) = await world.denials()
                if (newest.code, newest.subject) != ("invalid_cursor", ""):
                    wrong[f"{canary} {source} -> {name}, record"] = newest
        if len(answers) != 1:
            wrong[name] = answers

    assert wrong == {}
    assert world.digest() == before


@pytest.mark.requirement("ISO-06")
async def test_a_spoilt_cursor_gives_no_rows(world: World) -> None:
    foreign = await cursors(world, world.foreign)
    before = world.digest()
    wrong: dict[str, Any] = {}
    for name, cursor in (await cursors(world, world.own)).items():
        half = len(cursor) // 2
        other = foreign[name]
        spoilt = [
            *("", " ", "=", "A", "0" * 60, "-1", "null", "\0", "\u00e9" * 20, "x" * 1_000_000),
            *(cursor[:-1], cursor[1:], cursor[:half], cursor[half:], f"{cursor}A", f"{cursor}=="),
            *(cursor[::-1], cursor.swapcase(), cursor + cursor, f" {cursor}", f"{cursor}\n"),
            *(cursor[:half] + other[half:], other[:half] + cursor[half:]),
            cursor[: half - 2] + cursor[half : half + 2] + cursor[half - 2 : half] + cursor[half:],
            cursor[:half] + ("A" if cursor[half] != "A" else "B") + cursor[half + 1 :],
            *(0, 1.5, True, ["x"], {"cursor": cursor}),
        ]
        for one in spoilt:
            seen = await world.speaker.ask(*GOING[name].with_cursor(one, world.own.document))
            if not seen.is_refusal or world.leaks(seen.body) or len(seen.body) > 5_000:
                wrong[f"{name} {one!r:.60}"] = seen

    assert wrong == {}
    assert world.digest() == before


@pytest.mark.requirement("ISO-06")
async def test_a_cursor_tells_nothing_and_is_never_the_same_twice(world: World) -> None:
    first, second = await cursors(world, world.own), await cursors(world, world.own)
    ids = [world.own.stack, world.own.user, *world.own.documents]
    for name, cursor in first.items():
        assert cursor != second[name]
        assert not any(one in json.dumps(cursor) for one in ids)
