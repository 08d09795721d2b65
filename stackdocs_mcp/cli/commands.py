"""What can be typed. Each command reads its options and hands over to a module of its own."""

from collections.abc import Callable
from typing import IO, TYPE_CHECKING, Any, TypeVar

import click

from stackdocs_mcp import __version__

if TYPE_CHECKING:
    from stackdocs_mcp.settings import Settings

Decorated = TypeVar("Decorated", bound=Callable[..., Any])

FORMATS = ("csv", "json", "jsonl")
_HELP = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


def _setting(name: str, text: str, **rest: Any) -> Callable[[Decorated], Decorated]:
    """An option of a setting; left out, the setting's own variable or default counts."""
    option = name.replace("_", "-")
    return click.option(f"--{option}", help=f"{text}  [env: STACKDOCS_{name.upper()}]", **rest)


_COMMON = (
    _setting("stack", "The stack to work on; 'default' when left out.", metavar="NAME"),
    _setting("data_dir", "Where stacks and documents are kept.", metavar="DIR"),
    _setting("log_level", "debug, info, warning or error.", metavar="LEVEL"),
)


def _common(command: Decorated) -> Decorated:
    for option in reversed(_COMMON):
        command = option(command)
    return command


@click.group(context_settings=_HELP, invoke_without_command=True)
@_common
@click.version_option(__version__, "-V", "--version", message="%(prog)s %(version)s")
def cli(**_settings: str | None) -> int | None:
    """Turn any MCP client into a document-extraction pipeline people can trust.

    Without a command, serve the stack over standard input and output, for an MCP client that
    starts this program. `stackdocs-mcp demo` shows everything at work and needs nothing.

    Exit codes: 0 done, 1 failed, 2 usage or configuration.
    """
    context = click.get_current_context()
    if context.invoked_subcommand is not None:
        return None
    return int(context.invoke(serve))


@cli.command(short_help="Serve one stack to an MCP client over standard input and output.")
@click.argument("folder", required=False)
@_common
@_setting(
    "allow",
    "Clients may add documents from this folder; may be given several times "
    "(in the variable: separated as in PATH).",
    metavar="DIR",
    multiple=True,
)
@_setting("export_dir", "Where exports are written.", metavar="DIR")
@_setting("toolset", "Offer these tools alone, separated by commas.", metavar="A,B")
@_setting("read_only", "Offer only tools that change nothing.", is_flag=True)
@_setting("ocr_workers", "Processes that recognise scans, 1 to 16.", metavar="N")
@_setting("max_file_mb", "Largest file that is taken in, in megabytes.", metavar="N")
def serve(**_settings: Any) -> int:
    """Serve one stack to one MCP client over standard input and output.

    With a FOLDER, its files are the stack: new and changed ones are picked up, and nothing in the
    folder is written to. Without, the stack named by --stack is served from the data directory.
    """
    import gc

    gc.disable()  # starting makes thousands of classes that all stay: there is no garbage to find
    settings = _settings_of()

    from stackdocs_mcp.cli.barrier import run
    from stackdocs_mcp.cli.serving import check_toolset

    check_toolset(settings)

    from stackdocs_mcp.server.local import serve_stdio

    gc.freeze()
    gc.enable()
    run(lambda: serve_stdio(settings))
    return 0


@cli.command(short_help="Add files and folders to the stack, and read them.")
@click.argument("paths", metavar="PATH...", nargs=-1, required=True)
@_common
@_setting("ocr_workers", "Processes that recognise scans, 1 to 16.", metavar="N")
@_setting("max_file_mb", "Largest file that is taken in, in megabytes.", metavar="N")
def add(paths: tuple[str, ...], **_settings: str | None) -> int:
    """Add files, and all supported files of folders, to the stack, and read them.

    Prints a line for each document: id, status, pages and file name, separated by tabs. The same
    bytes are one document, and nothing is read twice; failed documents are tried again.
    """
    settings = _settings_of()

    from stackdocs_mcp.cli.adding import add as work
    from stackdocs_mcp.cli.barrier import run

    return run(lambda: work(settings, paths))


@cli.command()
@_common
def stacks(**_settings: str | None) -> int:
    """List the stacks with their documents by status."""
    settings = _settings_of()

    from stackdocs_mcp.cli.barrier import run
    from stackdocs_mcp.cli.stacks import list_stacks

    return run(lambda: list_stacks(settings))


@cli.group()
@_common
def schema(**_settings: str | None) -> None:
    """Show or set what is to be extracted from the stack's documents."""


@schema.command("set", short_help="Set the stack's schema, instructions and policy.")
@click.argument("file", type=click.File("rb"))
@click.option(
    "--instructions",
    type=click.File("rb"),
    metavar="FILE",
    help="A text for whoever extracts: what to look for, and where.",
)
@click.option(
    "--policy", type=click.File("rb"), metavar="FILE", help="The stack's policy, a JSON object."
)
@click.option(
    "--evidence",
    type=click.Choice(["require", "warn", "off"]),
    help="Change this in the stack's policy: whether every value needs a place on a page.",
)
@_common
def schema_set(
    file: IO[bytes],
    instructions: IO[bytes] | None,
    policy: IO[bytes] | None,
    evidence: str | None,
    **_settings: str | None,
) -> int:
    """Set the stack's schema to the JSON Schema (2020-12) in FILE, or - for standard input.

    What `schema show` prints is taken as well, with its instructions and policy. Fields that are
    set stay as they are.
    """
    if policy is not None and evidence is not None:
        raise click.UsageError("give --policy or --evidence, not both")

    settings = _settings_of()

    from stackdocs_mcp.cli.barrier import run
    from stackdocs_mcp.cli.schemas import read_given, set_schema

    given = read_given(file, instructions, policy, evidence)
    return run(lambda: set_schema(settings, given))


@schema.command("show")
@_common
def schema_show(**_settings: str | None) -> int:
    """Print the stack's schema, instructions and policy as JSON."""
    settings = _settings_of()

    from stackdocs_mcp.cli.barrier import run
    from stackdocs_mcp.cli.schemas import show_schema

    return run(lambda: show_schema(settings))


@cli.command(short_help="Print the stack's fields as CSV or JSON, or write files.")
@click.option(
    "--format",
    "format_",
    type=click.Choice(FORMATS),
    required=True,
    help="csv: a row for each document, and a table of its own for each list.",
)
@click.option("--evidence", is_flag=True, help="With verdict, page, lines and quote of each value.")
@click.option(
    "--output",
    metavar="FILE",
    help="Write to FILE, and lists to FILE's name with the list's name in it.",
)
@_common
def export(
    format_: str,
    evidence: bool,
    output: str | None,
    **_settings: str | None,
) -> int:
    """Print the fields of all documents of the stack, or write them to files."""
    settings = _settings_of()

    from stackdocs_mcp.cli.barrier import run
    from stackdocs_mcp.cli.exports import export as work

    return run(lambda: work(settings, format_, evidence=evidence, output=output))


@cli.command(short_help="Show who changed what, newest first.")
@click.argument("document", required=False)
@_common
def history(document: str | None, **_settings: str | None) -> int:
    """Show who changed what, newest first, in the stack or in one document (by its id)."""
    settings = _settings_of()

    from stackdocs_mcp.cli.barrier import run
    from stackdocs_mcp.cli.history import show_history

    return run(lambda: show_history(settings, document))


@cli.command()
@_common
def doctor(**_settings: str | None) -> int:
    """Say what is configured, what works and what is missing. Exits with 1 on a problem."""
    settings = _settings_of()

    import os

    from stackdocs_mcp.cli.doctor import examine
    from stackdocs_mcp.settings import sources

    return examine(settings, sources(_given(), os.environ))


@cli.command(short_help="Show everything at work on three sample documents.")
@_common
def demo(**_settings: str | None) -> int:
    """Show everything at work on three sample documents: needs no key, no network, no set-up.

    The documents go into a stack of their own, 'demo'. Running it again reads nothing twice.
    """
    settings = _settings_of()

    from stackdocs_mcp.cli.barrier import run
    from stackdocs_mcp.cli.demo import show

    return run(lambda: show(settings))


def _given() -> dict[str, Any]:
    """The settings given to the command or to the groups before it; the command's own first."""
    from stackdocs_mcp.settings import NAMES

    given: dict[str, Any] = {}
    context = click.get_current_context(silent=True)
    while context is not None:
        for name in (*NAMES, "folder"):
            value = context.params.get(name)
            if value not in (None, (), False):
                given.setdefault(name, value)
        context = context.parent
    return given


def _settings_of() -> "Settings":
    """The settings of this process, and the logs set up by them. Raises BadSettings."""
    import os

    from stackdocs_mcp import logs
    from stackdocs_mcp.settings import load

    settings = load(_given(), os.environ)
    logs.configure(settings.log_level)
    return settings
