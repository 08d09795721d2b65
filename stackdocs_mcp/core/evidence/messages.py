"""What an agent reads about a finding: what was looked for, where, what is nearest, what to do.

Messages are trusted text, so no words of a document ever stand in them: only numbers, dates, and
where they stand.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from stackdocs_mcp.core.evidence.claim import Claim
from stackdocs_mcp.core.evidence.figures import day_of, number_of
from stackdocs_mcp.core.evidence.match import Match
from stackdocs_mcp.core.evidence.page import PageText, digits_of
from stackdocs_mcp.core.model import Citation, Place, Warn
from stackdocs_mcp.core.paths import FieldPath, dotted

_WHY = {
    "scaled": "{where} prints it with % or a word like thousand; check which the field wants.",
    "sign_differs": "{where} has the number with the other sign; check which one is meant.",
    "part_of_longer": "{where} has it only as part of something longer; check that it is meant.",
    "spaced_groups": "{where} may show one number or two neighbours; check which it is.",
    "unlikely_kind": "{where} has it as a percentage or a count, not an amount; check it.",
    "inside_text": "{where} has it within a text of a table's row; check that it is meant.",
    "unticked": "{where} has it beside a box that is not ticked; check it.",
    "other_column": "{where} has it in a column that is headed otherwise than the field; check it.",
    "unknown_heading": "{where} has it beside a column that is headed like the field; check it.",
    "ambiguous_date": "{where} can be read as two dates; check that day and month are right.",
    "time_not_found": "{where} has the date, but the time of day is not on the page; check it.",
    "scattered": "{where} has its parts, but not in one column; check that they belong together.",
    "punctuation_differs": "{where} has it with other punctuation; write it as printed.",
    "confusable": "{where} has it but for characters that look alike; look at the page.",
}


def why(match: Match, place: Place) -> Iterator[Warn]:
    """What is worth knowing of a match."""
    if match.why:
        yield Warn(match.why, _WHY[match.why].format(where=where(place).capitalize()))


def where(place: Place) -> str:
    """``line 14 of page 1``, ``lines 3 to 6 of page 2``."""
    return lines_of(place.lines, place.page)


def lines_of(lines: Sequence[int], page: int) -> str:
    if not lines:
        return f"page {page}"
    if len(lines) == 1:
        return f"line {lines[0]} of page {page}"
    if lines[-1] - lines[0] == len(lines) - 1:
        return f"lines {lines[0]} to {lines[-1]} of page {page}"
    return f"lines {', '.join(map(str, lines[:8]))} of page {page}"


def several_places(places: Sequence[Place]) -> Warn:
    other = ", ".join(where(place) for place in places[1:4])
    return Warn(
        "several_places",
        f"The value stands at {where(places[0])} and also at {other}; cite the line that is meant.",
    )


def off_column(place: Place) -> Warn:
    return Warn(
        "off_column",
        f"{where(place).capitalize()} has it where no other row has this field; check that it is "
        "a row of the same table.",
    )


def part_of_cell(place: Place) -> Warn:
    return Warn(
        "part_of_cell",
        f"At {where(place)} the text goes on, in other rows it is all that stands there; "
        "check that nothing is left out.",
    )


def over_cells(place: Place) -> Warn:
    return Warn(
        "over_cells",
        f"At {where(place)} the text takes in what stands in the next column; check where the "
        "field ends.",
    )


def labelled_elsewhere(label: Place) -> Warn:
    return Warn(
        "labelled_elsewhere",
        f"{where(label).capitalize()} has the field's label beside another value; check which "
        "one is meant.",
    )


def same_place(place: Place, row: FieldPath) -> Warn:
    return Warn(
        "same_place",
        f"{where(place).capitalize()} is already what {dotted(row)} was written from; check that "
        "the row is not written twice.",
    )


def column_sign(place: Place, rows: int) -> Warn:
    return Warn(
        "sign_differs",
        f"{where(place).capitalize()} has the number with the other sign, and so in {rows} rows of "
        "this field; check which one the field wants.",
    )


def other_line(claim: Claim, citation: Citation, page: PageText, place: Place) -> Warn:
    cited = "the quote" if citation.quote else lines_of(citation.lines, page.number)
    one = bool(citation.quote) or len(citation.lines) < 2
    return Warn(
        "other_line",
        f"{cited.capitalize()} {'does' if one else 'do'} not have {wanted(claim)}, {where(place)} "
        "has; check that this is the field's place.",
    )


def many_lines(citation: Citation, place: Place) -> Warn:
    return Warn(
        "many_lines",
        f"{len(citation.lines)} cited lines name no place, {where(place)} is taken; cite only the "
        "line that has the value.",
    )


def wrong_page(citation: Citation, place: Place) -> Warn:
    return Warn(
        "wrong_page",
        f"Page {citation.page} does not have the value, {where(place)} has; "
        f"cite page {place.page}.",
    )


def value_differs(
    claim: Claim, cited: PageText, page: int, elsewhere: Sequence[Place] = ()
) -> Warn:
    lines = lines_of([line.number for line in cited.lines], page)
    nearest = nearest_to(claim, [cited])
    several = len(cited.lines) != 1
    has, has_not = ("have", "do not have") if several else ("has", "does not have")
    found = (
        f"{has} {nearest.text}, not {wanted(claim)}" if nearest else f"{has_not} {wanted(claim)}"
    )
    also = f"; {where(elsewhere[0])} has that" if elsewhere else ""
    return Warn(
        "value_differs",
        f"{lines.capitalize()} {found}{also}; read the page again and correct the value or the "
        "citation.",
    )


def concluded(claim: Claim, said: Warn) -> Warn:
    """Adds what mends it when a choice of the schema is not printed as the schema writes it."""
    if claim.expected.enum is None or not isinstance(claim.value, str):
        return said
    found, _, _ = said.message.partition(";")
    return Warn(
        said.code,
        f"{found.rstrip('.')}; if the page says it in other words, the value may be right: it is "
        "concluded, and the schema's owner can mark the field x-evidence: derived.",
    )


_OTHER = {
    "other_column": "in another column than the one that is headed like the field",
    "inside_text": "within a text, beside which the row has numbers of their own",
    "unlikely_kind": "as a percentage or a count, not as an amount",
    "part_of_longer": "as part of something longer, such as a date or an order number",
    "unticked": "beside a box that is not ticked",
    "sign_differs": "with the other sign",
}


def stands_as_other(claim: Claim, match: Match, place: Place) -> Warn:
    return Warn(
        "value_differs",
        f"{where(place).capitalize()} has {wanted(claim)} only {_OTHER[match.why]}; read the line "
        "again and correct the value or the citation.",
    )


def short_quote(citation: Citation) -> Warn:
    return Warn(
        "short_quote",
        f"The quote stands in several places of page {citation.page}; cite the line number, or "
        "more of the line.",
    )


def quote_not_found(citation: Citation, places: Sequence[Place]) -> Warn:
    found = f" The value itself stands at {where(places[0])}." if places else ""
    return Warn(
        "not_found",
        f"The quote does not stand on page {citation.page}; cite line numbers as read_ocr shows "
        f"them.{found}",
    )


def no_such_lines(citation: Citation, count: int) -> Warn:
    return Warn(
        "no_such_lines",
        f"Page {citation.page} has no such line, only {count}; cite line numbers as read_ocr shows "
        "them.",
    )


def no_such_page(citation: Citation) -> Warn:
    return Warn("no_such_page", f"The document has no page {citation.page}; cite one that it has.")


def not_found(claim: Claim, pages: Sequence[PageText]) -> Warn:
    near = nearest_to(claim, pages)
    hint = f"; {near.where} has {near.text}" if near else ""
    return Warn(
        "not_found",
        f"No page has {wanted(claim)}{hint}; check the value, or cite the line that it follows "
        "from.",
    )


def near_elsewhere(claim: Claim, said: Warn, pages: Sequence[PageText]) -> Warn:
    """What was said of the cited page, and where another one has the value but for one digit."""
    near = nearest_to(claim, pages)
    if near is None or near.differing > 1:
        return said
    return Warn(said.code, f"{said.message} {near.where.capitalize()} has {near.text}.")


def hidden(place: Place) -> Warn:
    return Warn(
        "hidden",
        f"The value stands only in text of page {place.page} that a reader cannot see; use what is "
        "visible, or leave the field empty.",
    )


def wanted(claim: Claim) -> str:
    """The value when it is a number or a date, else a word for it."""
    if (number := number_of(claim)) is not None:
        return format(number, "f")
    if (day := day_of(claim)) is not None:
        return day.isoformat()
    return "the text" if isinstance(claim.value, str) else "the value"


@dataclass(frozen=True, slots=True)
class Nearest:
    """A number as it is printed, or a date, with where it stands.

    ``differing`` counts the digits that are not those of the value.
    """

    text: str
    where: str
    differing: int


def nearest_to(claim: Claim, pages: Sequence[PageText]) -> Nearest | None:
    """The printed number or date that is most like the value; None for other values."""
    number, day = number_of(claim), day_of(claim)
    if number is not None:
        wanted_digits = digits_of(abs(number))
        found = [
            (_differing(wanted_digits, digits), abs(value - abs(number)), order, start, text)
            for order, page in enumerate(pages)
            for digits, value, start, text in page.figures
            if value != abs(number)
        ]
        if found:
            differing, _, order, start, text = min(found)
            return Nearest(text, _at(pages[order], start), differing)
    if day is not None:
        days = [
            (_differing(one.isoformat(), day.isoformat()), order, printed[0].start, one)
            for order, page in enumerate(pages)
            for one, printed in page.dates.items()
        ]
        if days:
            differing, order, start, one = min(days)
            return Nearest(one.isoformat(), _at(pages[order], start), differing)
    return None


def _at(page: PageText, start: int) -> str:
    return lines_of(page.numbers_at(start, start + 1), page.number)


def _differing(one: str, other: str) -> int:
    """How many characters are not the same, from the front; a difference in length counts too."""
    return sum(a != b for a, b in zip(one, other, strict=False)) + abs(len(one) - len(other))
