import pytest
from hypothesis import given, settings, strategies as st

from stackdocs_mcp.core.errors import BadValue
from stackdocs_mcp.core.model import JsonValue
from stackdocs_mcp.core.values import Expected, Signs, typed

BOOLEAN = Expected(frozenset({"boolean"}))
YES = "yes ja oui sí sì sim tak はい 是 כן نعم true wahr vrai verdadero vero waar verdadeiro prawda"
NO = "no nein non não nee nie いいえ 否 לא لا false falsch faux falso onwaar fałsz"


@pytest.mark.requirement("VALUE-07")
@settings(max_examples=100, deadline=None)
@given(
    answer=st.sampled_from(
        [(word, True) for word in YES.split()] + [(w, False) for w in NO.split()]
    ),
    shape=st.sampled_from(["{}", " {} ", "☑ {}", "[x] {}", "{} [X]", "( x ) {}"]),
    upper=st.booleans(),
)
def test_yes_and_no_are_read_in_every_language(
    answer: tuple[str, bool], shape: str, upper: bool
) -> None:
    word, value = answer
    text = shape.format(word.upper() if upper else word)
    assert typed(text, BOOLEAN, Signs()).value is value


@pytest.mark.requirement("VALUE-07")
@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("✓", True),
        ("✔", True),
        ("☒", True),
        ("[x]", True),
        ("[ ]", False),
        ("[]", False),
        ("( )", False),
        ("□", False),
        ("☐ Ja", False),
        ("☐ Ja ☒ Nein", False),
        ("[x] Yes [ ] No", True),
        ("Oui ☐ Non ☑", False),
    ],
)
def test_the_box_that_is_ticked_counts(text: str, value: bool) -> None:
    assert typed(text, BOOLEAN, Signs()).value is value


@pytest.mark.requirement("VALUE-07")
@pytest.mark.parametrize(
    "text",
    [
        "✗",
        "\u00d7",
        "○",
        "☐ Nein",
        "☐ Ja ☐ Nein",
        "☒ Ja ☒ Nein",
        "☑ maybe",
        "a ☑ b ☐ c",
        "x x",
        "[y]",
    ],
)
def test_a_mark_with_two_meanings_is_refused(text: str) -> None:
    with pytest.raises(BadValue) as refused:
        typed(text, BOOLEAN, Signs())
    assert refused.value.code == "not_a_boolean"


@pytest.mark.requirement("VALUE-08")
@pytest.mark.parametrize(
    ("text", "members", "member"),
    [
        ("Paid in full", ("PAID_IN_FULL", "OPEN"), "PAID_IN_FULL"),
        ("credit-note", ("invoice", "credit note"), "credit note"),
        ("€", ("EUR", "USD"), "EUR"),
        ("US$", ("EUR", "USD"), "USD"),
        ("円", ("JPY", "EUR"), "JPY"),
        ("Ja", ("Y", "N"), "Y"),
        ("☒", ("yes", "no", "unknown"), "yes"),
        ("نعم", ("oui", "non"), "oui"),
    ],
)
def test_a_member_is_found_by_what_it_means(
    text: str, members: tuple[JsonValue, ...], member: str
) -> None:
    found = typed(text, Expected(enum=members), Signs())
    assert found.value == member
    assert [note.code for note in found.notes] == ["enum_spelling"]


@pytest.mark.requirement("VALUE-08")
@pytest.mark.parametrize(
    ("text", "members"),
    [
        ("A", ("A-", "B")),
        ("$", ("USD", "CAD")),
        ("ja", ("yes", "true", "no")),
        ("1 2", ("1-2", "3")),
        ("paid", ("PAID_IN_FULL", "OPEN")),
    ],
)
def test_a_text_that_means_none_or_two_members_is_refused(
    text: str, members: tuple[JsonValue, ...]
) -> None:
    with pytest.raises(BadValue) as refused:
        typed(text, Expected(enum=members), Signs())
    assert refused.value.code == "not_in_enum"


CURRENCY = Expected(frozenset({"string"}), format="iso-4217")


@pytest.mark.requirement("VALUE-CURRENCY")
@pytest.mark.parametrize(
    ("text", "code"),
    [("EUR", "EUR"), ("eur", "EUR"), (" € ", "EUR"), ("zł", "PLN"), ("XOF", "XOF")],
)
def test_money_is_told_by_its_code(text: str, code: str) -> None:
    assert typed(text, CURRENCY, Signs()).value == code


@pytest.mark.requirement("VALUE-CURRENCY")
@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ("$", "ambiguous_currency"),
        ("kr", "ambiguous_currency"),
        ("12", "not_a_currency"),
        ("Geld", "not_a_currency"),
    ],
)
def test_a_sign_of_several_countries_is_refused(text: str, refused: str) -> None:
    with pytest.raises(BadValue) as error:
        typed(text, CURRENCY, Signs())
    assert error.value.code == refused
