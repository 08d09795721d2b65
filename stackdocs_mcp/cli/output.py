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


def put_table(
    columns: Sequence[str], rows: Iterable[Sequence[str]], *, whole: bool = False
) -> None:
    """A table on a terminal; else a line for each row with tabs, below a line of names.

    With ``whole`` no cell is broken: a table that is too wide becomes a block for each row.
    """
    if not sys.stdout.isatty():
        for row in (columns, *rows):
            put("\t".join(map(shown, row)))
        return

    from rich import box  # noqa: PLC0415  only on a terminal
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    console = Console()
    rows = [[shown(cell) for cell in row] for row in rows]
    if whole and _width(columns, rows) > console.width:
        _put_blocks(columns, rows)
        return
    table = Table(box=box.SIMPLE_HEAD)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    console.print(table)


def _width(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> int:
    """What a table of these takes, with what stands between and around its cells."""
    from rich.cells import cell_len  # noqa: PLC0415  only on a terminal

    widest = [max(map(cell_len, column)) for column in zip(columns, *rows, strict=True)]
    return sum(widest) + 3 * len(widest) + 1


def _put_blocks(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A line for each cell that is not empty, and an empty one after each row."""
    longest = max(map(len, columns))
    for row in rows:
        for column, cell in zip(columns, row, strict=True):
            if cell:
                put(f"{column:{longest}}  {cell}")
        put("")


def plain_name(name: str | os.PathLike[str]) -> str:
    """A file's name that every store and encoding can hold."""
    return os.fspath(name).encode("utf-8", "backslashreplace").decode("utf-8")
