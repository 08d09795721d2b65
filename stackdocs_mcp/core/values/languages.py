"""Which language a text is in, as far as a few words tell that every document has."""

import re
from collections import Counter

from stackdocs_mcp.core.values.months import MONTH_LANGUAGES

_ANY_WORD = re.compile(r"[^\W\d_]{2,}")
_EAST_ASIAN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_KANA = re.compile(r"[\u3040-\u30ff]")
_WORDS = {
    "de": "und der die das für von vom bis zum rechnung betrag datum summe mwst ust steuer",
    "en": "the and of for to invoice amount date total tax with from",
    "fr": "le les des et du pour facture montant tva une avec votre sur",
    "es": "el los las y del para factura importe fecha iva con por",
    "it": "gli di e della per fattura importo data iva con totale",
    "nl": "het een en van voor factuur bedrag datum btw met",
    "pt": "os das e do para fatura valor data iva com por",
    "pl": "i w z na do faktura kwota data vat razem suma",
    "he": "של את על לא או עם חשבונית סכום תאריך לתשלום מספר",
    "ar": "من في على إلى أو عن فاتورة المبلغ تاريخ التاريخ الإجمالي المجموع رقم",
}


def languages_in(text: str) -> Counter[str]:
    """How many words of each language are found: months, and a few that every document has."""
    found: Counter[str] = Counter()
    for word in _ANY_WORD.findall(text):
        if language := _LANGUAGE_OF.get(word.casefold()):
            found[language] += 1

    return found


def east_asian(text: str) -> int:
    """How many characters are Chinese, Japanese or Korean."""
    return 0 if text.isascii() else len(_EAST_ASIAN.findall(text))


def kana(text: str) -> int:
    """How many characters are Japanese only."""
    return 0 if text.isascii() else len(_KANA.findall(text))


def _languages() -> dict[str, str]:
    found: dict[str, set[str]] = {}
    for language, words in _WORDS.items():
        for word in words.split():
            found.setdefault(word, set()).add(language)
    for word, languages in MONTH_LANGUAGES.items():
        if len(languages) == 1:
            found.setdefault(word, set()).update(languages)

    return {word: min(languages) for word, languages in found.items() if len(languages) == 1}


_LANGUAGE_OF = _languages()
"""Words of one language only."""
