"""The sign that parts the cells of a CSV file, if a text is one at all."""

import csv
import re

_SIGNS = ";\t,|"
_ROWS = 50
"""How many are looked at."""
NAMED = re.compile(r'\A"?sep=(.)"?[ ;,\t]*(?:\r\n|\r|\n)', re.IGNORECASE)
"""The first line that Excel reads, and does not show."""


def found(text: str) -> str | None:
    """The delimiter that parts the first rows into as many cells each, or None if none does.

    ``text`` may be cut anywhere: its last row does not count. A delimiter that mostly has a space
    behind it is punctuation.
    """
    if named := NAMED.match(text):
        return named[1]
    widths = ((_width(text, sign), sign) for sign in _SIGNS)
    width, best = max(widths, key=lambda candidate: candidate[0])
    return best if width > 1 else None


def _width(text: str, sign: str) -> int:
    """Cells in each row, or 0 where rows differ. At least two rows make a table."""
    if text.count(sign + " ") * 2 > text.count(sign):
        return 0
    try:
        rows = [row for row in csv.reader(text.splitlines(keepends=True), delimiter=sign) if row]
    except csv.Error:
        return 0
    if not text.endswith(("\n", "\r")):
        rows = rows[:-1] if len(rows) > 2 else rows  # the last may be cut
    widths = {len(row) for row in rows[:_ROWS]}
    return widths.pop() if len(rows) > 1 and len(widths) == 1 else 0
