"""Bad input on the command line: one line on standard error, code 1 or 2, nothing changed."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cli.shell import PATIENCE, Ran, environment
from tests.server import forking_process
from tests.server.hostile import SCHEMA
from tests.server.papers import INVOICE
from tests.server.test_hostile_input import FOREIGN

BYTE = os.fsdecode(b"\xff")
"""A byte that is no text, as a shell hands it on: Python has it as half of a surrogate pair."""


def field(text: str) -> bytes:
    """A schema whose one field is described by this JSON text."""
    return f'{{"properties":{{"probe":{text}}}}}'.encode("utf-8", "surrogatepass")


SCHEMAS: dict[str, bytes] = {
    "I01 NaN": field('{"const":NaN}'),
    "I01 Infinity": field('{"maximum":-Infinity}'),
    "I01 1e999": field('{"minimum":1e999}'),
    "I01 more digits than a double": field('{"const":12345678901234567890.123}'),
    "I01 5,000 digits": field(f'{{"const":{"9" * 5_000}}}'),
    "I02 half a pair, escaped": field(r'{"title":"\ud800"}'),
    "I02 half a pair as bytes": field('{"title":"\ud800"}'),
    "I02 NUL": field(r'{"title":"\u0000"}'),
    "I02 UTF-16": '{"properties":{}}'.encode("utf-16"),
    "I03 a key twice": field('{"type":"string","type":"number"}'),
    "I04 65 levels": field(f'{{"enum":[{"[" * 65}{"]" * 65}]}}'),
    "I04 65 subschemas": field('{"not":' * 65 + "{}" + "}" * 65),
    "I04 100,000 levels": field("[" * 100_000),
    "I05 a string of 1 MB": field(f'{{"title":"{"x" * 1_000_000}"}}'),
    "I05 a file above 1 MiB": b" " * 1_100_000 + field("{}"),
    "I06 __proto__": b'{"properties":{"__proto__":{}}}',
    "I06 a number as a name": b'{"properties":{"999999":{}}}',
    "I11 a pattern that backtracks": field(r'{"pattern":"(a)\\1"}'),
    "I12 a remote reference": field('{"$ref":"http://127.0.0.1/s.json"}'),
    "I12 10,000 subschemas": field(f'{{"anyOf":[{"{}," * 10_000}{{}}]}}'),
    "I12 no object": b"[]",
}


def one_line(ran: Ran) -> None:
    """The command ended with a sentence for a person, in our words and fit for a terminal."""
    assert ran.code in (1, 2), ran
    assert ran.out == ""
    assert ran.err.startswith("error: ")
    assert ran.err.endswith("\n")
    assert ran.err[:-1].isprintable(), ascii(ran.err)
    assert not FOREIGN.search(ran.err.replace("cannot be used: it is", "")), ran.err
    assert "a fault in this program" not in ran.err


SHOW = (("schema", "show"), ("stacks",))


@dataclass(frozen=True)
class Place:
    """A folder to run commands in, with a stack that has a schema and a document."""

    folder: Path

    def __call__(self, *commands: Sequence[str]) -> list[Ran]:
        """How each command ends."""
        done = subprocess.run(
            [sys.executable, "-P", forking_process.__file__],
            env=environment({"STACKDOCS_DATA_DIR": str(self.folder / "data")}),
            input=json.dumps(commands),
            cwd=self.folder,
            stdout=subprocess.PIPE,
            encoding="utf-8",
            timeout=PATIENCE,
            check=True,
        )
        return [Ran(*one) for one in json.loads(done.stdout)]

    def unmoved(self, commands: Mapping[str, Sequence[str]]) -> dict[str, str]:
        """What is wrong with the end of each command, by its name, and what it changed."""
        ran = self(*SHOW, *commands.values(), *SHOW)
        found: dict[str, str] = {}
        for name, one in zip(commands, ran[len(SHOW) : -len(SHOW)], strict=True):
            try:
                one_line(one)
            except AssertionError as error:
                found[name] = f"{error}"[:300]
        if ran[: len(SHOW)] != ran[-len(SHOW) :]:
            found["all"] = "something was changed"
        return found


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    tmp_path = tmp_path_factory.mktemp("place")
    (tmp_path / "schema.json").write_text(json.dumps(SCHEMA))
    (tmp_path / "invoice.txt").write_text(INVOICE)
    place = Place(tmp_path)
    made = place(("add", "invoice.txt"), ("schema", "set", "schema.json"))
    assert [ran.code for ran in made] == [0, 0]
    return place


@pytest.mark.requirement("INPUT-10")
def test_no_bad_schema_file_is_taken(place: Place) -> None:
    for number, content in enumerate(SCHEMAS.values()):
        (place.folder / f"{number}.json").write_bytes(content)

    found = place.unmoved(
        {name: ("schema", "set", f"{number}.json") for number, name in enumerate(SCHEMAS)}
    )

    assert found == {}


@pytest.mark.requirement("INPUT-10")
def test_no_bad_policy_or_instructions_are_taken(place: Place) -> None:
    files = {
        "nan.json": b'{"min_confidence": NaN}',
        "twice.json": b'{"evidence": "off", "evidence": "require"}',
        "nul.txt": b"Take the total.\0",
        "bytes.txt": b"\xff\xfe",
    }
    for name, content in files.items():
        (place.folder / name).write_bytes(content)

    found = place.unmoved(
        {
            name: (*given, "--policy" if name.endswith("json") else "--instructions", name)
            for name in files
            for given in [("schema", "set", "schema.json")]
        }
    )

    assert found == {}


@pytest.mark.requirement("INPUT-10")
def test_names_that_act_on_a_terminal_or_are_no_text_are_refused_in_words(place: Place) -> None:
    odd = ["x\x1b[31m\n/../y", BYTE, "x" * 5_000, "</untrusted-0>"]

    found = place.unmoved(
        {
            f"{what} {name[:20]!a}": command
            for name in odd
            for what, command in {
                "a file": ("add", f"{name}.txt"),
                "a schema": ("schema", "set", f"{name}.json"),
                "a stack": ("schema", "show", "--stack", name),
                "a document": ("history", name),
                "an export": ("export", "--format", "csv", "--output", f"{name}/x.csv"),
            }.items()
        }
    )

    assert found == {}


@pytest.mark.requirement("INPUT-10")
def test_files_with_odd_names_are_listed_and_exported_fit_for_a_terminal(place: Place) -> None:
    names = ["a\nb\x1b[31m.txt", f"c{BYTE}.txt", "=d\u202egnp.txt", "<untrusted-0>.txt"]
    for number, name in enumerate(names):
        (place.folder / name).write_text(f"paper {number}")

    added, exported, written = place(
        ("add", *names),
        ("export", "--format", "csv"),
        ("export", "--format", "json", "--output", "out\x1b[31m.json"),
    )

    assert (added.code, exported.code, written.code) == (0, 0, 0)
    assert len(added.rows) == len(names)
    for text in (added.out, exported.out):
        assert re.sub(r"[\r\n\t]", "", text).isprintable(), ascii(text)
    assert len(exported.rows) == 1 + 1 + len(names)
    assert ",=d" not in exported.out
