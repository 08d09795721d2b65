"""Keys of the data folder: whole, for their owner alone, the same for all processes."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from stackdocs_mcp.cli.barrier import FAILED
from stackdocs_mcp.keyfiles import SECRET_BYTES, BadKey, KeyFile, of_links, of_logs
from tests.cli.shell import COMMAND, PATIENCE, environment

POSIX = pytest.mark.skipif(os.name != "posix", reason="only POSIX says who else may read a file")


@pytest.fixture
def file(tmp_path: Path) -> KeyFile:
    return KeyFile(tmp_path / "some.key", "the key", "all ends")


@pytest.mark.requirement("KEYS-01")
def test_a_key_is_made_once_and_for_its_owner_alone(file: KeyFile) -> None:
    made = file.secret()

    assert len(made) == SECRET_BYTES
    assert file.secret() == made
    assert [one.name for one in file.path.parent.iterdir()] == ["some.key"]
    assert os.name != "posix" or stat.S_IMODE(file.path.stat().st_mode) == 0o600


@pytest.mark.requirement("KEYS-01")
def test_a_key_is_on_disk_before_it_has_its_name(
    file: KeyFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a power cut leaves is a whole key or none: never an empty file of that name."""
    seen: list[tuple[int, bool]] = []
    real = os.fsync

    def sync(handle: int) -> None:
        seen.append((os.fstat(handle).st_size, file.path.exists()))
        real(handle)

    monkeypatch.setattr(os, "fsync", sync)
    file.secret()

    assert seen == [(SECRET_BYTES, False)]


@pytest.mark.requirement("KEYS-01")
@pytest.mark.parametrize("size", [0, 1, SECRET_BYTES - 1, SECRET_BYTES + 1, 10_000])
def test_a_key_of_another_length_is_not_used(file: KeyFile, size: int) -> None:
    file.path.write_bytes(b"k" * size)
    file.path.chmod(0o600)

    with pytest.raises(BadKey, match="does not have 32 bytes") as refused:
        file.secret()
    assert str(file.path) in refused.value.message
    assert refused.value.advice.endswith("a new key is made, and all ends.")


@POSIX
@pytest.mark.requirement("KEYS-01")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o620])
def test_a_key_that_others_can_read_is_not_used(file: KeyFile, mode: int) -> None:
    file.secret()
    file.path.chmod(mode)

    with pytest.raises(BadKey, match="can be read by others"):
        file.secret()


@pytest.mark.requirement("KEYS-01")
def test_a_key_that_cannot_be_kept_or_read_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "cursor.key").mkdir()
    for file in (of_links(tmp_path), of_logs(tmp_path / "nowhere")):
        with pytest.raises(BadKey, match=r"cannot be read or made|others"):
            file.secret()


@pytest.mark.requirement("KEYS-02")
def test_processes_that_begin_at_once_agree_on_one_key(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib; from stackdocs_mcp.keyfiles import of_links; "
        "sys.stdin.read(1); print(of_links(pathlib.Path(sys.argv[1])).secret().hex())"
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
    said = {one.communicate("x", timeout=PATIENCE)[0] for one in started}

    assert said == {f"{of_links(tmp_path).secret().hex()}\n"}
    assert [one.name for one in tmp_path.iterdir()] == ["cursor.key"]


@pytest.mark.requirement("KEYS-03")
@pytest.mark.parametrize("wrong", ["empty", pytest.param("readable", marks=POSIX)])
def test_a_server_over_stdio_does_not_start_with_a_weak_key(tmp_path: Path, wrong: str) -> None:
    key = tmp_path / "cursor.key"
    key.write_bytes(b"" if wrong == "empty" else b"k" * SECRET_BYTES)
    key.chmod(0o600 if wrong == "empty" else 0o644)

    ran = subprocess.run(
        [COMMAND, "serve"],
        env=environment({"STACKDOCS_DATA_DIR": str(tmp_path)}),
        input="",
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )

    assert (ran.returncode, ran.stdout) == (FAILED, "")
    (line,) = ran.stderr.splitlines()
    assert str(key) in line
    assert "remove the file" in line
