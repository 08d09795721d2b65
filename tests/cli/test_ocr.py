"""``ocr set`` and ``ocr show``, and what a stack's choice does."""

import json
from importlib.resources import files
from pathlib import Path

import pytest

from tests.cli.shell import Shell
from tests.server.papers import INVOICE

HEAD = ["part", "value", "from"]


@pytest.mark.requirement("READIN-06")
def test_what_is_set_is_shown_with_where_it_comes_from(shell: Shell) -> None:
    made = shell("ocr", "set", "never", "--languages", "de,fr", "--stack", "bills")

    assert (made.code, made.out) == (0, "")
    assert (
        made.err
        == "made the stack 'bills'\nstack 'bills': engine local, mode never, languages de,fr\n"
    )
    assert shell("ocr", "show", "--stack", "bills").rows == [
        HEAD,
        ["engine", "local", "settings"],
        ["mode", "never", "stack"],
        ["languages", "de,fr", "stack"],
    ]


@pytest.mark.requirement("READIN-06")
def test_setting_it_again_leaves_what_is_not_named_to_the_settings(shell: Shell) -> None:
    shell("ocr", "set", "local,never", "--languages", "de")

    shell("ocr", "set", "always")
    env = {"STACKDOCS_LANGUAGES": "en"}
    again = shell("ocr", "show", env=env).rows
    shell("ocr", "set", "server")
    last = shell("ocr", "show", env=env).rows

    assert again[1:] == [
        ["engine", "local", "settings"],
        ["mode", "always", "stack"],
        ["languages", "en", "settings"],
    ]
    assert last[1:] == [
        ["engine", "local", "settings"],
        ["mode", "auto", "settings"],
        ["languages", "en", "settings"],
    ]


@pytest.mark.requirement("READIN-06")
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["tesseract"], "CHOICE must be an engine (local, mistral)"),
        (["server", "--languages", "german"], "--languages must be at most 20 codes"),
        (["local", "--languages", "de,ru"], "the local engine cannot read the script of ru"),
    ],
)
def test_a_choice_that_means_nothing_is_refused_and_makes_no_stack(
    shell: Shell, arguments: list[str], said: str
) -> None:
    ran = shell("ocr", "set", *arguments)

    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
    assert len(shell("stacks").rows) == 1


@pytest.mark.requirement("READIN-06")
def test_no_tool_can_choose_who_reads() -> None:
    listed = files("stackdocs_mcp.tools").joinpath("listed.json").read_text("utf-8")

    for tool in json.loads(listed):
        properties = json.dumps(tool["inputSchema"]["properties"]).lower()
        assert not {"mistral", "engine", "languages"} & set(properties.split('"'))


@pytest.mark.requirement("READIN-05")
def test_a_stack_that_wants_mistral_without_a_key_fails_its_own_documents_alone(
    shell: Shell, tmp_path: Path
) -> None:
    (tmp_path / "a.txt").write_text(INVOICE)
    chosen = shell("ocr", "set", "mistral", "--stack", "far")

    far = shell("add", tmp_path / "a.txt", "--stack", "far")
    near = shell("add", tmp_path / "a.txt", "--stack", "near")

    assert "MISTRAL_API_KEY is not set here" in chosen.err
    assert far.code == 1
    assert far.rows[0][1] == "failed"
    assert "the stack's documents are read by Mistral OCR, and this server has no key" in far.err
    assert "Set MISTRAL_API_KEY" in far.err
    assert (near.code, near.rows[0][1]) == (0, "ocr_complete")


@pytest.mark.requirement("READIN-05")
def test_a_new_choice_counts_when_a_failed_document_is_tried_again(
    shell: Shell, tmp_path: Path
) -> None:
    (tmp_path / "a.txt").write_text(INVOICE)
    shell("ocr", "set", "mistral")
    shell("add", tmp_path / "a.txt")

    shell("ocr", "set", "local")
    ran = shell("retry")

    assert (ran.code, ran.err) == (0, "")
    assert [row[1:] for row in ran.rows] == [["ocr_complete", "2", "a.txt"]]
