"""The sign that parts the cells of a CSV file, if a text is one at all."""

import csv
import re
from io import StringIO

_SIGNS = ";\t,|"
_ROWS = 50
"""How many are looked at."""
_DECIMAL = re.compile(r"\A[^\n,]*\d,\d|^[^\n,\d\"][^\n,\"]*[ \t]\d+,\d\d\b", re.MULTILINE)
"""In the first row, where a table has its headings, or as the first one behind a word."""
NAMED = re.compile(r'\A"?sep=(.)"?[ ;,\t]*(?:\r\n|\r|\n)', re.IGNORECASE)
"""The first line that Excel reads, and does not show."""


def found(text: str, *, is_cut: bool = False) -> str | None:
    """The delimiter that parts the first rows into as many cells each, or None if none does.

    In doubt there is none: a text with bars in the place of its commas is worse than a table
    without bars. ``is_cut``: the last row does not count.
    """
    if named := NAMED.match(text):
        return named[1]
    if text.lstrip().startswith(("{", "[", "|")):  # JSON, or a table of Markdown
        return None
    widths = ((_width(text, sign, is_cut), sign) for sign in _SIGNS)
    width, best = max(widths, key=lambda candidate: candidate[0])
    return best if width > 1 else None


def _width(text: str, sign: str, is_cut: bool) -> int:
    """Cells in each row, or 0 where rows differ or ``sign`` is something else.

    With a space behind it, it is punctuation; a comma after a digit and words is a decimal one.
    """
    if text.count(f"{sign} ") * 2 > text.count(sign):
        return 0
    if sign == "," and _DECIMAL.search(text):
        return 0
    try:
        rows = [row for row in csv.reader(StringIO(text, newline=""), delimiter=sign) if row]
    except csv.Error:
        return 0
    rows = rows[:-1][:_ROWS] if is_cut else rows[:_ROWS]
    widths = {len(row) for row in rows}
    if len(rows) < 2 or len(widths) > 1 or not any(row[-1].strip() for row in rows):
        return 0
    return widths.pop()
