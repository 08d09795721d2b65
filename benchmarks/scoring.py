"""How what was read compares with what a document says: fields, words, characters, order.

Text is compared in NFKC. Words are what stands between white space, without the punctuation around
them and without regard to case; signs that only draw a table in Markdown are no words.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal

MONTHS = [
    "January|Januar|janvier",
    "February|Februar|février",
    "March|März|mars",
    "April|avril",
    "May|Mai",
    "June|Juni|juin",
    "July|Juli|juillet",
    "August|août",
    "September|septembre",
    "October|Oktober|octobre",
    "November|novembre",
    "December|Dezember|décembre",
]
AMOUNT = re.compile(r"(?:[$€£]\s*)?(\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)")


def printed(value: object, text: str) -> bool:
    """The value stands in the text, apart from white space and case, and not inside of a number.

    An amount may be written with either decimal sign, with or without thousands signs, trailing
    zeros and a currency; an ISO date in any order of day, month and year, with a month's name, or
    with two digits of the year. Any other value has to be there sign by sign.
    """
    text = unicodedata.normalize("NFKC", text)
    return any(_stands(form, text) for form in [str(value), *_amounts(value), *_dates(value)])


def roughly_printed(value: object, text: str) -> bool:
    """Its letters and digits follow one another in the text, whatever stands between them."""
    wanted = _letters(str(value))
    return (bool(wanted) and wanted in _letters(text)) or printed(value, text)


def words(text: str) -> list[str]:
    bare = (re.sub(r"^\W+|\W+$", "", word) for word in _folded(text).split())
    return [word for word in bare if word]


def f1(found: str, wanted: str) -> float:
    """Of the bags of words, 0..1."""
    ours, theirs = Counter(words(found)), Counter(words(wanted))
    return 2 * (ours & theirs).total() / max(1, ours.total() + theirs.total())


def agreement(found: str, wanted: str) -> float:
    """Of the words in both texts, the share that stands in the same order: 0..1."""
    ours, theirs = words(found), words(wanted)
    both = (Counter(ours) & Counter(theirs)).total()
    return _common_subsequence(ours, theirs) / both if both else 0.0


def in_rows(lines: Iterable[tuple[str, Sequence[float]]]) -> str:
    """Lines with boxes (x0, y0, x1, y1) as their rows are read out, from the top, then the left.

    For truth that lists a receipt's prices after its names.
    """
    rows: list[list[tuple[str, Sequence[float]]]] = []
    for line in sorted(lines, key=lambda line: line[1][1] + line[1][3]):
        _, (_, y0, _, y1) = line
        if rows:
            _, (_, top, _, bottom) = rows[-1][-1]
            if abs(y0 + y1 - top - bottom) < min(y1 - y0, bottom - top):
                rows[-1].append(line)
                continue
        rows.append([line])

    return "\n".join(text for row in rows for text, _ in sorted(row, key=lambda line: line[1][0]))


def cer(found: str, wanted: str) -> float:
    """Edits per character of the wanted text, in one case, all white space being one space."""
    wanted = _spaced(wanted)
    return _edits(_spaced(found), wanted) / max(1, len(wanted))


def _stands(form: str, text: str) -> bool:
    signs = [re.escape(sign) for sign in unicodedata.normalize("NFKC", form) if not sign.isspace()]
    before = r"(?<!\d)(?<!\d[.,])" if form[:1].isdigit() else ""
    after = r"(?!\d)(?![.,]\d)" if form[-1:].isdigit() else ""
    pattern = before + r"\s*".join(signs) + after
    return bool(signs) and re.search(pattern, text, re.IGNORECASE) is not None


def _amounts(value: object) -> list[str]:
    match = AMOUNT.fullmatch(str(value).strip())
    if not match:
        return []
    amount = Decimal(match[1].replace(",", ""))
    whole = amount == amount.to_integral_value()
    forms = [f"{amount:,f}", *([f"{amount:,.2f}"] if amount == round(amount, 2) else [])]
    if whole:
        forms.append(f"{int(amount):,}")
    commas = [form.translate({ord(","): thousands}) for form in forms for thousands in ("", ",")]
    points = [
        form.replace(",", "\0").replace(".", ",").replace("\0", thousands)
        for form in forms
        for thousands in ("", ".", " ", "'")
    ]
    return commas + points


def _dates(value: object) -> list[str]:
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", str(value)):
        return []
    day = date.fromisoformat(str(value))
    found = [f"{day:%Y%m%d}"]
    for d, m in ((f"{day:%d}", f"{day:%m}"), (str(day.day), str(day.month))):
        for y in (f"{day:%Y}", f"{day:%y}"):
            for sign in "./-":
                found += [sign.join(parts) for parts in ((d, m, y), (m, d, y), (y, m, d))]
            for name in MONTHS[day.month - 1].split("|"):
                for month in (name, name[:3], name[:3] + "."):
                    found += [f"{d}{p}{s}{month}{s}{y}" for p in ("", ".") for s in (" ", "-")]
                    found += [f"{month} {d}, {y}", f"{month} {d} {y}"]

    return found


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _letters(text: str) -> str:
    return re.sub(r"[\W_]+", "", _folded(text))


def _spaced(text: str) -> str:
    return " ".join(_folded(text).split())


def _edits(one: str, other: str) -> int:
    """Levenshtein's distance, a row at a time in the bits of one number (Myers, 1999)."""
    if not one or not other:
        return len(one) or len(other)
    places = _places(one)
    full, last = (1 << len(one)) - 1, 1 << (len(one) - 1)
    up, down, edits = full, 0, len(one)
    for sign in other:
        here = places.get(sign, 0)
        level = (((here & up) + up) ^ up) | here | down
        right, left = down | (full & ~(level | up)), up & level
        edits += bool(right & last) - bool(left & last)
        right = (right << 1) | 1
        up, down = ((left << 1) | (full & ~(level | right))) & full, right & level & full

    return edits


def _common_subsequence(one: Sequence[str], other: Sequence[str]) -> int:
    """The length of the longest one, in bits likewise (Hyyrö, 2004)."""
    places, full = _places(one), (1 << len(one)) - 1
    open_ = full
    for word in other:
        taken = open_ & places.get(word, 0)
        open_ = ((open_ + taken) | (open_ - taken)) & full
    return len(one) - open_.bit_count()


def _places(signs: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for place, sign in enumerate(signs):
        found[sign] = found.get(sign, 0) | 1 << place
    return found
