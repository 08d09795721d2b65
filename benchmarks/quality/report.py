"""One row of the table that is published, and the table."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """What was measured on what, against which goal; ``met`` is None where there is no goal."""

    on: str
    goal: str
    measured: str
    met: bool | None = None


def table(rows: Sequence[Row]) -> str:
    """The rows as a Markdown table."""
    marks = {True: "yes", False: "**no**", None: ""}
    lines = ["| On | Goal | Measured | Met |", "|---|---|---|---|"]
    lines += [f"| {one.on} | {one.goal} | {one.measured} | {marks[one.met]} |" for one in rows]
    return "\n".join(lines)


def share(part: int, whole: int) -> str:
    """``97.5 % (39 of 40)``."""
    return f"{100 * part / whole:.1f} % ({part} of {whole})" if whole else "none"
