"""Words that carry a value: months, yes and no, currencies, scales - as documents print them.

Own tables rather than a locale library: the 200 words weigh nothing, where one would add 10 MB
and still leave the parsing to us.
"""

import re
import unicodedata
from collections.abc import Mapping

_MONTHS = {
    "en": "january february march april may june july august september october november december "
    "jan feb mar apr may jun jul aug sep oct nov dec sept",
    "de": "januar februar märz april mai juni juli august september oktober november dezember "
    "jan feb mrz apr mai jun jul aug sep okt nov dez jänner feber",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre "
    "janv févr mars avr mai juin juil août sept oct nov déc",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre "
    "diciembre ene feb mar abr may jun jul ago sep oct nov dic",
    "it": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre "
    "dicembre gen feb mar apr mag giu lug ago set ott nov dic",
    "nl": "januari februari maart april mei juni juli augustus september oktober november december "
    "jan feb mrt apr mei jun jul aug sep okt nov dec",
    "pt": "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro "
    "dezembro jan fev mar abr mai jun jul ago set out nov dez",
    "pl": "stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października "
    "listopada grudnia sty lut mar kwi maj cze lip sie wrz paź lis gru",
    "pl-nominative": "styczeń luty marzec kwiecień maj czerwiec lipiec sierpień wrzesień "
    "październik listopad grudzień",
}
_IRREGULAR = {"sept": 9, "jänner": 1, "feber": 2, "janv": 1, "févr": 2, "setiembre": 9, "maerz": 3}

TRUE_WORDS = frozenset(
    ("yes", "y", "true", "ja", "oui", "vrai", "si", "sí", "sì", "sim", "tak", "x", "是")
) | frozenset("✓✔☑☒")
FALSE_WORDS = frozenset(
    ("no", "n", "false", "nein", "non", "faux", "nee", "não", "nao", "nie", "否", "☐", "□")
)

CURRENCIES: Mapping[str, tuple[str, ...]] = {
    "EUR": ("€", "euro", "euros"),
    "USD": ("$", "us$", "dollar", "dollars"),
    "GBP": ("£", "pound", "pounds"),
    "CHF": ("fr.", "sfr.", "fr", "sfr", "franken"),
    "JPY": ("¥", "円", "yen"),
    "CNY": ("¥", "元", "rmb", "yuan"),
    "MYR": ("rm",),
    "INR": ("₹", "rs", "rs.", "rupees"),
    "PLN": ("zł", "zl"),
    "CZK": ("kč",),
    "HUF": ("ft",),
    "SEK": ("kr", "kr."),
    "NOK": ("kr", "kr."),
    "DKK": ("kr", "kr."),
    "BRL": ("r$",),
    "AUD": ("$", "a$"),
    "CAD": ("$", "c$"),
    "SGD": ("$", "s$"),
    "HKD": ("$", "hk$"),
    "NZD": ("$", "nz$"),
    "MXN": ("$", "mx$"),
    "KRW": ("₩",),
    "ILS": ("₪",),
    "TRY": ("₺", "tl"),
    "UAH": ("₴",),
    "RUB": ("₽",),
    "THB": ("฿",),
    "VND": ("₫",),
    "PHP": ("₱",),
    "IDR": ("rp", "rp."),
    "RON": ("lei",),
    "AED": ("dh", "dhs"),
    "SAR": ("sr",),
    "DEM": ("dm",),
}
"""ISO 4217 codes with how they are printed, in lower case."""

SCALES: Mapping[str, int] = {
    **dict.fromkeys(("k", "tsd", "tsd.", "thousand", "tausend", "mille"), 3),
    **dict.fromkeys(("mn", "mln", "mln.", "mio", "mio.", "million", "millions"), 6),
    **dict.fromkeys(("millionen", "millones"), 6),
    **dict.fromkeys(("bn", "mrd", "mrd.", "billion", "billions"), 9),
    **dict.fromkeys(("milliarde", "milliarden", "milliard"), 9),
}
"""Powers of ten by the word behind a number. ``m`` is a metre as often, ``mil`` too short."""


def letters(word: str) -> str:
    """A word in lower case without accents and the full stop of an abbreviation."""
    decomposed = unicodedata.normalize("NFKD", word.casefold().rstrip("."))
    return "".join(char for char in decomposed if not unicodedata.combining(char))


def _months() -> tuple[dict[str, int], dict[str, frozenset[str]]]:
    numbers: dict[str, int] = {letters(word): month for word, month in _IRREGULAR.items()}
    languages: dict[str, set[str]] = {}
    for language, names in _MONTHS.items():
        for index, word in enumerate(names.split()):
            known = letters(word)
            numbers.setdefault(known, index % 12 + 1)
            languages.setdefault(known, set()).add(language[:2])

    return numbers, {word: frozenset(found) for word, found in languages.items()}


MONTHS, MONTH_LANGUAGES = _months()
"""Months by name without accents, and the languages that use the name."""

_CURRENCY_NAMES = frozenset(
    [code.casefold() for code in CURRENCIES]
    + [name for names in CURRENCIES.values() for name in names]
)


def is_currency(word: str) -> bool:
    """A code, a symbol or a name of money: ``EUR``, ``€``, ``kr.``, ``RM``."""
    folded = word.casefold()
    if folded in _CURRENCY_NAMES:
        return True
    return bool(word) and all(unicodedata.category(char) == "Sc" for char in word)


def currency_forms(code: str) -> tuple[str, ...]:
    """How a currency code may be printed instead: ``EUR`` -> ``€``, ``euro``..."""
    return CURRENCIES.get(code.upper(), ()) if re.fullmatch(r"[A-Za-z]{3}", code) else ()
