"""Options that are settings, for several commands, and the settings that come of them."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from stackdocs_mcp.settings import Settings

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


def setting(name: str, text: str, **rest: Any) -> Callable[[Decorated], Decorated]:
    """An option of a setting; left out, the setting's own variable or default counts."""
    option = name.replace("_", "-")
    return click.option(f"--{option}", help=f"{text}  [env: STACKDOCS_{name.upper()}]", **rest)


_COMMON = (
    setting("stack", "The stack to work on; 'default' when left out.", metavar="NAME"),
    setting(
        "data_dir",
        "Where stacks and documents are kept; on Supabase: files in use and the token key.",
        metavar="DIR",
    ),
    setting("supabase_url", "Keep everything in this Supabase project.", metavar="URL"),
    setting("supabase_publishable_key", "Its publishable (or anon) key.", metavar="KEY"),
    setting("log_level", "debug, info, warning or error.", metavar="LEVEL"),
    setting("log_format", "text, or json: an object a line.", metavar="FORM"),
)

_OCR = (
    setting(
        "ocr",
        "local or mistral; auto, always or never recognise pages; or both: mistral,auto.",
        metavar="CHOICE",
    ),
    setting("languages", "Languages that documents are in, a hint: de,en.", metavar="CODES"),
    setting("password_file", "A password a line, tried on encrypted PDFs.", metavar="FILE"),
    setting("mistral_url", "Another address for Mistral OCR.", metavar="URL"),
    setting("ocr_workers", "Processes that recognise scans, 1 to 16.", metavar="N"),
)


_PLACE = (
    setting("host", "Listen on this address.", metavar="ADDRESS"),
    setting("port", "Listen on this port.", metavar="N"),
    setting("public_url", "The address that clients know the server by.", metavar="URL"),
)

_HTTP = (
    setting("auth_issuer", "The OpenID provider whose tokens are taken.", metavar="URL"),
    setting("auth_profile", "Its kind: oidc, supabase or clerk.", metavar="NAME"),
    setting("auth_audience", "Taken besides the address of a stack.", metavar="A,B"),
    setting("auth_algorithms", "What it signs with: ES256, RS256, EdDSA, Ed25519.", metavar="A,B"),
    setting("auth_authorized_parties", "Clients that tokens may be issued to.", metavar="A,B"),
    setting("auth_scopes", "token: rights are its scopes; all: if it has none.", metavar="NAME"),
    setting("auth_token_type", "at+jwt, or jwt to take plain ones too.", metavar="TYPE"),
    setting("auth_max_lifetime", "Seconds that a token may be good for.", metavar="N"),
    setting("auth_assurance", "aal1 or aal2 (Supabase): how users signed in.", metavar="LEVEL"),
    setting("auth_organization", "The organization users act for (Clerk).", metavar="ID"),
    setting("allowed_origins", "Web pages that may call, separated by commas.", metavar="A,B"),
    setting("rate_per_second", "Requests of a user for each second.", metavar="N"),
    setting("rate_burst", "Requests that a user may save up.", metavar="N"),
    setting("refusals_per_second", "Refusals to callers without a token.", metavar="N"),
    setting("otel", "on: send spans, as OTEL_* variables say.", metavar="off|on"),
    setting("calls_at_once", "Calls of a user served at the same time.", metavar="N"),
    setting("quota_documents", "Documents a user may add in a month.", metavar="N"),
    setting("quota_pages", "Pages of a user that are read in a month.", metavar="N"),
    setting("quota_ocr_pages", "Pages of a user that are recognised in a month.", metavar="N"),
)


def common(command: Decorated) -> Decorated:
    return _with(_COMMON, command)


def of_all_stacks(command: Decorated) -> Decorated:
    """The options of commands that work on no stack in particular."""
    return _with(_COMMON[1:], command)


def reading(command: Decorated) -> Decorated:
    """The options of commands that read documents."""
    return _with(_OCR, command)


def addressed(command: Decorated) -> Decorated:
    """The options that say where a server over HTTP is."""
    return _with(_PLACE, command)


def over_http(command: Decorated) -> Decorated:
    """The options of serving over HTTP."""
    return _with((*_PLACE, *_HTTP), command)


def _with(options: tuple[Callable[[Decorated], Decorated], ...], command: Decorated) -> Decorated:
    for option in reversed(options):
        command = option(command)
    return command


def given() -> dict[str, Any]:
    """The settings given to the command or to the groups before it; the command's own first."""
    from stackdocs_mcp.project_choices import UNOFFERED
    from stackdocs_mcp.settings import NAMES

    names = {*NAMES, "folder"}.difference(UNOFFERED)  # what a command calls so is something else
    found: dict[str, Any] = {}
    context = click.get_current_context(silent=True)
    while context is not None:
        for name in names:
            value = context.params.get(name)
            if value not in (None, (), False):
                found.setdefault(name, value)
        context = context.parent
    return found


def settings_of(*, on_this_machine: bool = False) -> "Settings":
    """The settings of this process, read once, and the logs set up by them. Raises BadSettings.

    ``on_this_machine`` is without those of a Supabase project, however wrong they are.
    """
    import os

    from stackdocs_mcp import logs
    from stackdocs_mcp.project_choices import OF_PROJECT, names_project
    from stackdocs_mcp.settings import SECRETS, load

    chosen, around = given(), dict(os.environ)
    if on_this_machine:
        chosen = {name: value for name, value in chosen.items() if name not in OF_PROJECT}
        around = {name: value for name, value in around.items() if not names_project(name)}
    settings = load(chosen, around)
    for name in SECRETS:
        os.environ.pop(name, None)  # or processes that see documents would inherit it
    logs.configure(settings.log_level, settings.log_format)
    return settings
