# ruff: noqa: RUF001  letters and digits of other scripts are meant
from datetime import date

import pytest
from hypothesis import given, settings, strategies as st

from stackdocs_mcp.core.errors import BadValue
from stackdocs_mcp.core.values import Expected, Signs, signs_of, typed
from stackdocs_mcp.core.values.dates import dates_in

DATE = Expected(frozenset({"string"}), "date")
DAY_FIRST = signs_of(["31/12/2025"])
MONTH_FIRST = signs_of(["12/31/2025"])
MONTHS = {
    language: names.split()
    for language, names in {
        "en": "January Feb MARCH Apr. May June Jul August Sept. October Nov December",
        "de": "Januar Feb. März April Mai Juni Juli Aug. September Okt. November Dezember",
        "fr": "janvier février mars avr. mai juin juillet août sept. octobre novembre DÉCEMBRE",
        "es": "enero febrero marzo abril mayo junio julio agosto septiembre oct. nov. diciembre",
        "it": "gennaio febbraio mar. aprile maggio giugno luglio ago. settembre ott. nov. dicembre",
        "nl": "januari februari mrt. april mei juni juli augustus september okt. nov. december",
        "pt": "janeiro fev. março abril maio junho julho ago. setembro outubro novembro dezembro",
        "pl": "stycznia lutego marca kwi maja czerwca lip sierpnia września paź listopada XII",
        "he": "ינואר בפברואר במרץ אפריל מאי יוני ביולי אוגוסט ספטמבר אוקטובר נוב׳ דצמבר",
        "ar": "يناير فبراير آذار أبريل مايو جوان يوليو غشت أيلول أكتوبر نوفمبر ديسمبر",
    }.items()
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
    "{y}年{m:02}月{d:02}日(水)",
    "{y}년 {m}월 {d}일",
    "{y}. {m}. {d}.",
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
    "{d} {name} {y} r.",
    "{d:02}/{name}/{y}",
    "{d} {name}\u060c {y}",
]
SCRIPTS = ["0123456789", "０１２３４５６７８９", "٠١٢٣٤٥٦٧٨٩", "۰۱۲۳۴۵۶۷۸۹"]
days = st.dates(date(1970, 1, 1), date(2068, 12, 31))


@pytest.mark.requirement("VALUE-04")
@settings(max_examples=200, deadline=None)
@given(day=days, form=st.sampled_from(NUMERIC), script=st.sampled_from(SCRIPTS))
def test_a_date_in_figures_is_read(day: date, form: str, script: str) -> None:
    text = form.format(d=day.day, m=day.month, y=day.year)
    text = text.translate(str.maketrans("0123456789", script))
    assert typed(text, DATE, Signs()).value == day.isoformat()


@pytest.mark.requirement("VALUE-04")
@settings(max_examples=300, deadline=None)
@given(day=days, form=st.sampled_from(NAMED), language=st.sampled_from(sorted(MONTHS)))
def test_a_date_with_a_month_in_words_is_read(day: date, form: str, language: str) -> None:
    text = form.format(d=day.day, name=MONTHS[language][day.month - 1], y=day.year)
    assert typed(text, DATE, Signs()).value == day.isoformat()


@pytest.mark.requirement("VALUE-04")
@settings(max_examples=200, deadline=None)
@given(
    day=days,
    other=st.integers(0, 9),
    at=st.integers(0, 7),
    form=st.sampled_from(["{y}{m:02}{d:02}", "{d:02}.{m:02}.{y}", "{y}年{m:02}月{d:02}日"]),
)
def test_a_date_with_another_digit_is_never_the_same_day(
    day: date, other: int, at: int, form: str
) -> None:
    text = form.format(d=day.day, m=day.month, y=day.year)
    places = [index for index, char in enumerate(text) if char.isdigit()]
    changed = text[: places[at]] + str(other) + text[places[at] + 1 :]
    try:
        found = typed(changed, DATE, Signs()).value
    except BadValue:
        return
    assert (found == day.isoformat()) == (changed == text)


@pytest.mark.requirement("VALUE-18")
@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("令和8年3月4日", "2026-03-04"),
        ("令和元年5月1日", "2019-05-01"),
        ("平成３１年４月３０日", "2019-04-30"),
        ("昭和64年1月7日", "1989-01-07"),
        ("R8.3.4", "2026-03-04"),
        ("H30.04.01", "2018-04-01"),
        ("S63/12/01", "1988-12-01"),
        ("民國115年3月4日", "2026-03-04"),
    ],
)
def test_a_date_of_an_era_is_read(text: str, stored: str) -> None:
    assert typed(text, DATE, Signs()).value == stored


@pytest.mark.requirement("VALUE-18")
@pytest.mark.parametrize("text", ["令和元年4月30日", "令和8年2月30日", "令和0年1月1日", "Q8.3.4"])
def test_a_day_before_its_era_is_refused(text: str) -> None:
    with pytest.raises(BadValue) as refused:
        typed(text, DATE, Signs())
    assert refused.value.code == "not_a_date"


@pytest.mark.requirement("VALUE-18")
@pytest.mark.parametrize("text", ["١٤٤٧/٠٩/١٥", "1447/09/15 هـ", "15 مارس 1447"])
def test_a_date_of_the_islamic_calendar_is_not_taken_for_another(text: str) -> None:
    with pytest.raises(BadValue) as refused:
        typed(text, DATE, Signs())
    assert "another calendar" in refused.value.message


@pytest.mark.requirement("VALUE-05")
@pytest.mark.parametrize(
    ("lines", "read"),
    [
        (["請求書 発行日 2026年3月4日"], "2026-03-04"),
        (["請求書"], "2026-03-04"),
        (["請求書 18/03/26"], "2026-03-04"),
        (["請求書 31/12/2025"], "2004-03-26"),
        (["Invoice of the month"], "2004-03-26"),
        (["Rechnung der Kunden"], "2004-03-26"),
    ],
)
def test_two_digits_in_front_are_the_year_where_years_come_first(
    lines: list[str], read: str
) -> None:
    assert typed("26/03/04", DATE, signs_of(lines)).value == read


@pytest.mark.requirement("VALUE-05")
@pytest.mark.parametrize("text", ["٠٤/٠٣/٢٠٢٦", "4\u200f/3\u200f/2026 م", "תאריך 04/03/2026"])
def test_days_come_first_in_hebrew_and_arabic(text: str) -> None:
    assert typed(text, DATE, Signs()).value == "2026-03-04"


@pytest.mark.requirement("VALUE-05")
@pytest.mark.parametrize("text", ["12.05.45", "12 May 45", "12-MAI-69"])
def test_a_year_of_two_centuries_is_refused_with_both(text: str) -> None:
    with pytest.raises(BadValue) as refused:
        typed(text, DATE, Signs())
    assert refused.value.code == "ambiguous_date"
    assert "is 19" in refused.value.message
    assert "or 20" in refused.value.message


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
        (["Date de commande : 26 février 2026"], "2026-04-03"),
        (["Date of order: 26 February 2026"], None),
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
        "Hauptstr. 7  Datum  16. Februar 2026",
        "Box of 12 pens 16-Feb-2026",
        "31 February 16 Feb 2026",
        "Menge 7  Februar 16, 2026",
    ],
)
def test_a_number_before_a_date_does_not_take_its_day(text: str) -> None:
    assert date(2026, 2, 16) in {day for one in dates_in(text) for day, _ in one.readings}


@pytest.mark.requirement("VALUE-04")
def test_no_date_is_made_of_parts_in_different_columns() -> None:
    assert list(dates_in("Menge 7  Mai 20  Stück")) == []
    assert [one.start for one in dates_in("7  März 16, 2026")] == [3]


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
        "5 items on 3 March 2026",
        "3 March 2026 or 4 March 2026",
        "2026-W10-3",
        "02/15/20XX",
        "2018-03-05T14:30 7",
    ],
)
def test_what_is_no_day_of_the_calendar_is_refused(text: str) -> None:
    with pytest.raises(BadValue) as refused:
        typed(text, DATE, DAY_FIRST)
    assert refused.value.code == "not_a_date"
