"""What can be typed. Each command reads its options and hands over to a module of its own."""

from typing import IO

import click

from stackdocs_mcp import __version__
from stackdocs_mcp.cli.options import addressed, common, given, reading, setting, settings_of
from stackdocs_mcp.cli.people import reextract, release, set_, undo
from stackdocs_mcp.cli.projects import migrate
from stackdocs_mcp.cli.servers import serve, token, worker
from stackdocs_mcp.cli.tenants import audit, members, stacks

FORMATS = ("csv", "json", "jsonl")
TEMPLATES = (
    *("invoice", "receipt", "purchase_order", "bank_statement"),
    *("contract", "identity_document", "resume"),
)
_HELP = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


@click.group(context_settings=_HELP, invoke_without_command=True)
@common
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


@cli.command(short_help="Add files and folders to the stack, and read them.")
@click.argument("paths", metavar="PATH...", nargs=-1, required=True)
@common
@reading
@setting("max_file_mb", "Largest file that is taken in, in megabytes.", metavar="N")
def add(paths: tuple[str, ...], **_settings: str | None) -> int:
    """Add files, and all supported files of folders, to the stack, and read them.

    Prints a line for each document: id, status, pages and file name, separated by tabs. What is
    attached to a mail becomes a document of its own. The same bytes are one document, and nothing
    is read twice; failed documents are tried again.
    """
    if "" in paths:
        raise click.UsageError("a PATH is empty; the current folder is written as `.`")
    settings = settings_of()

    from stackdocs_mcp.cli.adding import add as work
    from stackdocs_mcp.cli.barrier import run

    return run(lambda: work(settings, paths))


@cli.command(short_help="Read documents again: failed, unfinished, or in another way.")
@click.argument("documents", metavar="[DOCUMENT]...", nargs=-1)
@click.option(
    "--again",
    is_flag=True,
    help="Give up the pages of these documents, and read them the way that is set now.",
)
@common
@reading
def retry(documents: tuple[str, ...], *, again: bool, **_settings: str | None) -> int:
    """Read documents of the stack again that failed, or that nobody read to their end.

    DOCUMENT is an id or a file name; left out, all of them are. Pages that were read stay and
    are not paid for twice. With --again, documents are read anew that were read to their end: for
    another engine, mode or language. Fields stay; what was completed has to be completed again.
    Prints the same lines as `add`.
    """
    if again and not documents:
        raise click.UsageError("--again needs the documents that are to be read anew")
    settings = settings_of()

    from stackdocs_mcp.cli.barrier import run
    from stackdocs_mcp.cli.retrying import retry as work

    return run(lambda: work(settings, documents, again=again))


@cli.command(short_help="Print a document's numbered lines, or its tables.")
@click.argument("document")
@click.option("--pages", metavar="N-M,...", help="These pages, as in 3 or 2-5,9.")
@click.option(
    "--raw", is_flag=True, help="Lines as the file has them, with what was cleaned away escaped."
)
@click.option(
    "--tables",
    is_flag=True,
    help="Tables alone: page, number of the table, and its cells, separated by tabs.",
)
@common
def read(document: str, pages: str | None, raw: bool, tables: bool, **_settings: str | None) -> int:
    """Print the lines of a document as agents read them, page by page.

    DOCUMENT is an id or a file name. Hidden lines, which agents are not shown, are there and
    marked. Nothing is changed: a page that is printed does not count as read.
    """
    if raw and tables:
        raise click.UsageError("give --raw or --tables, not both")

    settings = settings_of()

    from stackdocs_mcp.cli.barrier import run
    from stackdocs_mcp.cli.reading import read as work

    return run(lambda: work(settings, document, pages, raw=raw, tables=tables))


@cli.group()
@common
def schema(**_settings: str | None) -> None:
    """Show or set what is to be extracted from the stack's documents."""


@schema.command("set", short_help="Set the stack's schema, instructions and policy.")
@click.argument("file", type=click.File("rb"), required=False)
@click.option(
    "--template",
    type=click.Choice(TEMPLATES),
    metavar="NAME",
    help="Instead of FILE: a template; `schema templates` lists them.",
)
@click.option(
    "--fields",
    metavar="LIST",
    help="Instead of FILE: `vendor (name, tax id), date, total*, line items: description, amount`.",
)
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
@common
def schema_set(
    file: IO[bytes] | None,
    *,
    template: str | None,
    fields: str | None,
    instructions: IO[bytes] | None,
    policy: IO[bytes] | None,
    evidence: str | None,
    **_settings: str | None,
) -> int:
    """Set the stack's schema to the JSON Schema (2020-12) in FILE, or - for standard input.

    What `schema show` prints is taken as well, with its instructions and policy; and so is what
    Pydantic's model_json_schema() gives. Fields that are set stay as they are.

    In a LIST of fields, commas, semicolons and line ends separate. `vendor (name, tax id)` is an
    object, `line items: description, amount` a list up to the line's end or a semicolon, `total*`
    is required, and `paid: boolean`, `due: date`, `currency: EUR | USD` name a type, which is
    guessed from the name elsewhere. The schema made of it is printed.
    """
    if sum(one is not None for one in (file, template, fields)) != 1:
        raise click.UsageError("give FILE, --template or --fields, and one of them only")
    if policy is not None and evidence is not None:
        raise click.UsageError("give --policy or --evidence, not both")

    settings = settings_of()

    from stackdocs_mcp.cli.barrier import run
    from stackdocs_mcp.cli.schemas import read_given, schema_in, set_schema

    source = schema_in(file, template, fields)
    given = read_given(source, instructions, policy, evidence)
    return run(lambda: set_schema(settings, given))


@schema.command("show")
@click.option(
    "--template",
    type=click.Choice(TEMPLATES),
    metavar="NAME",
    help="Print the schema of this template instead.",
)
@common
def schema_show(template: str | None, **_settings: str | None) -> int:
    """Print the stack's schema, instructions and policy as JSON."""
    settings = settings_of()

    from stackdocs_mcp.cli.barrier import run
    from stackdocs_mcp.cli.schemas import show_schema, show_template

    if template is not None:
        return show_template(template)
    return run(lambda: show_schema(settings))


@schema.command("templates")
@common
def schema_templates(**_settings: str | None) -> int:
    """List the schemas that are ready to use, with what each is for."""
    settings_of()

    from stackdocs_mcp.cli.schemas import list_templates

    return list_templates()


@cli.group()
@common
def ocr(**_settings: str | None) -> None:
    """Show or set how the stack's documents are read, and by whom."""


@ocr.command("set", short_help="Choose engine, mode and languages for the stack.")
@click.argument("choice")
@click.option("--languages", "spoken", metavar="CODES", help="Languages of the documents: de,en.")
@common
def ocr_set(choice: str, spoken: str | None, **_settings: str | None) -> int:
    """Choose how the stack's documents are read from now on.

    CHOICE is an engine (local or mistral), a mode (auto, always or never), or both with a comma:
    `mistral,always`. What is left out, languages too, is left to the server's settings; `server`
    leaves all to them. Documents that were read stay as they are; `retry --again` reads them anew.
    """
    settings = settings_of()

    from stackdocs_mcp.cli.barrier import run
    from stackdocs_mcp.cli.ocr import read_choice, set_ocr

    chosen = read_choice(choice, spoken)
    return run(lambda: set_ocr(settings, chosen))


@ocr.command("show")
@common
def ocr_show(**_settings: str | None) -> int:
    """Print the stack's engine, mode and languages, and where each comes from."""
    settings = settings_of()

    from stackdocs_mcp.cli.barrier import run
    from stackdocs_mcp.cli.ocr import show_ocr

    return run(lambda: show_ocr(settings))


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
@common
def export(
    format_: str,
    evidence: bool,
    output: str | None,
    **_settings: str | None,
) -> int:
    """Print the fields of all documents of the stack, or write them to files."""
    settings = settings_of()

    from stackdocs_mcp.cli.barrier import run
    from stackdocs_mcp.cli.exports import export as work

    return run(lambda: work(settings, format_, evidence=evidence, output=output))


@cli.command(short_help="Show who changed what, newest first.")
@click.argument("document", required=False)
@click.option("--digests", is_flag=True, help="Print what each document's history comes to.")
@common
def history(document: str | None, *, digests: bool, **_settings: str | None) -> int:
    """Show who changed what, newest first, in the stack or in one document.

    DOCUMENT is an id or a file name. With --digests: id, digest and file name, separated by tabs.
    Keep them where nobody who can write to the store can; `doctor --digests` compares.
    """
    settings = settings_of()

    from stackdocs_mcp.cli.barrier import run
    from stackdocs_mcp.cli.history import show_digests, show_history

    work = show_digests if digests else show_history
    return run(lambda: work(settings, document))


@cli.command()
@click.option(
    "--digests",
    type=click.File("rb"),
    metavar="FILE",
    help="What `history --digests` printed once: it must be part of the history still.",
)
@common
@reading
@addressed
def doctor(digests: IO[bytes] | None, **_settings: str | None) -> int:
    """Say what is configured, what works and what is missing. Exits with 1 on a problem."""
    settings = settings_of()

    import os

    from stackdocs_mcp.cli.doctor import examine
    from stackdocs_mcp.cli.histories import kept_digests
    from stackdocs_mcp.settings import sources

    kept = kept_digests(digests)
    return examine(settings, sources(given(), os.environ), kept)


@cli.command(short_help="Show everything at work on three sample documents.")
@common
def demo(**_settings: str | None) -> int:
    """Show everything at work on three sample documents: needs no key, no network, no set-up.

    The documents go into a stack of their own, 'demo'. Running it again reads nothing twice.
    """
    import os

    from stackdocs_mcp.project_choices import names_project

    in_the_way = sorted(filter(names_project, os.environ))
    settings = settings_of(on_this_machine=True)

    from stackdocs_mcp.cli.barrier import run
    from stackdocs_mcp.cli.demo import show

    return run(lambda: show(settings, in_the_way))


for _command in (
    *(serve, worker, migrate, token, stacks, members, audit),
    *(set_, release, undo, reextract),
):
    cli.add_command(_command)
