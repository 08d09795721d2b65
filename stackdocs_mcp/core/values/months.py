"""Months by name, and the languages that use the name.

Own tables, which hold every name of a month that CLDR has for these languages in all regions, and
those that it lacks. Babel (33 MB) would bring the same names with a parser that has to be told the
language and reads a quarter of the numbers and two fifths of the dates that CLDR itself prints;
``benchmarks/quality/printed.py`` compares.
"""

import unicodedata

_MONTHS = {
    "en": "january february march april may june july august september october november december "
    "jan feb mar apr may jun jul aug sep oct nov dec",
    "de": "januar februar märz april mai juni juli august september oktober november dezember "
    "jan feb mrz apr mai jun jul aug sep okt nov dez "
    "jänner feber mär april mai juni juli aug sept okt nov dez",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre "
    "janv févr mars avr mai juin juil août sept oct nov déc "
    "jan fév mars avr mai jui juill août sept oct nov déc",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre "
    "diciembre ene feb mar abr may jun jul ago sep oct nov dic "
    "ene feb mar abr may jun jul ago setiembre oct nov dic",
    "it": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre "
    "dicembre gen feb mar apr mag giu lug ago set ott nov dic "
    "genn febbr marzo apr magg giugno luglio agosto sett ott nov dic",
    "nl": "januari februari maart april mei juni juli augustus september oktober november december "
    "jan feb mrt apr mei jun jul aug sep okt nov dec",
    "pt": "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro "
    "dezembro jan fev mar abr mai jun jul ago set out nov dez",
    "pl": "stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października "
    "listopada grudnia sty lut mar kwi maj cze lip sie wrz paź lis gru "
    "styczeń luty marzec kwiecień maj czerwiec lipiec sierpień wrzesień "
    "październik listopad grudzień",
    "he": "ינואר פברואר מרץ אפריל מאי יוני יולי אוגוסט ספטמבר אוקטובר נובמבר דצמבר "
    "ינו פבר מרץ אפר מאי יונ יול אוג ספט אוק נוב דצמ "
    "ינואר פברואר מרס אפריל מאי יוני יולי אוגוסט ספט אוקט נובמבר דצמ",
    # Egypt and the Gulf; the Levant and Iraq; Algeria and Tunisia; Morocco; Mauritania.
    "ar": "يناير فبراير مارس أبريل مايو يونيو يوليو أغسطس سبتمبر أكتوبر نوفمبر ديسمبر "
    "كانون_الثاني شباط آذار نيسان أيار حزيران تموز آب أيلول تشرين_الأول تشرين_الثاني كانون_الأول "
    "جانفي فيفري مارس أفريل ماي جوان جويلية أوت سبتمبر أكتوبر نوفمبر ديسمبر "
    "يناير فبراير مارس أبريل ماي يونيو يوليوز غشت شتنبر أكتوبر نونبر دجنبر "
    "يناير فبراير مارس إبريل مايو يونيه يوليه أغشت شتمبر أكتوبر نوفمبر دجمبر",
}
_UMLAUTS_SPELT_OUT = {"maerz": 3, "jaenner": 1}
_ROMAN = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII")
"""As Polish prints them: ``4 III 2026``."""
MONTH = r"((?:كانون|تشرين) ال(?:أول|اول|ثاني)|[^\W\d_]{2,12}|[IVX])"
"""What may be the name of a month, as one group; two words only in the Levant."""


_STROKES = str.maketrans("łøđ", "lod")
"""Letters that Unicode does not take apart."""


def letters(word: str) -> str:
    """A word in lower case without accents and the full stop of an abbreviation."""
    decomposed = unicodedata.normalize("NFKD", word.casefold().rstrip(".").translate(_STROKES))
    return "".join(char for char in decomposed if not unicodedata.combining(char))


def month_number(word: str) -> int | None:
    """1 to 12, None for any other word."""
    return _NUMBERS.get(letters(word)) or (_ROMAN.index(word) + 1 if word in _ROMAN else None)


def _months() -> tuple[dict[str, int], dict[str, frozenset[str]]]:
    numbers = dict(_UMLAUTS_SPELT_OUT)
    languages: dict[str, set[str]] = {}
    for language, names in _MONTHS.items():
        for index, name in enumerate(names.split()):
            word = letters(name.replace("_", " "))
            # "In March" is one word in Hebrew.
            for known in (word, f"ב{word}") if language == "he" else (word,):
                numbers[known] = index % 12 + 1
                languages.setdefault(known, set()).add(language)

    return numbers, {word: frozenset(found) for word, found in languages.items()}


_NUMBERS, MONTH_LANGUAGES = _months()
