"""Calls that write several values of one page without a citation, as the workspace sees them."""

from collections.abc import Mapping, Sequence

from stackdocs_mcp.core.evidence import (
    Claim,
    Looked,
    PageText,
    Standing,
    at,
    located,
    signalled,
    together,
)
from stackdocs_mcp.core.model import Citation, JsonValue
from stackdocs_mcp.core.paths import FieldPath, parse
from tests.core.evidence.papers import page

WIDTHS = (20, 10, 10)


def table(*rows: Sequence[str]) -> PageText:
    """A page of rows in columns of 20, 10 and 10 characters, below their headings."""
    return page([_line(row) for row in (("Artikel", "Menge", "Betrag"), *rows)])


def _line(row: Sequence[str]) -> str:
    cells = (text.ljust(width) for text, width in zip(row, WIDTHS, strict=False))
    return "".join(cells).rstrip()


def looked(
    fields: Mapping[str, JsonValue],
    on: PageText,
    *,
    lines: Mapping[str, int] | None = None,
    beside: Sequence[str] = (),
) -> list[Looked]:
    """Each field as it is found by itself; ``lines`` has the lines that some of them cite."""
    found: list[Looked] = []
    for name, value in fields.items():
        path = parse(name)
        cites = (lines or {}).get(name)
        claim = Claim(
            value,
            signs=on.signs,
            citation=None if cites is None else Citation(on.number, (cites,)),
            labels=(str(path[-1]).replace("_", " "),),
            beside=tuple(other for other in beside if other != name),
        )
        finding = located(claim, [on]) if cites is None else at(claim, on)
        standings = finding.standings
        if not standings and finding.evidence.place is not None:
            standing = Standing.of(on, finding.evidence.place)
            standings = () if standing is None else (standing,)
        found.append(Looked(path, claim, finding, standings))
    return found


def seen(
    fields: Mapping[str, JsonValue],
    on: PageText,
    *,
    lines: Mapping[str, int] | None = None,
    beside: Sequence[str] = (),
    earlier: Mapping[FieldPath, Standing] | None = None,
) -> dict[str, Looked]:
    """The fields after they were looked at together, by their names."""
    call = together(looked(fields, on, lines=lines, beside=beside), earlier or {})
    return dict(zip(fields, signalled(call), strict=True))


def line_of(one: Looked) -> tuple[int, ...]:
    place = one.finding.evidence.place
    return () if place is None else place.lines


def warned(calls: Mapping[str, Looked]) -> dict[str, list[str]]:
    """The codes of the warnings of each field that has some."""
    found = {name: [one.code for one in each.finding.warnings] for name, each in calls.items()}
    return {name: codes for name, codes in found.items() if codes}
