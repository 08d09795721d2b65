"""Commands with which a person corrects what was extracted, and takes back what was done."""

import re

import click

from stackdocs_mcp.cli.options import common, settings_of

_NEGATIVE = re.compile(r"-[.,]?\d")


class _TakesNegatives(click.Command):
    """``-5,00`` is a value: no option starts with a digit."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.ignore_unknown_options = any(map(_NEGATIVE.match, args))
        return super().parse_args(ctx, args)


@click.command(
    name="set",
    cls=_TakesNegatives,
    short_help="Set or correct a field; agents leave it as you set it.",
)
@click.argument("document")
@click.argument("path")
@click.argument("value")
@click.option("--json", "json_", is_flag=True, help="VALUE is JSON: a number, null, a list.")
@click.option("--page", type=click.IntRange(1), metavar="N", help="The page the value stands on.")
@click.option("--lines", metavar="N,M", help="Its lines there, as `read` numbers them.")
@click.option("--quote", metavar="TEXT", help="Instead of lines, the text as printed.")
@common
def set_(
    document: str,
    path: str,
    value: str,
    *,
    json_: bool,
    page: int | None,
    lines: str | None,
    quote: str | None,
    **_settings: str | None,
) -> int:
    """Set the field at PATH (`total`, `line_items[2].amount`) to VALUE, as printed.

    It is typed by the schema and checked against the page like any other. What you set is locked:
    agents cannot change it until you `release` it. Only values are locked: what is empty agents may
    fill, unless you set it to null, where the schema takes that, or to an empty list (with --json).
    Exits with 1 when the value is rejected.
    """
    if page is None and (lines is not None or quote is not None):
        raise click.UsageError("--lines and --quote need the --page")
    if lines is not None and quote is not None:
        raise click.UsageError("give --lines or --quote, not both")

    settings = settings_of()

    from stackdocs_mcp.cli.barrier import run
    from stackdocs_mcp.cli.correcting import as_json, cited, set_value

    sent = as_json(value) if json_ else value
    citation = cited(page, lines, quote)
    return run(lambda: set_value(settings, document, path, sent, citation))


@click.command(short_help="Let agents change again what a person has set.")
@click.argument("document")
@click.argument("path")
@common
def release(document: str, path: str, **_settings: str | None) -> int:
    """Let agents change again what a person has set at PATH, and everything below it."""
    settings = settings_of()

    from stackdocs_mcp.cli.barrier import run
    from stackdocs_mcp.cli.correcting import release as work

    return run(lambda: work(settings, document, path))


@click.command(short_help="Take back a change of a document, or an undo.")
@click.argument("document")
@click.argument("change", required=False)
@click.option("--redo", is_flag=True, help="Take back an undo: the last one, or CHANGE.")
@common
def undo(document: str, change: str | None, *, redo: bool, **_settings: str | None) -> int:
    """Take back the last change of a document, or CHANGE, as `history` names it.

    `12-1` is one change, `12` all changes of the call that made it. The history keeps both.
    """
    settings = settings_of()

    from stackdocs_mcp.cli.barrier import run
    from stackdocs_mcp.cli.correcting import undo as work

    return run(lambda: work(settings, document, change, redo=redo))


@click.command(short_help="Begin the extraction of documents anew; the old one is kept.")
@click.argument("documents", metavar="DOCUMENT...", nargs=-1, required=True)
@common
def reextract(documents: tuple[str, ...], **_settings: str | None) -> int:
    """Begin a new, empty extraction of documents; the old one and its history are kept.

    What a person has set is carried over, and stays locked. Prints a line for each document: id,
    number of the extraction, fields carried over and file name, separated by tabs.
    """
    settings = settings_of()

    from stackdocs_mcp.cli.barrier import run
    from stackdocs_mcp.cli.correcting import reextract as work

    return run(lambda: work(settings, documents))
