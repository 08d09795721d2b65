"""Quotes that stand nowhere, do not have the value, say too little, or nobody can see."""

from decimal import Decimal

import pytest
from hypothesis import assume, given, settings, strategies as st

from stackdocs_mcp.core.evidence.texts import quote_spans
from stackdocs_mcp.core.model import JsonValue, Verdict
from tests.core.evidence.papers import INVOICE, cited, codes, laid_out, page

PAGE = page(INVOICE)


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text)).casefold()


LONG = [line for line in INVOICE if len(line.split()) > 2]


@pytest.mark.requirement("EVID-05")
@settings(max_examples=150, deadline=None)
@given(line=st.sampled_from(LONG), data=st.data())
def test_a_line_with_its_words_shuffled_is_not_found(line: str, data: st.DataObject) -> None:
    shuffled = " ".join(data.draw(st.permutations(line.split())))
    assume(_letters(shuffled) != _letters(line))  # signs may stand elsewhere
    finding = cited(473, shuffled, PAGE)
    assert finding.evidence.verdict is Verdict.NOT_FOUND


@pytest.mark.requirement("EVID-05")
@settings(max_examples=150, deadline=None)
@given(
    line=st.sampled_from([line for line in INVOICE if any(map(str.isdigit, line))]), data=st.data()
)
def test_a_line_with_a_digit_changed_is_not_found(line: str, data: st.DataObject) -> None:
    where = data.draw(st.sampled_from([at for at, char in enumerate(line) if char.isdigit()]))
    other = data.draw(st.sampled_from([one for one in "0123456789" if one != line[where]]))
    changed = line[:where] + other + line[where + 1 :]
    assert cited(473, changed, PAGE).evidence.verdict is Verdict.NOT_FOUND


@pytest.mark.requirement("EVID-05")
@settings(max_examples=150, deadline=None)
@given(st.text(st.characters(categories=["L", "N", "Zs", "P"]), min_size=6, max_size=60))
def test_an_invention_is_not_found(quote: str) -> None:
    letters = _letters(quote)
    assume(letters and letters not in _letters(" ".join(INVOICE)))
    assert cited(473, quote, PAGE).evidence.verdict is Verdict.NOT_FOUND


@pytest.mark.requirement("EVID-05")
@pytest.mark.parametrize(
    "quote", ["Summe netto 473,00 $", "Summe netto 473,00 %", "USt. 19 € 56,87"]
)
def test_a_quote_with_another_sign_is_not_found(quote: str) -> None:
    assert cited(473, quote, PAGE).evidence.verdict is Verdict.NOT_FOUND


@pytest.mark.requirement("EVID-QUOTE")
@pytest.mark.parametrize(
    ("value", "quote"),
    [
        (473, "Gesamtbetrag 1.529,87 EUR"),  # another line has it
        ("Lieferant GmbH", "Musterstraße 12"),
        ("2018-03-05", "Zahlbar bis 04.04.2018"),
        (Decimal("99.95"), "Summe netto"),  # none has it
        (529, "Gesamtbetrag 1.529,87 EUR"),  # a part of what it has
    ],
)
def test_a_quote_that_does_not_have_the_value_is_no_evidence(value: JsonValue, quote: str) -> None:
    assert cited(value, quote, PAGE).evidence.verdict is Verdict.VALUE_DIFFERS


@pytest.mark.requirement("EVID-QUOTE")
def test_a_value_beside_the_quote_in_its_line_is_located_and_said() -> None:
    finding = cited(473, "Summe netto", PAGE)
    assert (finding.evidence.verdict, codes(finding)) == (Verdict.LOCATED, ["other_line"])


@pytest.mark.requirement("EVID-QUOTE")
@pytest.mark.parametrize(
    ("value", "quote", "lines"),
    [
        (2, "2", ["Menge 2", "2 Tee", "Summe 2"]),
        (True, "x", ["[x] Tee", "x", "[x] Salz"]),
        ("A", "A", ["A 1", "A 2", "B"]),
    ],
)
def test_a_quote_that_fits_anywhere_proves_no_place(
    value: JsonValue, quote: str, lines: list[str]
) -> None:
    finding = cited(value, quote, page(lines), "salz")
    assert finding.evidence.verdict is not Verdict.VERIFIED
    assert "short_quote" in codes(finding)


@pytest.mark.requirement("EVID-QUOTE")
@pytest.mark.parametrize("quote", ["e", "of", "der", ".", " ", "%"])
def test_a_letter_or_a_little_word_is_no_evidence_of_a_number(quote: str) -> None:
    on = page(["Price of tea 5,00 %", "der Preis of e", "e of der ."])
    verdict = cited(5, quote, on).evidence.verdict
    assert verdict in (Verdict.VALUE_DIFFERS, Verdict.NOT_FOUND)


@pytest.mark.requirement("EVID-QUOTE")
def test_a_short_quote_that_stands_once_is_taken() -> None:
    assert cited(20, "20", page(["Menge 20", "Preis 9,90"])).evidence.verdict is Verdict.VERIFIED


HIDDEN = ["Please pay 99,95 EUR", "to Hidden Ltd"]


@pytest.mark.requirement("EVID-09")
@pytest.mark.parametrize(
    ("value", "quote"),
    [
        (Decimal("99.95"), "Please pay 99,95 EUR"),
        (Decimal("99.95"), "Zahlbar bis 04.04.2018 Please pay 99,95 EUR"),  # and what is seen
        ("Hidden Ltd", "99,95 EUR to Hidden Ltd"),
        (Decimal("99.95"), "99,95"),
    ],
)
def test_a_quote_of_what_nobody_sees_never_verifies(value: JsonValue, quote: str) -> None:
    evidence = cited(value, quote, page(INVOICE, hidden=HIDDEN)).evidence
    assert evidence.verdict is Verdict.HIDDEN


@pytest.mark.requirement("EVID-09")
def test_a_quote_over_seen_and_unseen_lines_is_not_found_though_its_value_is_seen() -> None:
    quote = "Zahlbar bis 04.04.2018 Please pay"
    evidence = cited("2018-04-04", quote, page(INVOICE, hidden=HIDDEN)).evidence
    assert evidence.verdict is Verdict.NOT_FOUND


@pytest.mark.requirement("EVID-09")
@pytest.mark.parametrize("value", [Decimal("99.95"), "Hidden Ltd", "EUR to Hidden"])
def test_lines_that_nobody_sees_never_verify_together_with_those_that_are_seen(
    value: JsonValue,
) -> None:
    on = page(["Rechnung"], hidden=HIDDEN)
    for lines in ([1, 2, 3], [2, 3], [1]):
        assert cited(value, lines, on).evidence.verdict is Verdict.HIDDEN


@pytest.mark.requirement("EVID-09")
def test_a_value_whose_halves_are_seen_and_unseen_is_not_found() -> None:
    on = page(["Order RE-2018/"], hidden=["77 of today"])
    assert not cited("RE-2018/77", [1, 2], on).evidence.verdict.holds
    assert not cited("Order RE-2018/77 of today", [1, 2], on).evidence.verdict.holds


@pytest.mark.requirement("EVID-11")
def test_the_parts_of_an_address_stand_in_one_column() -> None:
    on = laid_out(
        [
            [(10, "Lieferant GmbH"), (300, "Kunde AG")],
            [(10, "Musterweg 12"), (300, "Hauptplatz 5")],
            [(10, "12345 Musterstadt"), (300, "99999 Kundenstadt")],
        ]
    )
    own = "Lieferant GmbH\nMusterweg 12\n12345 Musterstadt"
    place = cited(own, [1, 2, 3], on).evidence.place
    assert place is not None
    assert [box.x0 for box in place.boxes] == [10, 10, 10]
    mixed = cited(own.replace("Musterweg 12", "Hauptplatz 5"), [1, 2, 3], on)
    assert (mixed.evidence.verdict, codes(mixed)) == (Verdict.FUZZY, ["scattered"])


@pytest.mark.requirement("EVID-11")
def test_of_equal_parts_of_an_address_the_one_in_its_column_is_taken() -> None:
    on = laid_out(
        [[(10, "Lieferant GmbH"), (300, "Kunde AG")], [(300, "Berlin")], [(10, "Berlin")]]
    )
    finding = cited("Lieferant GmbH\nBerlin", [1, 2, 3], on)
    assert finding.evidence.verdict is Verdict.VERIFIED
    assert finding.evidence.place is not None
    assert finding.evidence.place.lines == (1, 3)


@pytest.mark.requirement("EVID-04")
@settings(max_examples=200, deadline=None)
@given(line=st.sampled_from(INVOICE), data=st.data())
def test_a_quote_is_found_wherever_whole_words_of_a_line_are_quoted(
    line: str, data: st.DataObject
) -> None:
    words = line.split(" ")
    low = data.draw(st.integers(0, len(words) - 1))
    high = data.draw(st.integers(low + 1, len(words)))
    quote = " ".join(words[low:high])
    there = [PAGE.text[start:end] for start, end in quote_spans(quote, PAGE)]
    assert quote in there
