"""Reading one printed string as a number: exactly one way, or not at all."""

import re
from decimal import Decimal

from stackdocs_mcp.core.errors import BadValue
from stackdocs_mcp.core.model import Warn
from stackdocs_mcp.core.values.affixes import Affixes, affixes
from stackdocs_mcp.core.values.exactness import canonical, shifted
from stackdocs_mcp.core.values.expected import Typed
from stackdocs_mcp.core.values.myriads import myriads_in
from stackdocs_mcp.core.values.numerals import readings, under
from stackdocs_mcp.core.values.plain import DECIMAL_MARK, one_line
from stackdocs_mcp.core.values.signs import Signs
from stackdocs_mcp.core.values.strings import shown

_LONGEST = 200
_FRACTIONS = {
    "½": ".5",
    "¼": ".25",
    "¾": ".75",
    "⅕": ".2",
    "⅖": ".4",
    "⅗": ".6",
    "⅘": ".8",
    "⅛": ".125",
    "⅜": ".375",
    "⅝": ".625",
    "⅞": ".875",
    "⅒": ".1",
}
"""Those that have an end as decimals."""
_DIGITS = re.compile(
    rf"(?P<digits>(?:(?<![^\W\d_])[.,{DECIMAL_MARK}])?\d(?:[\d.,'{DECIMAL_MARK} ]*\d)?)"
    rf"(?P<round>[.,/]-{{1,2}})?(?: ?(?P<fraction>[{''.join(_FRACTIONS)}]))?"
    rf"|(?P<alone>[{''.join(_FRACTIONS)}])"
)
_POINT_SCRIPTS = re.compile(r"[\u0590-\u05ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
"""Hebrew and East Asian, which write a point before decimals in every country."""
_NO_DECIMALS = re.compile(r"[円圓원₩₫]|(?<![^\W\d_])(?:JPY|KRW|VND)(?![^\W\d_])")
"""Money without a smaller unit, so that ``1.234`` of it is a thousand and more."""
_SWISS = re.compile(r"\b(?:chf|s?fr)\b", re.IGNORECASE)
_DIGIT_LIKE = re.compile(r"[OolISB](?![\w/])")
_LIKE = str.maketrans("OolISB", "001158")
_AS_PRINTED = "Send it as printed, or as a JSON number."


def number_of(text: str, signs: Signs) -> Typed:
    """``"1.234,56 €"`` -> 1234.56, ``(45.00)`` and ``45,00-`` -> -45, ``12.5 %`` -> 12.5."""
    printed = one_line(text)
    found = _digits(printed, signs) if len(printed) <= _LONGEST else None
    if not found:
        raise _not_a_number(text)
    start, end, magnitudes, cents = found
    around = affixes(printed[:start], printed[end:], cents=cents)
    if around is None:
        raise _not_a_number(text)
    if (letter := _DIGIT_LIKE.match(printed, end)) and not _is_meant(letter[0], around, cents):
        raise _ends_in_a_letter(text, printed[start:end], letter[0])

    negatives = around.negatives(signs)
    if _leaves_out_the_zero(printed, start, around):
        negatives = (False, True)
    powers = around.powers(signs)
    values = {
        canonical(shifted(magnitude.copy_negate() if negative else magnitude, power))
        for magnitude in magnitudes
        for negative in negatives
        for power in powers
    }
    if not values:
        raise _not_a_number(text)
    if len(values) > 1:
        raise _ambiguous(text, values)
    return Typed(values.pop(), _notes(around, powers[0]))


def _digits(printed: str, signs: Signs) -> tuple[int, int, tuple[Decimal, ...], bool] | None:
    """Where the digits stand, what they can be, and whether they show two decimals."""
    first = _DIGITS.search(printed)
    if not first:
        return None
    for start, end, value in myriads_in(printed):
        if start == first.start():
            return start, end, (value,), False
    if first["alone"]:
        return *first.span(), (Decimal(f"0{_FRACTIONS[first['alone']]}"),), False
    digits = first["digits"]
    if fraction := first["fraction"]:
        whole = digits.isdigit() and not first["round"]
        values = (Decimal(f"{digits}{_FRACTIONS[fraction]}"),) if whole else ()
        return *first.span(), values, False
    cents = digits[-3:-2] in (".", ",")
    return *first.span(), _magnitudes(digits, first["round"] or "", printed, signs), cents


def _magnitudes(digits: str, ending: str, printed: str, signs: Signs) -> tuple[Decimal, ...]:
    """What the digits can be; ``1.234,-`` shows its decimal sign, ``1,234/-`` is Indian."""
    found = readings(digits)
    if len(found) > 1 and _NO_DECIMALS.search(printed):
        return tuple(one.value for one in found if not one.sign)
    if ending:
        return under(found, "," if ending[0] == "," else ".")
    scripts = _POINT_SCRIPTS.search(printed)
    return under(found, signs.decimal or ("." if scripts else None))


def _leaves_out_the_zero(printed: str, start: int, around: Affixes) -> bool:
    """``-,50`` is fifty cents on a price tag; with a point it is so in Switzerland only."""
    if printed[start - 1 : start] != "-" or around.minuses != 1:
        return False
    return printed[start] == "," or (printed[start] == "." and bool(_SWISS.search(printed)))


def _is_meant(letter: str, around: Affixes, cents: bool) -> bool:
    """German books write S for debit behind cents, and B beside money is a billion."""
    return (letter == "S" and cents) or (letter == "B" and around.money)


def _notes(around: Affixes, power: int) -> tuple[Warn, ...]:
    notes = [Warn("scaled", f"The number was multiplied by 10 to the {power}.")] if power else []
    if around.unit:
        notes.append(Warn("unit_dropped", f"Only the number is kept, not its unit: {around.unit}."))
    elif around.unit is not None:
        notes.append(Warn("unit_dropped", "Only the number is kept, not the word behind it."))
    return tuple(notes)


def _ambiguous(text: str, values: set[int | Decimal]) -> BadValue:
    shown_values = [format(Decimal(one), "f") for one in sorted(values)]
    listed = " or ".join((", ".join(shown_values[:-1]), shown_values[-1]))
    return BadValue(
        "ambiguous_number",
        f"{shown(text)} is {listed}, and the document does not decide it",
        "Send a JSON number.",
    )


def _ends_in_a_letter(text: str, digits: str, letter: str) -> BadValue:
    return BadValue(
        "confusable_digit",
        f"{shown(text)} ends in a letter that looks like a digit: it is {digits} with a unit, or "
        f"{digits}{letter.translate(_LIKE)}",
        "Look at the page, and send the digits alone.",
    )


def _not_a_number(text: str) -> BadValue:
    return BadValue("not_a_number", f"{shown(text)} is not a number", _AS_PRINTED)
