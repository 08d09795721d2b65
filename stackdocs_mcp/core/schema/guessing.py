"""What type a field's name asks for, in the languages that documents are in.

A number or a date is guessed only where the name says so: a field that is text by mistake keeps
what is printed, one that is a number by mistake refuses it.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from stackdocs_mcp.core.evidence.concepts import label_concepts
from stackdocs_mcp.core.values.months import letters

Fragment = Mapping[str, Any]

TEXT: Fragment = MappingProxyType({"type": "string"})
NUMBER: Fragment = MappingProxyType({"type": "number"})
INTEGER: Fragment = MappingProxyType({"type": "integer"})
DATE: Fragment = MappingProxyType({"type": "string", "format": "date"})
DATE_TIME: Fragment = MappingProxyType({"type": "string", "format": "date-time"})
TIME: Fragment = MappingProxyType({"type": "string", "format": "time"})
BOOLEAN: Fragment = MappingProxyType({"type": "boolean"})

TYPES: Mapping[str, Fragment] = {
    "text": TEXT,
    "string": TEXT,
    "str": TEXT,
    "number": NUMBER,
    "decimal": NUMBER,
    "float": NUMBER,
    "money": NUMBER,
    "percent": NUMBER,
    "percentage": NUMBER,
    "integer": INTEGER,
    "int": INTEGER,
    "whole number": INTEGER,
    "date": DATE,
    "datetime": DATE_TIME,
    "date-time": DATE_TIME,
    "date time": DATE_TIME,
    "timestamp": DATE_TIME,
    "time": TIME,
    "boolean": BOOLEAN,
    "bool": BOOLEAN,
    "yes/no": BOOLEAN,
    "yes or no": BOOLEAN,
    "email": MappingProxyType({"type": "string", "format": "email"}),
}
"""The types that a field list can name."""

_WORD = re.compile(r"[^\W\d_]+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_AMOUNTS = frozenset({"total", "net", "amount", "price", "cost", "fee", "premium", "deductible"})
_OWED = frozenset({"tax", "due"})  # an amount where nothing follows: not a tax office or class
_FIGURES = frozenset({"quantity", "rate"})
_NAMES = frozenset({"number", "id", "currency", "code", "name", "terms", "description"})
_COUNTED = re.compile(r"(number|count|nombre|anzahl|numero) (of|de|di|der|von) ", re.IGNORECASE)
_YEARS = frozenset({"year", "jahr", "annee", "ano", "anno", "jaar", "rok"})
_CLOCK = frozenset({"time", "uhrzeit", "heure", "hora", "ora", "tijd", "godzina"})
_ENDINGS: Mapping[str, Fragment] = {
    "datum": DATE,
    **dict.fromkeys(("betrag", "preis", "summe", "kosten", "menge", "anzahl"), NUMBER),
    **dict.fromkeys(("bedrag", "prijs", "aantal"), NUMBER),
}
"""German and Dutch write what they name last, as one word."""


def guessed(title: str) -> Fragment:
    """The type that a field of this title most probably has; text where nothing tells."""
    title = _CAMEL.sub(" ", title).replace("_", " ").strip()
    words = [letters(word) for word in _WORD.findall(title)] or [""]
    concepts = [concept for word in words for concept in label_concepts(word)]
    rules = (
        (title.endswith("?"), BOOLEAN),
        ("date" in concepts and bool(_CLOCK.intersection(words)), DATE_TIME),
        ("date" in concepts, DATE),
        (_COUNTED.match(title) is not None or words[-1] in _YEARS, INTEGER),
        (len(words) == 1 and words[0] in _CLOCK, TIME),
        (bool(_NAMES.intersection(concepts)), TEXT),
        (bool((_AMOUNTS | _FIGURES).intersection(concepts)), NUMBER),
        ("%" in title or bool(_OWED.intersection(concepts[-1:])), NUMBER),
        *((words[-1].endswith(ending), fragment) for ending, fragment in _ENDINGS.items()),
    )
    return next((fragment for holds, fragment in rules if holds), TEXT)
