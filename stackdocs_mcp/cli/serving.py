"""What is checked before a server starts."""

from urllib.parse import urlsplit

from stackdocs_mcp import loopback
from stackdocs_mcp.settings import BadSettings, Settings


def check_toolset(settings: Settings) -> None:
    """Raise BadSettings for a tool that there is not, with all that there are."""
    if settings.toolset is None:
        return

    from stackdocs_mcp.tools import TOOLS  # noqa: PLC0415  costs what serving costs

    unknown = sorted(settings.toolset - set(TOOLS))
    if unknown:
        named = ", ".join(map(repr, unknown))
        raise BadSettings(
            [f"STACKDOCS_TOOLSET (--toolset): no tool {named}; the tools are {', '.join(TOOLS)}"]
        )


def check_all_stacks(settings: Settings, *, named: bool) -> None:
    """Raise BadSettings for what chooses one stack: a folder, or --stack (``named``) as an option.

    The variable of --stack may be there for other commands.
    """
    if settings.folder is not None:
        raise BadSettings(["serve: --http serves all stacks; add a folder's files with `add`"])
    if named:
        problem = (
            "serve: --http serves all stacks, so there is no --stack with it; a token is for one "
            "stack: `stackdocs-mcp token --stack NAME`"
        )
        raise BadSettings([problem])


def check_queue(settings: Settings) -> None:
    """Raise BadSettings where documents wait in no queue."""
    if not settings.is_on_supabase:
        problem = (
            "worker: a data directory has no queue; its documents are read by `serve`, `add` and "
            "`retry` themselves. For those of a Supabase project set STACKDOCS_SUPABASE_URL"
        )
        raise BadSettings([problem])


def check_http(settings: Settings) -> None:
    """Raise BadSettings for an address that must not be served like this.

    Off this machine whoever listens on the network could read a token that is sent in the clear,
    and the built-in issuer knows the users of this machine alone. A public address elsewhere is
    one that a proxy brings here.
    """
    if settings.host in loopback.HOSTS:
        if settings.auth_issuer is None and not _is_here(settings.public_url):
            problem = (
                "STACKDOCS_PUBLIC_URL (--public-url): another address than this machine's needs "
                "an identity provider; set STACKDOCS_AUTH_ISSUER, or leave it out"
            )
            raise BadSettings([problem])
        return
    problems = []
    if settings.auth_issuer is None:
        problems.append(
            "STACKDOCS_HOST (--host): another address than 127.0.0.1 needs an identity provider; "
            "set STACKDOCS_AUTH_ISSUER, or listen on 127.0.0.1"
        )
    if settings.public_url is None:
        problems.append(
            "STACKDOCS_PUBLIC_URL (--public-url): not set, and needed with another address than "
            "127.0.0.1: the https:// address that clients use"
        )
    if problems:
        raise BadSettings(problems)


def _is_here(address: str | None) -> bool:
    return address is None or urlsplit(address).hostname in loopback.HOSTS
