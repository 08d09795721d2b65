"""A key that is replaced while somebody verifies with it."""

import os
from datetime import timedelta
from pathlib import Path

import pytest

from stackdocs_mcp.auth.cache import MAX_SECONDS
from stackdocs_mcp.auth.local import KEY_FILE, LocalIssuer, LocalVerifier
from stackdocs_mcp.auth.opening import open_verifier
from stackdocs_mcp.core.binding import Right, StackId, UserId
from stackdocs_mcp.core.identity import IssuerUnavailable, TokenRefused, Verifier
from stackdocs_mcp.keyfiles import BadKey
from tests.auth.provider import HeldClock
from tests.auth.site import RESOURCE, STACK

pytestmark = pytest.mark.anyio


@pytest.fixture
def clock() -> HeldClock:
    return HeldClock()


def minted(folder: Path, clock: HeldClock) -> str:
    issuer = LocalIssuer.open(folder, clock)
    return issuer.mint(UserId("bob"), StackId(STACK), tuple(Right), timedelta(hours=1))


def verifier_of(folder: Path, clock: HeldClock) -> Verifier:
    return open_verifier((), clock=clock, local=LocalIssuer.open(folder, clock))


async def outcome(verifier: Verifier, token: str) -> str:
    try:
        await verifier.verify(token, RESOURCE)
    except TokenRefused as refused:
        return refused.reason
    except IssuerUnavailable:
        return "unavailable"
    return "good"


@pytest.mark.requirement("TOKEN-01")
async def test_a_token_that_was_just_verified_is_refused_once_all_are_revoked(
    tmp_path: Path, clock: HeldClock
) -> None:
    verifier = verifier_of(tmp_path, clock)
    token = minted(tmp_path, clock)
    assert [await outcome(verifier, token) for _ in range(3)] == ["good"] * 3

    LocalIssuer.revoke(tmp_path)

    assert await outcome(verifier, token) == "kid"
    new = minted(tmp_path, clock)
    assert [await outcome(verifier, new) for _ in range(3)] == ["good"] * 3
    assert await outcome(verifier, token) == "kid"
    assert (tmp_path / KEY_FILE).stat().st_mode & 0o777 == 0o600
    assert [one.name for one in tmp_path.iterdir()] == [KEY_FILE]
    await verifier.close()


@pytest.mark.requirement("TOKEN-01")
async def test_removing_the_file_ends_tokens_as_well(tmp_path: Path, clock: HeldClock) -> None:
    verifier = verifier_of(tmp_path, clock)
    token = minted(tmp_path, clock)
    assert await outcome(verifier, token) == "good"

    (tmp_path / KEY_FILE).unlink()

    assert await outcome(verifier, token) == "kid"
    assert await outcome(verifier, minted(tmp_path, clock)) == "good"
    await verifier.close()


@pytest.mark.requirement("TOKEN-02")
@pytest.mark.skipif(os.name != "posix", reason="only POSIX says who else may read a file")
async def test_a_key_that_became_unusable_lets_nobody_in_until_it_is_mended(
    tmp_path: Path, clock: HeldClock
) -> None:
    verifier = verifier_of(tmp_path, clock)
    token = minted(tmp_path, clock)
    assert await outcome(verifier, token) == "good"
    key = tmp_path / KEY_FILE
    kept = key.read_bytes()

    key.chmod(0o644)
    assert [await outcome(verifier, token) for _ in range(2)] == ["unavailable"] * 2
    key.chmod(0o600)
    assert await outcome(verifier, token) == "good"
    key.write_bytes(b"nonsense")
    assert [await outcome(verifier, token) for _ in range(2)] == ["unavailable"] * 2
    key.write_bytes(kept)
    assert await outcome(verifier, token) == "good"
    await verifier.close()


@pytest.mark.requirement("TOKEN-02")
async def test_touching_the_file_of_the_same_key_forgets_no_token(
    tmp_path: Path, clock: HeldClock
) -> None:
    verifier = LocalVerifier(LocalIssuer.open(tmp_path, clock))
    before = verifier.generation

    os.utime(tmp_path / KEY_FILE, (1, 1))

    assert verifier.generation == before
    LocalIssuer.revoke(tmp_path)
    assert verifier.generation != before


@pytest.mark.requirement("TOKEN-01")
async def test_a_token_verified_while_the_key_is_replaced_is_not_remembered(
    tmp_path: Path, clock: HeldClock
) -> None:
    """The clock is read between a key's being looked at and its verifying: time to replace it."""
    token = minted(tmp_path, clock)
    calls: list[int] = []

    def replacing() -> object:
        calls.append(1)
        if len(calls) == 2:  # the first is for what is remembered
            LocalIssuer.revoke(tmp_path)
        return clock()

    verifier = verifier_of(tmp_path, replacing)  # type: ignore[arg-type]
    first = await outcome(verifier, token)

    assert first == "good"
    assert await outcome(verifier, token) == "kid"
    clock.advance(MAX_SECONDS)
    assert await outcome(verifier, token) == "kid"
    await verifier.close()


@pytest.mark.requirement("TOKEN-02")
def test_a_key_that_cannot_be_replaced_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(BadKey, match="cannot be replaced"):
        LocalIssuer.revoke(tmp_path / "nowhere")
