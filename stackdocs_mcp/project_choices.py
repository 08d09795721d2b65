"""Which Supabase project holds the data, as a person writes it: an address and the keys to it.

No sentence here repeats a value: what was given in the wrong place may be a secret.
"""

import base64
import binascii
import json
from collections.abc import Iterable, Mapping
from typing import Protocol
from urllib.parse import urlsplit

from pydantic import SecretStr

SIGNING_KEY = "supabase_signing_key"
DB_URL = "supabase_db_url"
SECRETS = (SIGNING_KEY, DB_URL)
"""Never options: what is on a command line is shown to everybody by ``ps``."""
UNOFFERED = (*SECRETS, "user")
"""Variables alone; ``token`` has an option --user of another meaning."""
OF_PROJECT = ("supabase_url", "supabase_publishable_key", "user", *SECRETS)
MAX_KEY = 4_096
_VARIABLES = ("STACKDOCS_SUPABASE_", "STACKDOCS_USER")
_SCHEMES = frozenset({"postgres", "postgresql"})


class Chosen(Protocol):
    """The settings that this is about."""

    @property
    def supabase_url(self) -> str | None: ...
    @property
    def supabase_publishable_key(self) -> str | None: ...
    @property
    def supabase_signing_key(self) -> SecretStr | None: ...
    @property
    def supabase_db_url(self) -> SecretStr | None: ...
    @property
    def user(self) -> str | None: ...


def names_project(variable: str) -> bool:
    """The variable is a setting of a project, or would be one."""
    return variable.startswith(_VARIABLES)


def problems(chosen: Chosen) -> Iterable[tuple[str, str]]:
    """What is missing or malformed of a project: each setting at most once, and why."""
    yield from _missing(chosen)
    yield from _of_user(chosen)
    key = chosen.supabase_publishable_key
    if key is not None and (why := _not_publishable(key)):
        yield "supabase_publishable_key", why
    if chosen.supabase_signing_key is not None:
        yield from _of_signing_key(chosen.supabase_signing_key.get_secret_value())
    if chosen.supabase_db_url is not None:
        yield from _of_db_url(chosen.supabase_db_url.get_secret_value())


def _missing(chosen: Chosen) -> Iterable[tuple[str, str]]:
    """The address of a project's database may be there alone: `migrate` needs nothing else."""
    keys = {
        "supabase_publishable_key": chosen.supabase_publishable_key,
        SIGNING_KEY: chosen.supabase_signing_key,
    }
    if chosen.supabase_url is None:
        if any(key is not None for key in keys.values()):
            yield "supabase_url", _NO_ADDRESS
        return

    for name, what in _NEEDED.items():
        if keys[name] is None:
            yield name, f"not set, and needed with STACKDOCS_SUPABASE_URL: {what}"


def _of_user(chosen: Chosen) -> Iterable[tuple[str, str]]:
    if chosen.user is None:
        return
    if chosen.supabase_url is None:
        yield "user", "is only for a Supabase project: on this machine you are your account"
    elif not chosen.user.isprintable():
        yield "user", "has a character that cannot be shown"


_NO_ADDRESS = (
    "not set, and other settings of a Supabase project are; set it to the project's address, "
    "https://REF.supabase.co, or leave those out to keep data on this machine"
)
_NEEDED: Mapping[str, str] = {
    "supabase_publishable_key": "the publishable (or anon) key of the project's API settings",
    SIGNING_KEY: (
        "a private ES256 key as JSON, as `supabase gen signing-key --algorithm ES256` prints one; "
        "import it into the project as well"
    ),
}


def _not_publishable(key: str) -> str | None:
    """Why this is no key that everybody may see, and what to give instead; None where it is one."""
    if key.startswith("sb_secret_"):
        return _TOO_MUCH.format("a secret key (sb_secret_...)")
    role = _role(key)
    if role == "service_role":
        return _TOO_MUCH.format("the service_role key")
    if role is not None and role != "anon":
        return "is a token of a user or role, and not the project's publishable or anon key"
    if key.startswith("{"):
        return "is JSON; the signing key belongs into STACKDOCS_SUPABASE_SIGNING_KEY"
    if not (0 < len(key) <= MAX_KEY and key.isascii() and key.isprintable()) or " " in key:
        return "is not a key; copy it again from the project's API settings"
    return None


_TOO_MUCH = (
    "is {}, which passes row-level security by; no such key is ever used here: give the "
    "publishable (or anon) key, and replace the other one where it may have been seen"
)


def _role(key: str) -> str | None:
    """The role that a token of the older kind is for; "" where it has none. None for no token."""
    parts = key.split(".")
    if len(parts) != 3:
        return None
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, binascii.Error):
        return None
    return str(claims.get("role", "")) if isinstance(claims, dict) else None


def _of_signing_key(text: str) -> Iterable[tuple[str, str]]:
    from stackdocs_mcp.stores.supabase.project import (  # noqa: PLC0415  only where one is set
        BadSigningKey,
        SigningKey,
    )

    try:
        SigningKey(text)
    except BadSigningKey as error:
        yield SIGNING_KEY, f"{error}; see `supabase gen signing-key --algorithm ES256`"


def _of_db_url(text: str) -> Iterable[tuple[str, str]]:
    try:
        parts = urlsplit(text)
        host, _port = parts.hostname, parts.port
    except ValueError:
        host = None
    else:
        if host and parts.scheme in _SCHEMES:
            return
    yield DB_URL, "must be the connection string of the project's database, postgresql://..."
