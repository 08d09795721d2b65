"""Languages by their ISO 639-1 codes: what each is written in, and whether a scan of it is read.

A hint narrows what the recognition may take a sign for: in a German document no sign is Chinese.
Latin letters, digits and punctuation are never ruled out; they stand in documents of any language.
"""

import unicodedata
from collections.abc import Iterable

LATIN, GREEK, HAN, KANA = "latin", "greek", "han", "kana"
KNOWN = frozenset((LATIN, GREEK, HAN, KANA))
"""Scripts that the models know letters of; of Greek those without accents, as in formulas."""
_READ = KNOWN - {GREEK}

_NAMES = {"LATIN", "GREEK", "CJK", "HIRAGANA", "KATAKANA", "FULLWIDTH", "HALFWIDTH", "FEMININE"}
_NAMES |= {"MASCULINE", "MICRO", "MODIFIER", "IDEOGRAPHIC", "KATAKANA-HIRAGANA"}
"""How the Unicode names of letters of those begin, and of letters of no script."""

_CODES = {
    LATIN: """aa af ak an ay az bi bm br bs ca ch co cs cy da de ee en eo es et eu ff fi fj fo fr fy
        ga gd gl gn gv ha ho hr ht hu hz ia id ie ik io is it jv kg ki kj kl kr ku kw la lb lg li
        ln lt lu lv mg mh mi ms mt na nb nd ng nl nn no nr nv ny oc om pl pt qu rm rn ro rw sc se
        sg sk sl sm sn so sq ss st su sv sw tk tl tn to tr ts tw ty uz ve vo wa wo xh za zu""",
    "latin with marks below": "ig vi yo",
    GREEK: "el",
    HAN: "zh",
    KANA: "ja",
    "cyrillic": "ab av ba be bg ce cu cv kk kv ky mk mn os ru sr tg tt uk",
    "arabic": "ar fa ks ps sd ug ur",
    "hebrew": "he yi",
    "devanagari": "hi mr ne pi sa",
    "armenian": "hy",
    "bengali": "as bn",
    "burmese": "my",
    "canadian syllabics": "cr iu oj",
    "ethiopic": "am ti",
    "georgian": "ka",
    "gujarati": "gu",
    "gurmukhi": "pa",
    "hangul": "ko",
    "kannada": "kn",
    "khmer": "km",
    "lao": "lo",
    "malayalam": "ml",
    "odia": "or",
    "sinhala": "si",
    "tamil": "ta",
    "telugu": "te",
    "thaana": "dv",
    "thai": "th",
    "tibetan": "bo dz",
    "avestan": "ae",
    "yi": "ii",
}
SCRIPTS = {code: script for script, codes in _CODES.items() for code in codes.split()}
"""What a language is mostly written in; ``kana`` stands for Japanese, which has Han beside it."""


def readable(code: str) -> bool:
    """The models know all letters of this language. Raises KeyError for what is no ISO 639-1 code.

    They know Latin letters with marks above them or through them, not below and not twice.
    """
    return SCRIPTS[code] in _READ


def scripts(codes: Iterable[str]) -> frozenset[str]:
    """The scripts to look for in documents in these languages; all where no code is known."""
    written = {SCRIPTS[code] for code in codes if code in SCRIPTS}
    if not written:
        return KNOWN
    if KANA in written:
        written.add(HAN)
    return frozenset({LATIN, *written})


def is_known(letter: str) -> bool:
    """It is of a script that the models know letters of."""
    return letter.isascii() or unicodedata.name(letter, "").split(" ")[0] in _NAMES
