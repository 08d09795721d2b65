"""Words and marks that carry a value: yes and no, and money - as documents print them.

Own tables rather than a locale library's: CLDR has one way to print each, documents have many, and
the libraries that parse them guess (see ``months.py``, ``benchmarks/quality/printed.py``).
"""

import re
import unicodedata
from collections.abc import Mapping

_TRUE = (
    "yes y true ja wahr oui vrai si sí sì verdadero vero waar sim verdadeiro tak prawda x "
    "是 对 對 有 はい あり כן נכון نعم صحيح ✓ ✔ ✅ ☑ ☒ 🗹 🗷 ■ ◉ ⦿"
)
_FALSE = (
    "no n false nein falsch non faux falso nee onwaar não nao nie fałsz "
    "否 不是 没有 無 无 いいえ なし לא لا خطأ ☐ □ ⬜"
)
TRUE_WORDS, FALSE_WORDS = frozenset(_TRUE.split()), frozenset(_FALSE.split())
"""A cross that is no letter (``✗``) ticks a box here, and denies there: it is neither."""

CURRENCIES: Mapping[str, tuple[str, ...]] = {
    "EUR": ("€", "euro", "euros"),
    "USD": ("$", "us$", "$us", "dollar", "dollars"),
    "GBP": ("£", "pound", "pounds"),
    "CHF": ("fr.", "sfr.", "fr", "sfr", "franken"),
    "JPY": ("¥", "円", "圓", "yen", "jp¥"),
    "CNY": ("¥", "元", "圆", "人民币", "rmb", "yuan", "cn¥"),
    "TWD": ("nt$", "元"),
    "MYR": ("rm",),
    "INR": ("₹", "rs", "rs.", "rupees"),
    "PLN": ("zł", "zl", "złotych", "złote", "złoty"),
    "CZK": ("kč",),
    "HUF": ("ft",),
    "SEK": ("kr", "kr."),
    "NOK": ("kr", "kr."),
    "DKK": ("kr", "kr."),
    "BRL": ("r$", "reais"),
    "AUD": ("$", "a$", "au$", "$au"),
    "CAD": ("$", "c$", "ca$", "$ca"),
    "SGD": ("$", "s$"),
    "HKD": ("$", "hk$", "$hk"),
    "NZD": ("$", "nz$", "$nz"),
    "MXN": ("$", "mx$", "pesos"),
    "KRW": ("₩", "원"),
    "ILS": ("₪", 'ש"ח', "ש\u05f4ח", "ש''ח", "שח", "nis", "שקל", "שקלים"),
    "TRY": ("₺", "tl"),
    "UAH": ("₴",),
    "RUB": ("₽",),
    "THB": ("฿",),
    "VND": ("₫",),
    "PHP": ("₱",),
    "IDR": ("rp", "rp."),
    "RON": ("lei",),
    "AED": ("dh", "dhs", "د.إ", "د.إ.", "درهم"),
    "SAR": ("sr", "ر.س", "ر.س.", "ريال", "\u20c1"),
    "QAR": ("ر.ق", "ر.ق.", "ريال"),
    "EGP": ("ج.م", "ج.م.", "جنيه", "e£"),
    "KWD": ("د.ك", "د.ك.", "دينار"),
    "JOD": ("د.أ", "د.أ.", "دينار"),
    "MAD": ("د.م.", "درهم"),
    "DEM": ("dm",),
}
"""ISO 4217 codes with how they are printed, in lower case."""

_OTHER_CODES = (
    "AFN ALL AMD ANG AOA ARS ATS AWG AZN BAM BBD BDT BEF BGN BHD BIF BMD BND BOB BSD BTN BWP BYN "
    "BZD CDF CLF CLP COP CRC CUP CVE DJF DOP DZD ERN ESP ETB FIM FJD FKP FRF GEL GHS GIP GMD GNF "
    "GRD GTQ GYD HNL HRK HTG IEP IQD IRR ISK ITL JMD KES KGS KHR KMF KPW KYD KZT LAK LBP LKR LRD "
    "LSL LTL LUF LVL LYD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MZN NAD NGN NIO NLG NPR OMR PAB "
    "PEN PGK PKR PTE PYG RSD RWF SBD SCR SDG SHP SIT SKK SLE SLL SOS SRD SSP STN SVC SYP SZL TJS "
    "TMT TND TOP TTD TZS UGX UYU UZS VES VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWL"
)
"""Codes that are only money in capitals: "all", "mad" and "top" are words."""
_LOWER_CASE_CODES = "eur usd gbp chf jpy cny inr pln czk huf sek nok dkk brl myr krw"
_CURRENCY_NAMES = (
    frozenset(name for names in CURRENCIES.values() for name in names)
    | frozenset(_LOWER_CASE_CODES.split())
    | frozenset((*CURRENCIES, *_OTHER_CODES.split()))
)


def is_currency(word: str) -> bool:
    """A code, a symbol or a name of money: ``EUR``, ``€``, ``kr.``, ``RM``."""
    if word in _CURRENCY_NAMES or (word != "FR" and word.lower() in _CURRENCY_NAMES):
        return True  # FR is France, in front of tax numbers and accounts
    return bool(word) and all(unicodedata.category(char) == "Sc" for char in word)


def currency_forms(code: str) -> tuple[str, ...]:
    """How a currency code may be printed instead: ``EUR`` -> ``€``, ``euro``..."""
    return CURRENCIES.get(code.upper(), ()) if re.fullmatch(r"[A-Za-z]{3}", code) else ()
