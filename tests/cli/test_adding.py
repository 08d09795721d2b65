"""``add``: what is printed where, and what a bad file does."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import anyio.to_thread
import pytest
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas

from stackdocs_mcp.core.binding import Actor
from stackdocs_mcp.core.model import Failure
from stackdocs_mcp.server.compose import running
from stackdocs_mcp.settings import Settings
from tests.cli.shell import COMMAND, PATIENCE, Shell, all_of
from tests.ocr.documents import scan
from tests.server.papers import INVOICE

PASSED_OVER = "{}: passed over for the suffix: 1 file\n"


@pytest.fixture
def papers(tmp_path: Path) -> Path:
    """Two files that can be read, one of them in a subfolder, and one that is of no kind."""
    folder = tmp_path / "papers"
    (folder / "2026").mkdir(parents=True)
    (folder / "a.txt").write_text(INVOICE)
    (folder / "2026" / "b.txt").write_text("Another document\n")
    (folder / "notes.xyz").write_text("left alone")
    return folder


@pytest.mark.requirement("CLI-06")
def test_a_folder_is_added_with_its_subfolders_and_a_line_for_each_document(
    shell: Shell, papers: Path
) -> None:
    ran = shell("add", papers)

    assert (ran.code, ran.err) == (0, PASSED_OVER.format(papers))
    assert sorted(row[1:] for row in ran.rows) == [
        ["ocr_complete", "1", "2026/b.txt"],
        ["ocr_complete", "2", "a.txt"],
    ]


@pytest.mark.requirement("CLI-06")
def test_the_same_bytes_are_one_document_however_often_they_are_added(
    shell: Shell, papers: Path
) -> None:
    first = shell("add", papers / "a.txt")
    (papers / "copy.txt").write_text(INVOICE)

    second = shell("add", papers / "a.txt", papers / "copy.txt", papers / "a.txt")

    assert second.code == 0
    assert {row[0] for row in second.rows} == {first.rows[0][0]}
    assert shell("stacks").rows[1][1:5] == ["0", "1", "0", "0"]


@pytest.mark.requirement("CLI-06")
def test_a_bad_file_fails_alone_with_its_reason_and_code_1(shell: Shell, papers: Path) -> None:
    (papers / "bad.pdf").write_bytes(b"%PDF-1.7 and nothing else")

    ran = shell("add", papers / "bad.pdf", papers / "a.txt", papers / "missing.pdf")

    assert ran.code == 1
    assert sorted(row[1] for row in ran.rows) == ["failed", "ocr_complete"]
    said = ran.err.splitlines()
    assert len(said) == 2
    assert any(line.startswith("error: bad.pdf: ") for line in said)
    assert any("missing.pdf: there is no such file" in line for line in said)


@pytest.mark.anyio
@pytest.mark.requirement("CLI-06")
async def test_a_document_that_failed_is_tried_again(shell: Shell, papers: Path) -> None:
    settings = Settings(data_dir=shell.data)
    async with running(settings) as app:
        workspace = app.workspace(await app.open_stack(), Actor("agent"))
        document, _ = await app.shared.intake.add(
            workspace.store, workspace.files, papers / "a.txt", "a.txt", 1_000_000
        )
        await workspace.store.fail(document.id, Failure("timed_out", "it took too long"))

    ran = await anyio.to_thread.run_sync(shell, "add", papers / "a.txt")

    assert (ran.code, ran.err) == (0, "")
    assert ran.rows == [[document.id, "ocr_complete", "2", "a.txt"]]


@pytest.mark.requirement("CLI-06")
def test_a_file_above_the_limit_is_refused_and_the_others_are_added(
    shell: Shell, papers: Path
) -> None:
    (papers / "big.txt").write_bytes(b"x" * 1_100_000)

    ran = shell("add", "--max-file-mb", "1", papers)

    assert ran.code == 1
    assert len(ran.rows) == 2
    assert "big.txt" in ran.err


@pytest.mark.requirement("CLI-06")
def test_a_folder_with_nothing_to_read_says_what_can_be_read(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()

    ran = shell("add", tmp_path / "empty")

    assert (ran.code, ran.out) == (1, "")
    assert "PDF" in ran.err


@pytest.mark.requirement("CLI-06")
def test_a_file_name_cannot_write_columns_or_act_on_a_terminal(
    shell: Shell, tmp_path: Path
) -> None:
    name = os.fsdecode(b"a\tb\x1b[31m\xff.txt")
    (tmp_path / name).write_text("some text")

    ran = shell("add", tmp_path / name)

    assert ran.code == 0
    assert len(ran.rows[0]) == 4
    assert "\x1b" not in ran.out
    assert ran.rows[0][3] == "a\ufffdb\ufffd[31m\\udcff.txt"


@pytest.mark.requirement("READIN-20")
def test_an_empty_path_is_not_the_current_folder(shell: Shell) -> None:
    ran = shell("add", "")

    assert (ran.code, ran.out) == (2, "")
    assert "a PATH is empty" in ran.err


@pytest.mark.requirement("READIN-20")
def test_files_that_are_passed_over_are_counted_for_each_folder(shell: Shell, papers: Path) -> None:
    (papers / "2026" / "picture.jfif").write_bytes(b"no picture")
    for name in ("notes", "mail.msg", ".hidden"):
        (papers / "2026" / name).write_text("left alone")

    ran = shell("add", papers, papers / "a.txt")

    assert f"{papers}: passed over for the suffix: 3 files\n" in ran.err
    assert "2026/picture.jfif" in [row[3] for row in ran.rows]


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on the size of files")
@pytest.mark.requirement("READIN-19")
def test_a_file_that_the_store_has_no_room_for_is_named_and_the_others_are_added(
    shell: Shell, papers: Path
) -> None:
    shell("add", papers / "a.txt")
    large = papers / "large.txt"
    large.write_bytes(b"a line of text\n" * 600_000)

    ran = _with_room_for(8_000_000, [COMMAND, "add", str(large), str(papers / "2026")], shell)

    assert ran.returncode == 1
    assert [line.split("\t")[1:] for line in ran.stdout.splitlines()] == [
        ["ocr_complete", "1", "b.txt"]
    ]
    (said,) = ran.stderr.splitlines()
    assert said.startswith("error: large.txt: the file could not be copied into the store. It was")
    assert "Nothing was changed" not in said


@pytest.mark.requirement("READIN-15")
def test_a_scan_that_nobody_recognises_is_said_to_have_no_text(
    shell: Shell, tmp_path: Path
) -> None:
    scan("Amount due 74.50 EUR").save(tmp_path / "scan.png")

    ran = shell("add", "--ocr", "never", tmp_path / "scan.png")
    read = shell("read", "scan.png")

    assert (ran.code, ran.rows[0][1:]) == (0, ["ocr_complete", "1", "scan.png"])
    assert ran.err == "scan.png: pages without text: 1\n"
    assert read.out == "--- page 1/1 --- no text, not recognised: OCR is switched off\n"


@pytest.mark.requirement("READIN-03")
def test_an_encrypted_file_is_read_once_its_password_is_in_the_file(
    shell: Shell, tmp_path: Path
) -> None:
    locked, passwords = tmp_path / "locked.pdf", tmp_path / "passwords"
    canvas = Canvas(str(locked), encrypt=StandardEncryption("alohomora", strength=128))
    canvas.drawString(72, 700, "Amount due 74.50 EUR")
    canvas.save()
    passwords.write_text("sesame\nalohomora\n")

    first = shell("add", locked)
    wrong = shell("retry", "--password-file", _written(tmp_path / "wrong", "sesame\n"))
    ran = shell("retry", "--password-file", passwords, "--log-level", "debug")
    read = shell("read", "locked.pdf")

    assert (first.code, wrong.code, ran.code) == (1, 1, 0)
    assert "error: locked.pdf: the file is protected with a password" in wrong.err
    assert "--password-file" in wrong.err
    assert "1| Amount due 74.50 EUR" in read.out
    assert "alohomora" not in "".join(one.out + one.err for one in (first, wrong, ran, read))


@pytest.mark.requirement("CLI-07")
def test_a_terminal_shows_a_bar_and_the_data_stays_on_standard_output(
    shell: Shell, papers: Path
) -> None:
    (papers / "c.txt").write_text("A third document, of which none has three pages\n")
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [COMMAND, "add", str(papers)],
        env=shell.environment({"TERM": "xterm"}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=theirs,
        text=True,
    ) as process:
        os.close(theirs)
        shown = all_of(ours)
        assert process.stdout is not None
        out = process.stdout.read()
        assert process.wait(PATIENCE) == 0

    assert "3/3" in shown
    assert "documents" in shown
    assert "━" in shown
    assert sorted(line.split("\t")[3] for line in out.splitlines()) == [
        "2026/b.txt",
        "a.txt",
        "c.txt",
    ]


@pytest.mark.requirement("CLI-07")
def test_a_pipe_gets_no_bar(shell: Shell, papers: Path) -> None:
    assert shell("add", papers).err == PASSED_OVER.format(papers)


def _written(file: Path, text: str) -> Path:
    file.write_text(text)
    return file


def _with_room_for(size: int, command: list[str], shell: Shell) -> subprocess.CompletedProcess[str]:
    """The command, where no file can become larger: what a full disk does to the large ones."""
    limited = (
        "import os, resource, signal, sys;"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, {size}));"
        "os.execv(sys.argv[1], sys.argv[1:])"
    )
    return subprocess.run(
        [sys.executable, "-c", limited, *command],
        env=shell.environment(),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
