"""Settings of tokens: what can be written, and what is said of what cannot."""

import subprocess
import sys

import pytest

from stackdocs_mcp.server.verifying import provider_of
from stackdocs_mcp.settings import BadSettings, load

ISSUER = "https://login.example/tenant/"
WITH = {"STACKDOCS_AUTH_ISSUER": ISSUER}


@pytest.mark.requirement("AUTH-19")
def test_settings_become_what_is_taken_of_a_provider_to_the_letter() -> None:
    settings = load(
        {},
        {
            "STACKDOCS_AUTH_ISSUER": ISSUER,
            "STACKDOCS_AUTH_PROFILE": "clerk",
            "STACKDOCS_AUTH_AUDIENCE": "https://a.example/, urn:b",
            "STACKDOCS_AUTH_ALGORITHMS": "ES256, PS256",
            "STACKDOCS_AUTH_AUTHORIZED_PARTIES": "client_1",
            "STACKDOCS_AUTH_SCOPES": "all",
            "STACKDOCS_AUTH_TOKEN_TYPE": "jwt",
            "STACKDOCS_AUTH_MAX_LIFETIME": "3600",
            "STACKDOCS_AUTH_ORGANIZATION": "org_1",
        },
    )

    found = provider_of(settings, ISSUER)

    assert settings.auth_issuer == ISSUER
    assert found.audiences == {"https://a.example/", "urn:b"}
    assert found.algorithms == {"ES256", "PS256"}
    assert found.authorized_parties == {"client_1"}
    assert (found.profile, found.scopes, found.token_type) == ("clerk", "all", "jwt")
    assert (found.max_lifetime, found.organization) == (3_600, "org_1")


@pytest.mark.requirement("AUTH-19")
@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("issuer", "http://login.example", "begins with https://"),
        ("issuer", "http://127.0.0.1.example", "begins with https://"),
        ("issuer", "https://me:secret@login.example", "begins with https://"),
        ("issuer", "https://login.example?a", "begins with https://"),
        ("issuer", "https://login.example/#", "begins with https://"),
        ("issuer", "https://login.example /", "begins with https://"),
        ("issuer", "https://[::1", "begins with https://"),
        ("issuer", "login.example", "begins with https://"),
        ("issuer", "urn:stackdocs:local", "begins with https://"),
        ("profile", "auth0", "'oidc', 'supabase' or 'clerk'"),
        ("algorithms", "HS256", "ES256 or RS256"),
        ("algorithms", "ES256,hs512", "ES256 or RS256"),
        ("algorithms", "none", "must be some of RS256"),
        ("algorithms", "es256", "must be some of RS256"),
        ("algorithms", "ES256,", "must be some of RS256"),
        ("audience", "a,,b", "names with commas"),
        ("audience", "a b", "names with commas"),
        ("audience", ",".join(map(str, range(51))), "at most 50"),
        ("authorized_parties", "a,", "names with commas"),
        ("scopes", "some", "'token' or 'all'"),
        ("token_type", "id", "'at+jwt' or 'jwt'"),
        ("max_lifetime", "59", "greater than or equal to 60"),
        ("max_lifetime", "99999999", "less than or equal to"),
        ("assurance", "aal3", "'aal1' or 'aal2'"),
        ("organization", "a b", "one name"),
    ],
)
def test_a_setting_that_cannot_work_is_one_line_that_names_it(
    name: str, text: str, said: str
) -> None:
    with pytest.raises(BadSettings) as refused:
        load({}, {**WITH, f"STACKDOCS_AUTH_{name.upper()}": text})

    (problem,) = refused.value.problems
    option = f"--auth-{name.replace('_', '-')}"
    assert problem.startswith(f"STACKDOCS_AUTH_{name.upper()} ({option}): ")
    assert said in problem
    assert "secret" not in problem


@pytest.mark.requirement("AUTH-19")
@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"PROFILE": "supabase"}, ["PROFILE (--auth-profile): says how"]),
        (
            {"ALGORITHMS": "ES256", "SCOPES": "all"},
            ["ALGORITHMS (--auth-algorithms): says how", "SCOPES (--auth-scopes): says how"],
        ),
        (
            {"PROFILE": "supabase", "ISSUER": "https://a.supabase.co"},
            ["ISSUER (--auth-issuer): must end with /auth/v1"],
        ),
        (
            {"ASSURANCE": "aal2", "ISSUER": "https://a.example"},
            ["ASSURANCE (--auth-assurance): is for the tokens of supabase"],
        ),
        (
            {"ORGANIZATION": "o", "ISSUER": "https://a.example"},
            ["ORGANIZATION (--auth-organization): is for the tokens of clerk"],
        ),
    ],
)
def test_settings_that_do_not_go_together_are_a_line_each(
    given: dict[str, str], said: list[str]
) -> None:
    with pytest.raises(BadSettings) as refused:
        load({}, {f"STACKDOCS_AUTH_{name}": text for name, text in given.items()})

    found = refused.value.problems
    assert len(found) == len(said)
    for problem, start in zip(found, said, strict=True):
        assert problem.startswith(f"STACKDOCS_AUTH_{start}")


@pytest.mark.requirement("AUTH-19")
def test_supabase_is_two_settings() -> None:
    issuer = "https://abc.supabase.co/auth/v1"
    settings = load({"auth_issuer": issuer, "auth_profile": "supabase"}, {})

    found = provider_of(settings, issuer)

    assert found.extra_audiences == {"authenticated"}
    assert found.key_address == f"{issuer}/.well-known/jwks.json"


@pytest.mark.requirement("AUTH-23")
def test_reading_the_settings_loads_no_cryptography_and_no_client() -> None:
    code = (
        "import sys; from stackdocs_mcp.settings import load; "
        "load({}, {'STACKDOCS_AUTH_ISSUER': 'https://a.example'}); "
        "print(sorted({'jwt', 'cryptography', 'httpx2', 'mcp', 'uvicorn'} & set(sys.modules)))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )

    assert ran.stdout.strip() == "[]"
