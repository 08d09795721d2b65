"""How reading is set: engine, mode, languages, passwords and the key."""

import subprocess
import sys
from pathlib import Path

import pytest

from stackdocs_mcp.core.stack import Ocr
from stackdocs_mcp.settings import BadSettings, load
from tests.cli.shell import Shell, environment

KEY = {"MISTRAL_API_KEY": "test-key-0123456789abcdef"}


@pytest.mark.requirement("READIN-01")
@pytest.mark.parametrize(
    ("option", "variable", "engine", "mode"),
    [
        (None, None, "local", "auto"),
        ("always", None, "local", "always"),
        (None, "mistral", "mistral", "auto"),
        ("mistral,always", None, "mistral", "always"),
        (" never , LOCAL ", None, "local", "never"),
        ("always", "mistral", "mistral", "always"),
        ("local", "mistral,never", "local", "never"),
        ("local,auto", "mistral,never", "local", "auto"),
    ],
)
def test_each_part_of_the_option_counts_before_that_part_of_the_variable(
    option: str | None, variable: str | None, engine: str, mode: str
) -> None:
    environment = {**KEY, **({"STACKDOCS_OCR": variable} if variable else {})}

    settings = load({"ocr": option}, environment)

    assert (settings.reading.engine, settings.reading.mode) == (engine, mode)


@pytest.mark.requirement("READIN-01")
def test_languages_are_codes_in_the_order_given_and_each_once() -> None:
    settings = load({"languages": "DE, en,de"}, {})

    assert settings.reading == Ocr("local", "auto", ("de", "en"))


@pytest.mark.requirement("READIN-02")
@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("ocr", "tesseract", "an engine (local, mistral), a mode (auto, always, never)"),
        ("ocr", "local,mistral", "one of each"),
        ("ocr", "auto,", "one of each"),
        ("languages", "german", "two letters (ISO 639-1)"),
        ("languages", "de,,en", "two letters (ISO 639-1)"),
        ("languages", ",".join(f"{one}{two}" for one in "abcdef" for two in "abcd"), "at most 20"),
        ("languages", "de,xx,jp", "codes of ISO 639-1, such as de,en; there is no language xx, jp"),
        ("languages", "de,ru,ar", "cannot read the script of ru, ar; choose mistral"),
        ("mistral_url", "http://example.org", "begins with https://"),
        ("mistral_url", "https://me:pass@example.org", "begins with https://"),
        ("mistral_url", "https://example.org:port", "begins with https://"),
        ("mistral_url", "example.org", "begins with https://"),
        ("password_file", "nowhere-at-all", "'nowhere-at-all' cannot be read"),
        ("password_file", ".", "'.' cannot be read"),
    ],
)
def test_a_wrong_choice_names_its_setting_and_what_can_be_written(
    name: str, text: str, said: str
) -> None:
    variable = f"STACKDOCS_{name.upper()}"
    for options, around in ({name: text}, {}), ({}, {variable: text}):
        with pytest.raises(BadSettings) as refused:
            load(options, around)

        (problem,) = refused.value.problems
        assert problem.startswith(f"{variable} (--{name.replace('_', '-')}): ")
        assert said in problem


@pytest.mark.requirement("READIN-02")
def test_mistral_takes_documents_in_any_script() -> None:
    settings = load({"languages": "ru,ar", "ocr": "mistral"}, KEY)

    assert settings.reading.languages == ("ru", "ar")


@pytest.mark.requirement("READIN-02")
@pytest.mark.parametrize(
    "address", ["https://eu.example.org/v1/", "http://localhost:8080", "http://127.0.0.1:1"]
)
def test_an_address_is_secured_or_of_this_machine(address: str) -> None:
    assert load({"mistral_url": address}, {}).mistral_url == address.rstrip("/")


@pytest.mark.requirement("READIN-03")
def test_passwords_are_the_lines_of_the_file_as_they_are(tmp_path: Path) -> None:
    file = tmp_path / "passwords"
    file.write_bytes("\ufeffopen sésame\r\n two spaces  \n\nopen sésame\n".encode())

    settings = load({"password_file": str(file)}, {})

    found = [one.get_secret_value() for one in settings.passwords]
    assert found == ["open sésame", " two spaces  "]
    assert "sésame" not in repr(settings)
    assert "sésame" not in settings.model_dump_json()


@pytest.mark.requirement("READIN-03")
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"secret-\xff\n", "is not UTF-8 text"),
        (b"secret\n" * 20_000, "is larger than 64 KiB"),
        (b"".join(b"secret-%d\n" % n for n in range(101)), "has more than 100 lines"),
    ],
)
def test_a_file_that_is_no_list_of_passwords_is_refused_without_its_content(
    shell: Shell, tmp_path: Path, content: bytes, said: str
) -> None:
    file = tmp_path / "passwords"
    file.write_bytes(content)

    ran = shell("stacks", env={"STACKDOCS_PASSWORD_FILE": str(file)})

    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
    assert "secret" not in ran.err


@pytest.mark.requirement("READIN-04")
@pytest.mark.parametrize("command", [["add", "."], ["serve"], ["retry"], ["stacks"]], ids=" ".join)
def test_without_a_key_the_engine_is_refused_and_nothing_is_done(
    shell: Shell, command: list[str]
) -> None:
    ran = shell(*command, env={"STACKDOCS_OCR": "mistral"})

    assert (ran.code, ran.out) == (2, "")
    (line,) = ran.err.splitlines()
    assert line.startswith("error: MISTRAL_API_KEY: not set")
    assert "https://console.mistral.ai, or choose local" in line
    assert not shell.data.exists()


@pytest.mark.requirement("READIN-04")
def test_a_key_is_no_option_and_one_that_is_none_is_refused_without_it(shell: Shell) -> None:
    option = shell("serve", "--mistral-api-key", "sk-4711")
    broken = shell("stacks", env={"MISTRAL_API_KEY": "sk-4711\nX-Other: header"})

    assert (option.code, broken.code) == (2, 2)
    assert broken.err.startswith("error: MISTRAL_API_KEY: this is not a key")
    assert "4711" not in broken.err


@pytest.mark.requirement("READIN-12")
def test_doctor_says_how_documents_are_read_and_masks_the_key(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "passwords"
    file.write_text("sesame\nalohomora\n")
    file.chmod(0o600)
    env = {**KEY, "STACKDOCS_OCR": "never", "STACKDOCS_PASSWORD_FILE": str(file)}

    ran = shell("doctor", "--ocr", "mistral", "--languages", "de,fr", env=env)

    assert "ok       reading: mistral, never, languages de, fr" in ran.out
    assert "MISTRAL_API_KEY is ****cdef" in ran.out
    assert "ok       passwords: 2 to try on encrypted PDFs" in ran.out
    assert "ocr\tmistral,never\t--ocr, STACKDOCS_OCR" in ran.out
    for secret in (KEY["MISTRAL_API_KEY"], "sesame", "alohomora"):
        assert secret not in ran.out + ran.err


@pytest.mark.requirement("READIN-12")
def test_doctor_finds_passwords_that_others_can_read(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "passwords"
    file.write_text("sesame\n")
    file.chmod(0o644)

    ran = shell("doctor", "--password-file", file)

    assert ran.code == 1
    assert "is open to others, -rw-r--r--. chmod 600 it." in ran.out


INHERITED = """
import subprocess, sys
from stackdocs_mcp.cli.options import settings_of

print(settings_of().mistral_key is not None, flush=True)
child = "import os; print('MISTRAL_API_KEY' in os.environ)"
subprocess.run([sys.executable, "-c", child], check=True)
"""


@pytest.mark.requirement("READIN-17")
def test_the_key_of_the_ocr_service_is_known_and_not_handed_on_to_processes() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", INHERITED],
        env=environment(KEY),
        capture_output=True,
        check=True,
        text=True,
    )

    assert ran.stdout.split() == ["True", "False"]
