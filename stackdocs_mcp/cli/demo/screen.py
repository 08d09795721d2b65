"""How the demo looks: headings, lines, what an agent is told, and a table of what was found."""

from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass

from rich.console import Console
from rich.table import Table
from rich.text import Text

from stackdocs_mcp.cli.output import shown

WIDTH = 100
"""Columns that are used at most; 80 where there is no terminal."""
INDENT = "   "


@dataclass(frozen=True, slots=True)
class Row:
    """A field as the table shows it."""

    path: str
    printed: str
    value: str
    place: str
    verdict: str


class Screen:
    """Standard output, in colour and at the width of a terminal where there is one."""

    def __init__(self) -> None:
        width = min(Console().width, WIDTH)
        self._console = Console(highlight=False, width=width)

    def heading(self, text: str) -> None:
        self._console.print()
        self._put([Text(text, "bold")])

    def line(self, text: str) -> None:
        """A line or a paragraph; what is indented in it stays so."""
        own = " " * (len(text) - len(text.lstrip()))
        self._put(self._wrapped(text.lstrip(), INDENT + own))

    def copyable(self, text: str) -> None:
        """A line that is never broken, to be copied."""
        self._put([Text(f"{INDENT}{shown(text)}")])

    def quoted(self, text: str) -> None:
        """What the server answered, word for word."""
        self._put([Text(f"{one}", "cyan") for one in map(str, self._wrapped(text, "   | "))])

    def table(self, filename: str, rows: Iterable[Row], more: str) -> None:
        """The fields of a document, in the given order."""
        table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False)
        table.add_column(filename, no_wrap=True)
        table.add_column("as printed")
        table.add_column("value")
        table.add_column("page:ln", no_wrap=True, justify="right")
        table.add_column("verdict", no_wrap=True)
        for row in rows:
            cells: Sequence[str] = astuple(row)
            table.add_row(*(Text(shown(cell)) for cell in cells))
        self._console.print()
        rendered = self._console.render_lines(table, pad=False)
        for segments in rendered:
            self._put([Text.assemble(*((one.text, one.style or "") for one in segments))])
        if more:
            self._put([Text(more)])

    def _wrapped(self, text: str, indent: str) -> list[Text]:
        lines = Text(shown(text)).wrap(self._console, self._console.width - len(indent))
        return [Text(indent) + line for line in lines]

    def _put(self, lines: Iterable[Text]) -> None:
        """Print without the blanks at the end that a table has, and without breaking."""
        for line in lines:
            line.rstrip()
            self._console.print(line, soft_wrap=True)
