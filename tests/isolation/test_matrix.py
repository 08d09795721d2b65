"""The isolation matrix: each parameter that is an id, on each transport, with ids of all kinds.

Foreign and unknown ids are answered alike, byte for byte, change nothing, and leave a record.
"""

from typing import Any

import pytest

from tests.isolation.kinds import FORBIDDEN, KINDS, Kind
from tests.isolation.surface import Target, listing
from tests.isolation.world import UNKNOWN, World

pytestmark = pytest.mark.anyio


def malformed(foreign: str) -> list[Any]:
    """What is no id, or is one only for somebody who reads it carelessly."""
    return [
        *("", " ", "x", "x" * 65, "x" * 5_000, "\0", "%", "*", "_", "../", "..", "null", "[]"),
        *(foreign.upper(), f"{foreign} ", f" {foreign}", f"{foreign}\0", foreign[:-1]),
        *(f"{{{foreign}}}", f"urn:uuid:{foreign}", foreign.replace("-", ""), f"{foreign}\n"),
        *(f"../{foreign}", f"%2e%2e%2f{foreign}", f"x' OR id = '{foreign}", f"{foreign}'--"),
        *(foreign.replace("-", "\u2010"), foreign.replace("0", "\uff10"), f"\u202e{foreign}"),
        *(7, 0, -1, 1.5, True, None, [foreign], {"id": foreign}, [], {}),
    ]


@pytest.mark.requirement("ISO-01")
async def test_every_parameter_that_is_listed_is_classified(world: World) -> None:
    listed = await listing(world.speaker)

    unclassified = sorted(listed.parameters - KINDS.keys())
    assert not unclassified, (
        f"say in tests/isolation/kinds.py what {', '.join(unclassified)} is; an id of something "
        "that may be somebody else's is tested here from then on"
    )
    last = {one.rpartition(".")[2].removesuffix("[]") for one in listed.parameters}
    assert not last & FORBIDDEN


@pytest.mark.requirement("ISO-01")
async def test_every_id_is_an_id_of_the_matrix(world: World) -> None:
    targets = (await listing(world.speaker)).targets()

    by_name = {one for one in KINDS if one.endswith("_id")}
    assert by_name == {one.parameter for one in targets}
    assert len(targets) >= 12


@pytest.mark.requirement("ISO-02")
async def test_foreign_and_unknown_ids_are_answered_alike_and_change_nothing(world: World) -> None:
    wrong: dict[str, Any] = {}
    before = world.digest()
    for target in (await listing(world.speaker)).targets():
        if target.kind is Kind.CHANGE:
            continue  # it counts within its document: see below
        unknown = await _asked(world, target, UNKNOWN)
        for other in (world.sibling, world.foreign):
            seen = await _asked(world, target, other.document)
            if not seen.is_refusal or world.leaks(seen.body):
                wrong[f"{target.parameter}, {other.canary}"] = seen
            if seen.without(other.document) != unknown.without(UNKNOWN):
                wrong[f"{target.parameter}, {other.canary}"] = (seen, unknown)

    assert wrong == {}
    assert world.digest() == before


@pytest.mark.requirement("ISO-02")
async def test_a_change_is_looked_for_in_the_clients_own_document_alone(world: World) -> None:
    (target,) = (one for one in (await listing(world.speaker)).targets() if one.kind is Kind.CHANGE)
    before = world.digest()
    unknown = await _asked(world, target, "9-9")
    for other in (world.sibling, world.foreign):
        method, params = target.call("1-1", other.document)
        seen = await world.speaker.ask(method, params)
        method, params = target.call("1-1", UNKNOWN)
        nowhere = await world.speaker.ask(method, params)
        assert seen.is_refusal
        assert seen.without(other.document) == nowhere.without(UNKNOWN)

    assert unknown.is_refusal
    assert world.digest() == before


@pytest.mark.requirement("ISO-03")
async def test_every_foreign_and_unknown_id_leaves_a_record(world: World) -> None:
    missing: dict[str, Any] = {}
    for target in (await listing(world.speaker)).targets():
        ids = ("9-9",) if target.kind is Kind.CHANGE else (
            world.sibling.document, world.foreign.document, UNKNOWN
        )  # fmt: skip
        for value in ids:
            world.forget_denials()
            reply = await _asked(world, target, value)
            rows = await world.denials()
            newest = rows[0]
            expected = (world.own.user, world.own.stack, target.what, value)
            found = (newest.user, newest.stack, newest.what, newest.subject)
            if len(rows) != 1 or found != expected or not newest.code.endswith("found"):
                missing[target.parameter] = rows[:2]
            if reply.request and newest.request != reply.request:
                missing[f"{target.parameter}, request"] = newest

    assert missing == {}


@pytest.mark.requirement("ISO-04")
async def test_malformed_ids_are_refused_and_change_nothing(world: World) -> None:
    wrong: dict[str, Any] = {}
    before = world.digest()
    for target in (await listing(world.speaker)).targets():
        for value in malformed(world.foreign.document):
            if value is None and "optional" in _presence(target):
                continue  # left out
            if target.kind is Kind.CHANGE and value in (None, ""):
                continue
            seen = await _asked(world, target, value)
            if not seen.is_refusal or world.leaks(seen.body) or len(seen.body) > 5_000:
                wrong[f"{target.parameter} {value!r:.80}"] = seen

    assert wrong == {}
    assert world.digest() == before


@pytest.mark.requirement("ISO-05")
async def test_the_same_calls_work_with_ones_own_id(world: World) -> None:
    """Else all of the matrix would be true of a server that refuses everything."""
    refused = {}
    store = world.site.workspace(world.own.user, world.own.stack).store
    for target in (await listing(world.speaker)).targets():
        own = world.own.documents[1]
        (last,) = await store.changes(own, limit=1)
        value = last.id if target.kind is Kind.CHANGE else own
        seen = await world.speaker.ask(*target.call(value, own))
        if seen.is_refusal:
            refused[target.parameter] = seen

    assert refused == {}


async def _asked(world: World, target: Target, value: Any) -> Any:
    return await world.speaker.ask(*target.call(value, world.own.document))


def _presence(target: Target) -> str:
    optional = {"search_documents.document_id", "prompt extract_document.document_id"}
    return "optional" if target.parameter in optional else "required"
