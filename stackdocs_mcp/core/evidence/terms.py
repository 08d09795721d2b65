"""Words by which a full-text index finds the pages where a value may stand."""

import re
from datetime import date
from decimal import Decimal

from stackdocs_mcp.core.evidence.claim import Claim
from stackdocs_mcp.core.evidence.figures import day_of, number_of
from stackdocs_mcp.core.values.words import currency_forms

MAX_TERMS = 16
_WORD = re.compile(r"\w+")


def search_terms(claim: Claim) -> list[str]:
    """Printed forms, the likeliest first; a page that holds the value holds one of them.

    Each is to be looked for as words next to each other. Forms that only an OCR slip or a line
    break explains are not among them, and values without words have none.
    """
    terms: list[str] = []
    if claim.citation and claim.citation.quote:
        terms.append(" ".join(_WORD.findall(claim.citation.quote)[:8]))
    if isinstance(claim.value, str):
        terms += [" ".join(_WORD.findall(line)[:8]) for line in claim.value.split("\n")[:4]]
        terms += currency_forms(claim.value)
    if (number := number_of(claim)) is not None:
        terms += _number_forms(abs(number))
    if (day := day_of(claim)) is not None:
        terms += _date_forms(day)
    return list(dict.fromkeys(term for term in terms if term))[:MAX_TERMS]


def _number_forms(number: Decimal) -> list[str]:
    plain = format(number, "f")
    whole, _, fraction = plain.partition(".")
    fractions = [fraction.ljust(2, "0")] if fraction else ["", "00"]
    if len(fraction) == 1:
        fractions.append(fraction)
    grouped = f"{int(whole):,}"
    forms: list[str] = []
    for tail in fractions:
        for point, comma in ((".", ","), (",", "."), (",", " "), (".", "'")):
            end = f"{point}{tail}" if tail else ""
            forms += [f"{grouped.replace(',', comma)}{end}", f"{whole}{end}"]

    return list(dict.fromkeys(forms))


def _date_forms(day: date) -> list[str]:
    d, m, y = f"{day.day:02}", f"{day.month:02}", f"{day.year}"
    short = y[2:]
    return [
        *(f"{d}{mark}{m}{mark}{y}" for mark in "./-"),
        f"{y}-{m}-{d}",
        f"{m}/{d}/{y}",
        f"{day.day}.{day.month}.{y}",
        f"{day.day}/{day.month}/{y}",
        f"{day.month}/{day.day}/{y}",
        f"{d}/{m}/{short}",
        f"{m}/{d}/{short}",
        f"{d}.{m}.{short}",
        y,
    ]
