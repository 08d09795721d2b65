"""How a Supabase project is set, and what is said where it is not set well."""

import base64
import json
import subprocess
import sys

import pytest

from stackdocs_mcp.settings import SECRETS, BadSettings, Settings, load
from tests.cli.shell import environment
from tests.supabase.gateway import PUBLISHABLE
from tests.supabase.rig import new_key

URL = "https://abcdefghijklmnop.supabase.co"
KEY = json.dumps(new_key("settings-1"))
PROJECT = {
    "STACKDOCS_SUPABASE_URL": URL,
    "STACKDOCS_SUPABASE_PUBLISHABLE_KEY": PUBLISHABLE,
    "STACKDOCS_SUPABASE_SIGNING_KEY": KEY,
}


def legacy(role: str) -> str:
    """A key of the older kind, which is a token."""
    parts = ({"alg": "HS256"}, {"iss": "supabase", "role": role})
    head, claims = (base64.urlsafe_b64encode(json.dumps(one).encode()).decode() for one in parts)
    return f"{head}.{claims}.signature".replace("=", "")


def problems(changed: dict[str, str | None]) -> list[str]:
    around = {name: value for name, value in (PROJECT | changed).items() if value is not None}
    with pytest.raises(BadSettings) as refused:
        load({}, around)
    return refused.value.problems


@pytest.mark.requirement("PGW-01")
def test_a_project_needs_its_address_and_two_keys() -> None:
    settings = load({}, PROJECT | {"STACKDOCS_SUPABASE_URL": f"{URL}/"})

    assert settings.is_on_supabase
    assert settings.supabase_url == URL
    assert not load({}, {}).is_on_supabase


@pytest.mark.requirement("PGW-01")
def test_all_that_is_missing_is_said_at_once() -> None:
    said = problems(
        {"STACKDOCS_SUPABASE_PUBLISHABLE_KEY": None, "STACKDOCS_SUPABASE_SIGNING_KEY": None}
    )

    assert len(said) == 2
    assert said[0].startswith(
        "STACKDOCS_SUPABASE_PUBLISHABLE_KEY (--supabase-publishable-key): not set, and needed with"
    )
    assert said[1].startswith("STACKDOCS_SUPABASE_SIGNING_KEY: not set, and needed with")


@pytest.mark.requirement("PGW-01")
@pytest.mark.parametrize("left", [name for name in PROJECT if not name.endswith("_URL")])
def test_a_key_without_an_address_is_no_quiet_choice_of_this_machine(left: str) -> None:
    with pytest.raises(BadSettings) as refused:
        load({}, {left: PROJECT[left]})

    (problem,) = refused.value.problems
    assert problem.startswith("STACKDOCS_SUPABASE_URL (--supabase-url): not set, and other")


@pytest.mark.requirement("PGW-01")
@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("SUPABASE_URL", "http://abcdefghijklmnop.supabase.co", "begins with https://"),
        ("SUPABASE_URL", "abcdefghijklmnop", "begins with https://"),
        ("SUPABASE_URL", "https://me:secret@abcdefghijklmnop.supabase.co", "begins with https://"),
        ("SUPABASE_SIGNING_KEY", "canary", "is not JSON"),
        ("SUPABASE_SIGNING_KEY", '"canary"', "is not an EC key on the curve P-256"),
        ("SUPABASE_SIGNING_KEY", KEY.replace("P-256", "P-384"), "is not an EC key on the curve"),
        ("SUPABASE_SIGNING_KEY", KEY.replace('"d"', '"canary"'), "is a public key"),
        ("SUPABASE_SIGNING_KEY", KEY.replace('"kid"', '"canary"'), "has no 'kid'"),
        ("SUPABASE_SIGNING_KEY", KEY.replace('"d": "', '"d": "!canary'), "is damaged"),
        ("SUPABASE_DB_URL", "abc.supabase.co:5432/canary", "postgresql://"),
        ("SUPABASE_DB_URL", "mysql://canary@localhost/x", "postgresql://"),
        ("SUPABASE_DB_URL", "postgresql://canary@localhost:port/x", "postgresql://"),
        ("SUPABASE_PUBLISHABLE_KEY", "canary canary", "is not a key"),
        ("SUPABASE_PUBLISHABLE_KEY", "canary\n2", "is not a key"),
        ("SUPABASE_PUBLISHABLE_KEY", KEY, "belongs into STACKDOCS_SUPABASE_SIGNING_KEY"),
        ("SUPABASE_PUBLISHABLE_KEY", legacy("authenticated"), "is a token of a user or role"),
    ],
)
def test_what_is_malformed_is_named_and_not_repeated(name: str, value: str, why: str) -> None:
    (problem,) = problems({f"STACKDOCS_{name}": value})

    assert problem.startswith(f"STACKDOCS_{name}")
    assert why in problem
    assert "canary" not in problem
    assert "secret" not in problem


@pytest.mark.requirement("PGW-01")
@pytest.mark.parametrize("address", ["http://127.0.0.1:54321", "http://localhost:54321"])
def test_a_project_on_this_machine_needs_no_https(address: str) -> None:
    assert load({"supabase_url": address}, PROJECT).supabase_url == address


@pytest.mark.requirement("PGW-02")
@pytest.mark.parametrize(
    ("key", "called"),
    [("sb_secret_canary", "a secret key"), (legacy("service_role"), "the service_role key")],
)
def test_a_key_that_passes_the_rules_by_is_refused_by_name(key: str, called: str) -> None:
    (problem,) = problems({"STACKDOCS_SUPABASE_PUBLISHABLE_KEY": key})

    assert called in problem
    assert "passes row-level security by" in problem
    assert key not in problem
    assert problems({"STACKDOCS_SUPABASE_SIGNING_KEY": key})[0].endswith("--algorithm ES256`")


@pytest.mark.requirement("PGW-02")
def test_the_older_publishable_key_is_taken() -> None:
    assert load({"supabase_publishable_key": legacy("anon")}, PROJECT).is_on_supabase


@pytest.mark.requirement("PGW-03")
def test_secrets_of_a_project_are_no_options() -> None:
    options = subprocess.run(
        [sys.executable, "-m", "stackdocs_mcp", "serve", "--help"],
        capture_output=True, text=True, check=True, env=environment(),
    ).stdout  # fmt: skip

    assert "--supabase-url" in options
    assert "--supabase-signing-key" not in options
    assert "--supabase-db-url" not in options


@pytest.mark.requirement("PGW-03")
def test_a_process_that_is_started_inherits_no_secret_and_no_text_shows_one() -> None:
    program = (
        "import os\nfrom stackdocs_mcp.cli.options import settings_of\n"
        "settings = settings_of()\nassert settings.is_on_supabase\n"
        f"assert not [name for name in {SECRETS!r} if name in os.environ]\nprint(repr(settings))"
    )
    secret = {"STACKDOCS_SUPABASE_DB_URL": "postgresql://u:canary@localhost/postgres"}

    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True, text=True, check=False, env=environment(PROJECT | secret),
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    assert "canary" not in done.stdout
    assert json.loads(KEY)["d"] not in done.stdout


@pytest.mark.requirement("PGW-03")
def test_settings_written_as_json_show_no_secret() -> None:
    settings = load({}, PROJECT)

    assert json.loads(KEY)["d"] not in settings.model_dump_json()
    assert {"supabase_signing_key", "supabase_db_url"} <= set(Settings.model_fields)
