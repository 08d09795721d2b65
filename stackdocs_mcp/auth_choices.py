"""Whose tokens are taken, as a person writes it: an issuer, algorithms, names with commas.

Each validator raises an error that pydantic words as ours: it says what can be written.
"""

from collections.abc import Iterable
from typing import Any, Literal, Protocol

from pydantic_core import PydanticCustomError

from stackdocs_mcp.auth.providers import ALGORITHMS, SUPABASE_PATH, ProfileName, is_fit

MAX_NAMES = 50
MAX_NAME = 512


class Chosen(Protocol):
    """The settings that this is about."""

    @property
    def auth_issuer(self) -> str | None: ...
    @property
    def auth_profile(self) -> ProfileName: ...
    @property
    def model_fields_set(self) -> set[str]: ...


def issuer(value: str | None) -> str | None:
    """An issuer as its tokens write it: to the letter, also with a slash at the end."""
    if value is None or is_fit(value):
        return value
    raise PydanticCustomError(
        "issuer",
        "must be the provider's issuer, an address that begins with https:// (or "
        "http://localhost) and has no query",
    )


def algorithms(value: Any) -> Any:
    """Names of signature algorithms with commas between them; case counts (RFC 7518)."""
    if not isinstance(value, str):
        return value
    found = [one.strip() for one in value.split(",")]
    shared = [one for one in found if one.upper().startswith("HS")]
    if shared:
        raise PydanticCustomError(
            "algorithms",
            "cannot have HS256 and its kind: whoever can check such a token can also make one; "
            "let the provider sign with ES256 or RS256",
        )
    if not set(found) <= set(ALGORITHMS):
        raise PydanticCustomError(
            "algorithms", f"must be some of {', '.join(ALGORITHMS)}, with commas between them"
        )
    return found


def names(value: Any) -> Any:
    """Audiences or clients with commas between them, to the letter."""
    if not isinstance(value, str):
        return value
    found = [one.strip() for one in value.split(",")]
    if len(found) > MAX_NAMES or not all(map(_is_name, found)):
        raise PydanticCustomError(
            "names", f"must be at most {MAX_NAMES} names with commas between them"
        )
    return found


def name(value: str | None) -> str | None:
    """One name, to the letter."""
    if value is None or _is_name(value):
        return value
    raise PydanticCustomError("name", "must be one name without spaces")


def problems(chosen: Chosen) -> Iterable[tuple[str, str]]:
    """Settings that do not go together: which of them, and why."""
    said = {one for one in chosen.model_fields_set if one.startswith("auth_")}
    if chosen.auth_issuer is None:
        for one in sorted(said - {"auth_issuer"}):
            yield one, "says how a provider's tokens are taken; set STACKDOCS_AUTH_ISSUER as well"
        return
    if chosen.auth_profile == "supabase" and not chosen.auth_issuer.endswith(SUPABASE_PATH):
        yield "auth_issuer", f"must end with {SUPABASE_PATH}, as in the tokens of Supabase"
    for one, profile in _OF_PROFILE:
        if one in said and chosen.auth_profile != profile:
            yield one, f"is for the tokens of {profile}; set STACKDOCS_AUTH_PROFILE to {profile}"


_OF_PROFILE: tuple[tuple[str, Literal["supabase", "clerk"]], ...] = (
    ("auth_assurance", "supabase"),
    ("auth_organization", "clerk"),
)


def _is_name(text: str) -> bool:
    return 0 < len(text) <= MAX_NAME and text.isprintable() and " " not in text
