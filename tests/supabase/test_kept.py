"""What a process keeps on its own disk of the project's files."""

import os
import pickle
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from stackdocs_mcp.stores.supabase.kept import ABANDONED_SECONDS, Kept

pytestmark = pytest.mark.requirement("PGF-30")


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    made = Kept(tmp_path / "files", limit=30)
    yield made
    made.close()


def took(kept: Kept, key: str, content: bytes = b"0123456789") -> Path:
    """The path of a file that was just kept."""
    handle, name = kept.arrival()
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    return kept.take(key, Path(name), len(content))


def there(kept: Kept, keys: str) -> str:
    return "".join(key for key in keys if kept.find(key) is not None)


def test_the_file_used_longest_ago_goes_first(kept: Kept) -> None:
    for key in "abc":
        took(kept, key)
    assert kept.find("a") is not None

    took(kept, "d")

    assert there(kept, "abcd") == "acd"


def test_a_file_that_somebody_reads_stays_until_it_is_read(kept: Kept) -> None:
    held = took(kept, "a")
    again = kept.find("a")
    for key in "bcde":
        took(kept, key)

    assert held.read_bytes() == b"0123456789"
    assert there(kept, "abcde") == "ade"
    del held
    took(kept, "f")
    took(kept, "g")
    assert again is not None
    assert again.exists()
    again = None
    took(kept, "h")
    took(kept, "i")
    assert there(kept, "aghi") == "ghi"


def test_a_file_that_is_larger_than_all_that_may_be_kept_lives_while_it_is_read(
    kept: Kept,
) -> None:
    held = took(kept, "a", b"x" * 100)
    path = Path(held)
    assert held.exists()

    del held

    assert not path.exists()
    assert kept.find("a") is None


def test_a_file_that_is_forgotten_can_be_read_to_the_end(kept: Kept) -> None:
    held = took(kept, "a")
    path = Path(held)

    kept.forget("a")

    assert kept.find("a") is None
    assert path.exists()
    del held
    assert not path.exists()


def test_a_file_that_was_removed_or_cut_short_is_not_given_out(kept: Kept) -> None:
    took(kept, "a").unlink()
    took(kept, "b").write_bytes(b"0")

    assert there(kept, "ab") == ""


def test_to_another_process_the_path_is_a_plain_one(kept: Kept) -> None:
    held = took(kept, "a")

    sent = pickle.loads(pickle.dumps(held))

    assert type(sent) is type(Path())
    assert sent == held


@pytest.mark.skipif(os.name == "nt", reason="rights are POSIX")
def test_files_are_for_their_owner_alone(kept: Kept, tmp_path: Path) -> None:
    took(kept, "a")

    rights = {oct(path.stat().st_mode & 0o77) for path in (tmp_path / "files").rglob("*")}

    assert rights == {"0o0"}


def test_nothing_is_left_at_the_end_nor_of_a_process_that_died(tmp_path: Path) -> None:
    dead, busy = Kept(tmp_path), Kept(tmp_path)
    took(dead, "a")
    (abandoned,) = tmp_path.iterdir()
    (abandoned / "lock").unlink(missing_ok=True)  # as where there are no locks
    long_ago = time.time() - ABANDONED_SECONDS - 60
    os.utime(abandoned, (long_ago, long_ago))

    took(busy, "a")

    assert not abandoned.exists()
    assert len(list(tmp_path.iterdir())) == 1
    busy.close()
    busy.close()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_of_a_process_that_was_killed_goes_at_the_next_start(tmp_path: Path) -> None:
    program = (
        "import os, sys; from pathlib import Path\n"
        "from stackdocs_mcp.stores.supabase.kept import Kept\n"
        "kept = Kept(Path(sys.argv[1])); os.close(kept.arrival()[0])\n"
        "print('there', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        (folder,) = tmp_path.iterdir()
        Kept(tmp_path).tidy()
        living = folder.exists()
        process.kill()
        process.wait()
    Kept(tmp_path).tidy()

    assert living
    if os.name == "posix":
        assert not folder.exists()
