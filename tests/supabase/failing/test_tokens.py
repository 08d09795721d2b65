"""Tokens and keys that a project does not take, and what is said and done then."""

import json
from typing import Any

import pytest

from stackdocs_mcp.core.errors import StoreFailed
from stackdocs_mcp.stores.supabase.project import Caller, Minter, SigningKey
from stackdocs_mcp.stores.supabase.store import SupabaseStore
from tests.stores.builders import ALICE
from tests.supabase.between import (
    between,
)
from tests.supabase.failing.conftest import count, now, opened, trusting
from tests.supabase.rig import Rig, new_key

pytestmark = pytest.mark.anyio
REFUSED = "the Supabase project refused the token that this server signs"


@pytest.mark.requirement("PGW-04")
@pytest.mark.parametrize("minutes", [-600, -30, -3, 3, 30, 600])
async def test_a_clock_that_is_minutes_away_is_followed_and_nobody_notices(
    own: Rig, minutes: int
) -> None:
    wrong = Minter(own.signing_key, lambda: now().timestamp() + minutes * 60)
    async with between(own.rest_url) as wire:
        wire.upstream = own.url
        async with opened(own, wire.url, wrong) as away:
            made = await away.open_stack(ALICE, "invoices")
            again = await away.open_stack(ALICE, "invoices")

    assert made.id == again.id
    assert len(wire.functions) <= 3, "the project's time is asked for once"


@pytest.mark.requirement("PGW-04")
async def test_an_expired_token_is_refused_once_and_minted_anew(own: Rig) -> None:
    """A laptop slept: what was minted is kept, and the clock has not been looked at."""
    times = [now().timestamp() - 3_600]
    minter = Minter(own.signing_key, lambda: times[0])
    async with opened(own, minter=minter) as other:
        await other.open_stack(ALICE, "first")  # it follows the project's time
        kept = dict(minter._kept)
        times[0] += 3_600  # the clock is right again, and what it follows is not
        await other.open_stack(ALICE, "second")

    assert kept
    assert len(await own.sql("select 1 from public.stacks")) == 2


@pytest.mark.requirement("PGW-05")
async def test_a_token_is_signed_once_for_half_a_minute(
    own: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed: list[object] = []
    real = SigningKey.sign

    def counted(self: SigningKey, claims: dict[str, Any]) -> str:
        signed.append(claims["sub"])
        return real(self, claims)

    monkeypatch.setattr(SigningKey, "sign", counted)
    time = [1_000_000.0]
    minter = Minter(own.signing_key, lambda: time[0])
    async with opened(own, minter=minter):
        caller = Caller("authenticated", ALICE)
        first = minter.token(caller)
        time[0] += 29
        assert minter.token(caller) == first
        time[0] += 2
        assert minter.token(caller) != first

    assert len(signed) == 2


@pytest.mark.requirement("PGW-06")
async def test_a_key_that_the_project_does_not_trust_is_named_and_nothing_is_changed(
    own: Rig,
) -> None:
    other = Minter(SigningKey(json.dumps(new_key("tests-9"))))
    same_name = Minter(SigningKey(json.dumps(new_key("tests-1"))))
    for minter in (other, same_name):
        async with opened(own, minter=minter) as stranger:
            with pytest.raises(StoreFailed) as refused:
                await stranger.open_stack(ALICE, "invoices")
        assert refused.value.message == REFUSED
        assert "STACKDOCS_SUPABASE_SIGNING_KEY" in refused.value.advice

    assert await count(own, "public.stacks") == 0


@pytest.mark.requirement("PGW-06")
async def test_a_project_whose_key_was_rotated_takes_the_new_one_and_the_old_as_long_as_it_is_there(
    own: Rig, store: SupabaseStore
) -> None:
    new = new_key("tests-2")
    public = {name: part for name, part in new.items() if name != "d"}
    old = own.jwks["keys"]
    await store.open_stack(ALICE, "invoices")
    async with opened(own, minter=Minter(SigningKey(json.dumps(new)))) as newer:
        with trusting(own, [*old, public]):
            assert (await newer.open_stack(ALICE, "invoices")).name == "invoices"
            assert (await store.open_stack(ALICE, "invoices")).name == "invoices"
        with trusting(own, [public]):
            assert (await newer.open_stack(ALICE, "invoices")).name == "invoices"
            with pytest.raises(StoreFailed, match=REFUSED):
                await store.open_stack(ALICE, "invoices")

    assert (await store.open_stack(ALICE, "invoices")).name == "invoices"


@pytest.mark.requirement("PGW-07")
@pytest.mark.parametrize("key", ["sb_publishable_other", "x"])
async def test_a_publishable_key_of_another_project_is_named(own: Rig, key: str) -> None:
    async with opened(own, key=key) as stranger:
        with pytest.raises(StoreFailed, match="refused the publishable key") as refused:
            await stranger.open_stack(ALICE, "invoices")

    assert "STACKDOCS_SUPABASE_PUBLISHABLE_KEY" in refused.value.advice
    assert key not in refused.value.advice.split()
    assert await count(own, "public.stacks") == 0
