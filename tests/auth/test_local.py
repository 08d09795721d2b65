"""The built-in issuer: its key, its tokens, and whom they let in."""

import os
import stat
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import anyio
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import HealthCheck, given, settings, strategies as st

from stackdocs_mcp.auth.compact import take_apart
from stackdocs_mcp.auth.local import KEY_FILE, MAX_LIFETIME, LocalIssuer, LocalVerifier
from stackdocs_mcp.auth.opening import open_verifier
from stackdocs_mcp.core.binding import Right, StackId, UserId
from stackdocs_mcp.core.errors import InvalidArgument
from stackdocs_mcp.core.identity import TokenRefused
from stackdocs_mcp.keyfiles import BadKey
from tests.auth.provider import HeldClock
from tests.auth.site import OTHER, RESOURCE, STACK

pytestmark = pytest.mark.anyio

HOUR = timedelta(hours=1)
USER = UserId("local:1000")


@pytest.fixture
def clock() -> HeldClock:
    return HeldClock()


@pytest.fixture
def issuer(tmp_path: Path, clock: HeldClock) -> LocalIssuer:
    return LocalIssuer.open(tmp_path, clock)


def minted(issuer: LocalIssuer, *scopes: Right, lifetime: timedelta = HOUR) -> str:
    return issuer.mint(USER, StackId(STACK), scopes or tuple(Right), lifetime)


async def outcome(issuer: LocalIssuer, token: str, resource: str = RESOURCE) -> str:
    try:
        await LocalVerifier(issuer).verify(token, resource)
    except TokenRefused as refused:
        return refused.reason
    return "good"


@pytest.mark.requirement("AUTH-01")
async def test_a_token_names_its_user_its_rights_and_its_end(
    issuer: LocalIssuer, clock: HeldClock
) -> None:
    token = minted(issuer, Right.READ, Right.WRITE)

    found = await LocalVerifier(issuer).verify(token, RESOURCE)

    assert found.user == USER
    assert found.scopes == {Right.READ, Right.WRITE}
    assert found.expires_at == clock.seconds + 3_600


@pytest.mark.requirement("AUTH-01")
@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        (RESOURCE, "good"),
        (f"http://127.0.0.1:4711/stacks/{STACK}/mcp", "good"),
        (f"http://[::1]:1/prefix/stacks/{STACK}/mcp", "good"),
        (OTHER, "audience"),
        (f"http://127.0.0.1/stacks/{STACK.upper()}/mcp", "audience"),
        (f"http://127.0.0.1/stacks/{STACK}", "resource"),
        (f"http://127.0.0.1/stacks/{STACK}/mcp?a=/stacks/{STACK}/mcp", "resource"),
        ("", "resource"),
    ],
)
async def test_a_token_is_good_for_its_stack_at_any_address(
    issuer: LocalIssuer, resource: str, expected: str
) -> None:
    assert await outcome(issuer, minted(issuer), resource) == expected


@pytest.mark.requirement("AUTH-01")
async def test_a_token_lasts_beyond_the_process_that_made_it_and_not_beyond_its_folder(
    issuer: LocalIssuer, tmp_path: Path, clock: HeldClock
) -> None:
    (tmp_path / "other").mkdir()
    token = minted(issuer)

    assert await outcome(LocalIssuer.open(tmp_path, clock), token) == "good"
    assert await outcome(LocalIssuer.open(tmp_path / "other", clock), token) == "kid"


@pytest.mark.requirement("AUTH-01")
async def test_a_token_ends(issuer: LocalIssuer, clock: HeldClock) -> None:
    token = minted(issuer)

    clock.advance(3_659)
    assert await outcome(issuer, token) == "good"
    clock.advance(1)
    assert await outcome(issuer, token) == "expired"


@pytest.mark.requirement("AUTH-05")
async def test_a_token_of_its_key_that_names_another_issuer_is_refused(
    issuer: LocalIssuer,
) -> None:
    claims = {**take_apart(minted(issuer)).claims}

    assert await outcome(issuer, issuer._signed(claims)) == "good"
    assert await outcome(issuer, issuer._signed({**claims, "iss": "urn:other"})) == "issuer"


@pytest.mark.requirement("AUTH-01")
@pytest.mark.parametrize("lifetime", [timedelta(), timedelta(days=-1), MAX_LIFETIME + HOUR])
def test_a_token_for_no_time_or_for_ever_is_not_made(
    issuer: LocalIssuer, lifetime: timedelta
) -> None:
    with pytest.raises(InvalidArgument, match="366 days"):
        minted(issuer, lifetime=lifetime)


@pytest.mark.requirement("AUTH-01")
@pytest.mark.parametrize("user", ["", " ", "a\nb", "x" * 256])
def test_a_token_for_a_user_that_none_can_name_is_not_made(issuer: LocalIssuer, user: str) -> None:
    with pytest.raises(InvalidArgument, match="no token can be made"):
        issuer.mint(UserId(user), StackId(STACK), [], HOUR)


@pytest.mark.requirement("AUTH-01")
async def test_one_verifier_takes_its_tokens_and_sends_nobody_anywhere(
    issuer: LocalIssuer, clock: HeldClock
) -> None:
    verifier = open_verifier((), clock=clock, local=issuer)
    token = minted(issuer)

    for _ in range(2):
        assert (await verifier.verify(token, RESOURCE)).user == USER
    with pytest.raises(TokenRefused):
        await verifier.verify(token, OTHER)
    assert list(verifier.issuers) == []
    await verifier.close()
    await verifier.close()


@pytest.mark.requirement("AUTH-01")
async def test_two_tokens_for_the_same_are_not_the_same(issuer: LocalIssuer) -> None:
    assert take_apart(minted(issuer)).claims["jti"] != take_apart(minted(issuer)).claims["jti"]


@pytest.mark.requirement("AUTH-02")
def test_the_key_is_for_its_owners_eyes_and_nothing_else_is_left_behind(
    issuer: LocalIssuer, tmp_path: Path
) -> None:
    (file,) = tmp_path.iterdir()

    assert issuer.key_id
    assert file.name == KEY_FILE
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.requirement("AUTH-02")
def test_processes_that_start_at_once_agree_on_one_key(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib, datetime; from stackdocs_mcp.auth.local import LocalIssuer; "
        "print('ready', flush=True); sys.stdin.read(1); "
        "print(LocalIssuer.open(pathlib.Path(sys.argv[1]), datetime.datetime.now).key_id)"
    )
    started = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    for one in started:
        assert one.stdout is not None
        assert one.stdout.readline() == "ready\n"
    for one in started:
        assert one.stdin is not None
        one.stdin.write("x")
        one.stdin.flush()
    said = {one.communicate(timeout=60)[0] for one in started}

    assert len(said) == 1
    assert [file.name for file in tmp_path.iterdir()] == [KEY_FILE]


def pem(key: Any) -> bytes:
    return bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


@pytest.mark.requirement("AUTH-02")
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (lambda: b"", "is not a private key"),
        (lambda: b"secret-4711", "is not a private key"),
        (lambda: pem(ec.generate_private_key(ec.SECP384R1())), "curve P-256"),
        (lambda: pem(rsa.generate_private_key(65_537, 1_024)), "curve P-256"),
        (lambda: b"x" * 10_000, "is not a private key"),
    ],
)
def test_a_file_that_is_no_such_key_is_one_clear_error(
    tmp_path: Path, clock: HeldClock, content: Callable[[], bytes], said: str
) -> None:
    path = tmp_path / KEY_FILE
    path.write_bytes(content())
    path.chmod(0o600)

    with pytest.raises(BadKey) as refused:
        LocalIssuer.open(tmp_path, clock)

    assert said in refused.value.message
    assert "\n" not in refused.value.message
    assert "secret-4711" not in refused.value.message
    assert "remove the file" in refused.value.advice


@pytest.mark.requirement("AUTH-02")
@pytest.mark.skipif(os.name != "posix", reason="file modes are of POSIX")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_key_that_others_can_read_is_not_used(
    issuer: LocalIssuer, tmp_path: Path, clock: HeldClock, mode: int
) -> None:
    (tmp_path / KEY_FILE).chmod(mode)

    with pytest.raises(BadKey, match="can be read by others"):
        LocalIssuer.open(tmp_path, clock)
    assert issuer.key_id


@pytest.mark.requirement("AUTH-02")
def test_a_folder_that_is_not_there_is_one_clear_error(tmp_path: Path, clock: HeldClock) -> None:
    with pytest.raises(BadKey, match="cannot be read or made"):
        LocalIssuer.open(tmp_path / "nowhere", clock)


@pytest.mark.requirement("AUTH-20")
@settings(
    max_examples=500, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    where=st.integers(0, 10_000),
    to=st.characters(max_codepoint=0x2FF) | st.sampled_from("AZaz09-_."),
)
def test_a_token_with_one_character_changed_is_refused(
    issuer: LocalIssuer, where: int, to: str
) -> None:
    token = minted(issuer)
    where %= len(token)
    changed = token[:where] + to + token[where + 1 :]

    assert (changed == token) == (anyio.run(outcome, issuer, changed) == "good")


@pytest.mark.requirement("AUTH-20")
def test_a_token_is_refused_whichever_character_is_changed_in_its_lowest_bit(
    issuer: LocalIssuer,
) -> None:
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    token = minted(issuer)

    async def taken() -> list[int]:
        return [
            where
            for where, letter in enumerate(token)
            if letter != "."
            and await outcome(
                issuer,
                token[:where] + alphabet[alphabet.index(letter) ^ 1] + token[where + 1 :],
            )
            == "good"
        ]

    assert anyio.run(taken) == []
