"""What commands print: data on standard output, a table for a person, plain columns for a pipe."""

import os
import sys
from collections.abc import Iterable, Sequence

import click


def put(text: str) -> None:
    """A line of data on standard output; above the bars where some are shown on a terminal."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def put_text(text: str) -> None:
    """A whole text on standard output as it is, in UTF-8, with its own line ends."""
    click.echo(text.encode("utf-8", "backslashreplace"), nl=False)


def say(text: str) -> None:
    """A line for the person at the keyboard, on standard error."""
    click.echo(text, err=True)


def shown(text: str) -> str:
    """The text in one line, without anything that a terminal would act upon."""
    return "".join(one if one.isprintable() else _escaped(one) for one in text)


def _escaped(character: str) -> str:
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def put_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A table on a terminal; else a line for each row with tabs, below a line of names."""
    if not sys.stdout.isatty():
        for row in (columns, *rows):
            put("\t".join(map(shown, row)))
        return

    from rich import box  # noqa: PLC0415  only on a terminal
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(box=box.SIMPLE_HEAD)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(shown(cell)) for cell in row))
    Console().print(table)


def plain_name(name: str | os.PathLike[str]) -> str:
    """A file's name that every store and encoding can hold."""
    return os.fspath(name).encode("utf-8", "backslashreplace").decode("utf-8")
