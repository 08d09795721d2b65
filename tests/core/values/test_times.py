# ruff: noqa: RUF001  letters and digits of other scripts are meant
import pytest
from hypothesis import given, settings, strategies as st

from stackdocs_mcp.core.errors import BadValue
from stackdocs_mcp.core.values import Expected, Signs, typed

DATE = Expected(frozenset({"string"}), "date")
DATE_TIME = Expected(frozenset({"string"}), "date-time")
TIME = Expected(frozenset({"string"}), "time")
CLOCKS = [
    "{h:02}:{m:02}",
    "{h}.{m:02}",
    "{h}h{m:02}",
    "{h} h {m:02}",
    "{h}:{m:02} Uhr",
    "{h}時{m:02}分",
    "{h}点{m:02}",
]


def refusal(text: str, expected: Expected) -> str:
    with pytest.raises(BadValue) as refused:
        typed(text, expected, Signs())
    return refused.value.code


@pytest.mark.requirement("VALUE-17")
@settings(max_examples=200, deadline=None)
@given(hour=st.integers(0, 23), minute=st.integers(0, 59), form=st.sampled_from(CLOCKS))
def test_a_clock_of_24_hours_is_read(hour: int, minute: int, form: str) -> None:
    text = form.format(h=hour, m=minute)
    assert typed(text, TIME, Signs()).value == f"{hour:02}:{minute:02}:00"


@pytest.mark.requirement("VALUE-17")
@settings(max_examples=200, deadline=None)
@given(
    hour=st.integers(0, 23),
    minute=st.integers(0, 59),
    halves=st.sampled_from(
        [
            ("{} am", "{} pm"),
            ("{} a. m.", "{} p. m."),
            ("{}a.m.", "{}p.m."),
            ("上午{}", "下午{}"),
            ("午前 {}", "午後 {}"),
            ("{} ص", "{} م"),
        ]
    ),
)
def test_a_clock_of_12_hours_is_read(hour: int, minute: int, halves: tuple[str, str]) -> None:
    text = halves[hour >= 12].format(f"{hour % 12 or 12}:{minute:02}")
    assert typed(text, TIME, Signs()).value == f"{hour:02}:{minute:02}:00"


@pytest.mark.requirement("VALUE-17")
@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("2018-03-05T14:30:00Z", "2018-03-05T14:30:00Z"),
        ("2018-03-05t14:30:00z", "2018-03-05T14:30:00Z"),
        ("2018-03-05T14:30:00+02:00", "2018-03-05T14:30:00+02:00"),
        ("2018-03-05T14:30:00-05:00", "2018-03-05T14:30:00-05:00"),
        ("2018-03-05T14:30:00-00:00", "2018-03-05T14:30:00-00:00"),
        ("2018-03-05T14:30:00.123456789Z", "2018-03-05T14:30:00.123456789Z"),
        ("2018-03-05 14:30", "2018-03-05T14:30:00"),
        ("05.03.2018 14:30", "2018-03-05T14:30:00"),
        ("05.03.2018 14:30:15,25", "2018-03-05T14:30:15.25"),
        ("05.03.2018 14:30 UTC", "2018-03-05T14:30:00Z"),
        ("05.03.2018 14:30 MESZ", "2018-03-05T14:30:00+02:00"),
        ("05.03.2018 14:30 +0200", "2018-03-05T14:30:00+02:00"),
        ("05.03.2018 14:30:15 -05:00", "2018-03-05T14:30:15-05:00"),
        ("March 5, 2018 2:30 pm", "2018-03-05T14:30:00"),
        ("March 5, 2018, 2 pm", "2018-03-05T14:00:00"),
        ("5. März 2018, 14:30:15 Uhr", "2018-03-05T14:30:15"),
        ("2018年3月5日 午後2時30分", "2018-03-05T14:30:00"),
        ("٥ مارس ٢٠١٨، ٢:٣٠ م", "2018-03-05T14:30:00"),
    ],
)
def test_a_date_with_a_time_is_read(text: str, stored: str) -> None:
    assert typed(text, DATE_TIME, Signs()).value == stored


@pytest.mark.requirement("VALUE-17")
@pytest.mark.parametrize("text", ["05.03.2018 14:30 EST", "05.03.2018 14:30 (CST)"])
def test_the_name_of_several_zones_is_left_out_and_reported(text: str) -> None:
    found = typed(text, DATE_TIME, Signs())
    assert found.value == "2018-03-05T14:30:00"
    assert [note.code for note in found.notes] == ["zone_dropped"]


@pytest.mark.requirement("VALUE-17")
def test_the_time_behind_a_date_is_left_out_and_reported() -> None:
    found = typed("2018-03-05T23:30:00+02:00", DATE, Signs())
    assert found.value == "2018-03-05"
    assert [note.code for note in found.notes] == ["time_dropped"]


@pytest.mark.requirement("VALUE-19")
@pytest.mark.parametrize(
    "text",
    [
        "05.03.2018",
        "2018-03-05",
        "14:30",
        "2018-03-05T23:59:60Z",
        "2018-03-05T24:00:00",
        "2018-03-05T14:30:00+25:00",
        "2018-03-05T14:60:00",
        "05.03.2018 14:30 17",
        "05.03.2018 14:30 - 16:00",
    ],
)
def test_no_time_of_day_is_invented(text: str) -> None:
    assert refusal(text, DATE_TIME) in ("not_a_time", "not_a_date")


@pytest.mark.requirement("VALUE-19")
@pytest.mark.parametrize(
    "text",
    [
        "2018-02-30T14:30:00Z",
        "0000-01-01T00:00:00Z",
        "10000-01-01T00:00:00Z",
        "2018-13-01T00:00:00Z",
    ],
)
def test_a_time_on_a_day_that_no_calendar_has_is_refused(text: str) -> None:
    assert refusal(text, DATE_TIME) == "not_a_date"


@pytest.mark.requirement("VALUE-17")
@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("2.30 pm", "14:30:00"),
        ("08:05", "08:05:00"),
        ("12:01 am", "00:01:00"),
        ("14 Uhr", "14:00:00"),
        ("12 pm", "12:00:00"),
        ("12 am", "00:00:00"),
        ("14:30:00Z", "14:30:00Z"),
    ],
)
def test_a_time_of_day_is_read(text: str, stored: str) -> None:
    assert typed(text, TIME, Signs()).value == stored


@pytest.mark.requirement("VALUE-19")
@pytest.mark.parametrize(
    "text",
    [
        "",
        "25:00",
        "14:60",
        "0 pm",
        "13 pm",
        "14:00-16:00",
        "14:30 - 16:00",
        "5 at 14:30",
        "14",
        "1430",
    ],
)
def test_what_is_no_time_of_day_is_refused(text: str) -> None:
    assert refusal(text, TIME) == "not_a_time"
