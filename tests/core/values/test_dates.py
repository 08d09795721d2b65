from datetime import date

import pytest
from hypothesis import given, settings, strategies as st

from stackdocs_mcp.core.errors import BadValue
from stackdocs_mcp.core.values import Expected, Signs, signs_of, typed

DATE = Expected(frozenset({"string"}), "date")
DATE_TIME = Expected(frozenset({"string"}), "date-time")
TIME = Expected(frozenset({"string"}), "time")
DAY_FIRST = signs_of(["31/12/2025"])
MONTH_FIRST = signs_of(["12/31/2025"])
MONTHS = {
    "en": [
        "January",
        "Feb",
        "MARCH",
        "Apr.",
        "May",
        "June",
        "Jul",
        "August",
        "Sept.",
        "October",
        "Nov",
        "December",
    ],
    "de": [
        "Januar",
        "Feb.",
        "März",
        "April",
        "Mai",
        "Juni",
        "Juli",
        "Aug.",
        "September",
        "Okt.",
        "November",
        "Dezember",
    ],
    "fr": [
        "janvier",
        "février",
        "mars",
        "avr.",
        "mai",
        "juin",
        "juillet",
        "août",
        "sept.",
        "octobre",
        "novembre",
        "DÉCEMBRE",
    ],
    "es": [
        "enero",
        "febrero",
        "marzo",
        "abril",
        "mayo",
        "junio",
        "julio",
        "agosto",
        "septiembre",
        "octubre",
        "noviembre",
        "diciembre",
    ],
    "it": [
        "gennaio",
        "febbraio",
        "marzo",
        "aprile",
        "maggio",
        "giugno",
        "luglio",
        "agosto",
        "settembre",
        "ottobre",
        "novembre",
        "dicembre",
    ],
    "nl": [
        "januari",
        "februari",
        "maart",
        "april",
        "mei",
        "juni",
        "juli",
        "augustus",
        "september",
        "oktober",
        "november",
        "december",
    ],
    "pt": [
        "janeiro",
        "fevereiro",
        "março",
        "abril",
        "maio",
        "junho",
        "julho",
        "agosto",
        "setembro",
        "outubro",
        "novembro",
        "dezembro",
    ],
    "pl": [
        "stycznia",
        "lutego",
        "marca",
        "kwietnia",
        "maja",
        "czerwca",
        "lipca",
        "sierpnia",
        "września",
        "października",
        "listopada",
        "grudnia",
    ],
}
NUMERIC = [
    "{d:02}.{m:02}.{y}",
    "{d}.{m}.{y}",
    "{d:02}. {m:02}. {y}",
    "{y}-{m:02}-{d:02}",
    "{y}/{m:02}/{d:02}",
    "{y}年{m}月{d}日",
    "{y}{m:02}{d:02}",
    "{d:02} {m:02} {y}",
]
NAMED = [
    "{d}. {name} {y}",
    "{d} {name} {y}",
    "{name} {d}, {y}",
    "{d}-{name}-{y}",
    "den {d}. {name} {y}",
    "Monday, {d} {name} {y}",
    "{d} de {name} de {y}",
    "{d}th of {name}, {y}",
    "{name} {d}. {y}",
]
days = st.dates(date(1970, 1, 1), date(2068, 12, 31))


@pytest.mark.requirement("VALUE-04")
@settings(max_examples=200, deadline=None)
@given(day=days, form=st.sampled_from(NUMERIC))
def test_a_date_in_figures_is_read(day: date, form: str) -> None:
    text = form.format(d=day.day, m=day.month, y=day.year)
    assert typed(text, DATE, Signs()).value == day.isoformat()


@pytest.mark.requirement("VALUE-04")
@settings(max_examples=300, deadline=None)
@given(day=days, form=st.sampled_from(NAMED), language=st.sampled_from(sorted(MONTHS)))
def test_a_date_with_a_month_in_words_is_read(day: date, form: str, language: str) -> None:
    text = form.format(d=day.day, name=MONTHS[language][day.month - 1], y=day.year)
    assert typed(text, DATE, Signs()).value == day.isoformat()


@pytest.mark.requirement("VALUE-05")
@settings(max_examples=200, deadline=None)
@given(
    day=st.dates(date(1970, 1, 1), date(2039, 12, 31)),
    mark=st.sampled_from("/-"),
    short=st.booleans(),
)
def test_day_and_month_are_told_apart_by_the_document(day: date, mark: str, short: bool) -> None:
    year = f"{day.year % 100:02}" if short else f"{day.year}"
    d, m = f"{day.day:02}", f"{day.month:02}"
    assert typed(mark.join((d, m, year)), DATE, DAY_FIRST).value == day.isoformat()
    assert typed(mark.join((m, d, year)), DATE, MONTH_FIRST).value == day.isoformat()


@pytest.mark.requirement("VALUE-05")
def test_an_undecided_date_is_refused_with_both_readings() -> None:
    with pytest.raises(BadValue) as refused:
        typed("03/04/2026", DATE, Signs())
    assert refused.value.code == "ambiguous_date"
    assert "2026-03-04 or 2026-04-03" in refused.value.message


@pytest.mark.requirement("VALUE-05")
@pytest.mark.parametrize(
    ("lines", "read"),
    [
        (["Rechnung vom 05.03.2018"], "2026-04-03"),
        (["Facture du mois de mars, montant de la TVA pour le client"], "2026-04-03"),
        (["31/12/2025 and 12/31/2025"], None),
        (["Invoice for the month of March"], None),
        (["Rechnung vom 12/31/2025"], "2026-03-04"),
    ],
)
def test_a_proof_decides_before_the_language_does(lines: list[str], read: str | None) -> None:
    try:
        found = typed("03/04/2026", DATE, signs_of(lines)).value
    except BadValue:
        found = None
    assert found == read


@pytest.mark.requirement("VALUE-04")
@pytest.mark.parametrize(
    "text",
    [
        "",
        "30.02.2018",
        "2018-02-30",
        "31/04/2018",
        "2018-13-45",
        "0000-01-01",
        "10000-01-01",
        "29.02.2019",
        "5. Foo 2018",
        "March 2018",
        "5.3.",
        "tomorrow",
        "1.2.3.2018",
        "12345",
    ],
)
def test_what_is_no_day_of_the_calendar_is_refused(text: str) -> None:
    with pytest.raises(BadValue) as refused:
        typed(text, DATE, DAY_FIRST)
    assert refused.value.code == "not_a_date"


@pytest.mark.requirement("VALUE-17")
@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("2018-03-05T14:30:00Z", "2018-03-05T14:30:00Z"),
        ("2018-03-05T14:30:00+02:00", "2018-03-05T14:30:00+02:00"),
        ("05.03.2018 14:30", "2018-03-05T14:30:00"),
        ("March 5, 2018 2:30 pm", "2018-03-05T14:30:00"),
        ("5. März 2018, 14:30:15 Uhr", "2018-03-05T14:30:15"),
    ],
)
def test_a_date_with_a_time_is_read(text: str, stored: str) -> None:
    assert typed(text, DATE_TIME, Signs()).value == stored


@pytest.mark.requirement("VALUE-17")
@pytest.mark.parametrize("text", ["05.03.2018", "2018-03-05", "2018-03-05T23:59:60", "14:30"])
def test_no_time_of_day_is_invented(text: str) -> None:
    with pytest.raises(BadValue):
        typed(text, DATE_TIME, Signs())


@pytest.mark.requirement("VALUE-17")
@pytest.mark.parametrize(
    ("text", "stored"), [("2.30 pm", "14:30:00"), ("08:05", "08:05:00"), ("12:01 am", "00:01:00")]
)
def test_a_time_of_day_is_read(text: str, stored: str) -> None:
    assert typed(text, TIME, Signs()).value == stored
