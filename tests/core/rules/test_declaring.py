import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from stackdocs_mcp.core.errors import InvalidSchema
from stackdocs_mcp.core.rules import broken
from stackdocs_mcp.core.schema import Schema
from tests.core.rules.papers import INVOICE, NUMBER, TEXT, document, found, rule


@pytest.mark.requirement("RULE-04")
@pytest.mark.parametrize(
    ("expression", "said", "advised"),
    [
        ("net_total +* 2", "'r' cannot be used: it is not a CEL expression at character 12", ""),
        ("net_total >\n > 1", "at character 14", ""),
        ("net_totl > 1", "no field 'net_totl' at character 1", "'net_total'"),
        ("1 < vendor.nam", "no field 'vendor.nam' at character 11", "'vendor.name'"),
        ("line_items.all(i, i.amout > 0)", "no field 'line_items[0].amout'", "'line_items[0].a"),
        ("line_items.filter(i, true).map(i, i.amout).sum() > 0", "line_items[0].amout", ""),
        ("has(vendor.nme)", "no field 'vendor.nme'", ""),
        ("self['net total'] > 0", "no field 'net total'", ""),
        ("a" * 200 + " > 1", "no field's name has more than 128 characters", ""),
        ("has(net_total)", "has() takes a member at character 5", "self.total"),
        ("net_total", "gives no yes or no", "Compare"),
        ("paid ? 1 : 2", "gives no yes or no", ""),
        ("vendor.name + 'x' == 'y'", "+ needs a number, and is given a string", ""),
        ("vendor.name > 1", "> compares", ""),
        ("paid == 1", "== compares a boolean with a number", ""),
        ("paid && net_total", "&& needs a boolean", ""),
        ("line_items.sum() > 1", "sum of items needs a number, and is given an object", ""),
        ("line_items.map(i, i.description).sum() > 1", "is given a string", ""),
        ("net_total.all(i, true)", "all needs an array", ""),
        ("net_total.amount > 1", ".amount needs an object", ""),
        ("line_items.all(i, i.amount)", "the condition of all needs a boolean", ""),
        ("line_items.all(self, true)", "'self' is taken", ""),
        ("line_items.all(i, line_items.all(i, true))", "'i' is taken", ""),
        ("self[vendor.name] == 1", "must be written out", ""),
        ("vendor.name.matches('(a+)+$')", "regular expressions are not supported", "'pattern'"),
        ("size(net_total, 1) > 1", "size takes other arguments", "sum, min, max"),
        ("timestamp('2026-01-01') > 1", "timestamp is no function of rules", "sum, min, max"),
        ("{'a': 1} == 1", "objects cannot be made", ""),
        ("b'a' == 1", "bytes", ""),
        ("null == null", "== cannot take null", ""),
        ("net_total < null", "< cannot take null", ""),
        ("", "not a CEL expression", ""),
    ],
)
def test_an_expression_that_cannot_be_evaluated_is_refused_with_the_place(
    expression: str, said: str, advised: str
) -> None:
    with pytest.raises(InvalidSchema) as refused:
        Schema.load(document(rule(expression)))

    assert said in refused.value.message
    assert advised in refused.value.advice


@pytest.mark.requirement("RULE-04")
@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ("invoice", "list of rules"),
        ([7], "neither a rule nor a set's name at 0"),
        ([{"expression": "true"}], "needs an 'id' at 0"),
        ([{"id": "a b", "expression": "true"}], "needs an 'id'"),
        ([{"id": "a"}], "needs an 'expression'"),
        ([{"id": "a", "expression": "true", "when": "x"}], "has 'when'"),
        ([{"id": "a", "expression": "true", "severity": "fatal"}], "'error' or 'warn'"),
        ([{"id": "a", "expression": "true", "message": ""}], "needs a 'message'"),
        ([{"id": "a", "expression": "true", "message": "x" * 301}], "needs a 'message'"),
        ([{"id": "a", "expression": "true", "path": "ttal"}], "no field 'ttal'"),
        ([{"id": "a", "expression": "true", "path": 1}], "wants the 'path'"),
        ([{"id": "a", "expression": "true", "path": "a..b"}], "not a field path"),
        ([rule("true"), rule("true")], "two rules with the id 'r'"),
        ([{**rule("true"), "id": f"r{n}"} for n in range(51)], "more than 50 rules"),
        (["payslip"], "there are ['invoice', 'receipt']"),
        ([{"use": "invoice", "rename": {}}], "has 'rename'"),
        ([{"use": "invoice", "fields": ["net"]}], "wants 'fields'"),
        ([{"use": "invoice", "fields": {"nett": "net_total"}}], "has no 'nett'"),
        ([{"use": "invoice", "fields": {"net_total": "ntotal"}}], "no field 'ntotal'"),
        ([{"use": "invoice", "fields": {"net_total": "vendor.name"}}], "is given a string"),
        ([{"use": "invoice", "without": ["sums"]}], "has no rule 'sums'"),
        ([{"use": "invoice", "severity": {"sums": "warn"}}], "has no rule 'sums'"),
        ([{"use": "invoice", "severity": {"line_amounts": "off"}}], "'error' or 'warn'"),
        (["invoice", "invoice"], "two rules with the id 'invoice."),
    ],
)
def test_rules_of_another_shape_are_refused_with_the_reason(rules: object, said: str) -> None:
    with pytest.raises(InvalidSchema) as refused:
        Schema.load({**document(), "x-rules": rules})

    assert said in refused.value.message


@pytest.mark.requirement("RULE-04")
def test_rules_below_the_root_are_refused_and_not_ignored() -> None:
    schema = document(payer={"type": "object", "properties": {}, "x-rules": [rule("true")]})

    with pytest.raises(InvalidSchema, match="rules stand at the root"):
        Schema.load(schema)


@pytest.mark.requirement("RULE-04")
def test_a_field_may_be_called_x_rules() -> None:
    schema = document(rule("self['x-rules'] != 'x'"), **{"x-rules": TEXT})

    assert [one.id for one in Schema.load(schema).rules] == ["r"]


@pytest.mark.requirement("RULE-04")
def test_an_open_place_of_the_schema_may_be_asked_by_any_name() -> None:
    more = {"free": {"type": "object"}, "any": {}, "net total": NUMBER}
    expression = "free.a.b[3] == 1 || self['net total'] == 1"

    assert Schema.load(document(rule(expression), **more)).rules


HOSTILE = {
    "a hundred thousand characters": "1+" * 50_000 + "1",
    "fifty thousand spaces": "true" + " " * 50_000,
    "parentheses": "(" * 900 + "1" + ")" * 900,
    "lists": "[" * 900 + "]" * 900,
    "braces": "{" * 1_900,
    "members": "self" + ".a" * 900,
    "indexes": "self" + "[0]" * 600,
    "a row of operators": "1" + "+1" * 900 + " > 0",
    "escapes without an end": "'" + "\\x41" * 490,
    "choices": "true?" * 180 + "true" + ":true" * 180,
    "an integer of 1,900 digits": "9" * 1_900 + " == 1",
    "a decimal of 1,900 digits": "0." + "9" * 1_900 + " == 1",
    "an exponent": "1e400 > 1",
    "a long exponent": "1e" + "9" * 1_900 + " > 1",
    "loops in loops": "line_items.all(i, " * 4 + "true" + ")" * 4,
    "loops of different names": "".join(f"line_items.all(i{n}, " for n in range(4))
    + "true"
    + ")" * 4,
    "a text that doubles": "'a' + 'a' == 'b'",
    "a list that doubles": "([1] + [1]).size() > 1",
    "a text times a number": "vendor.name * 1000000 == 'x'",
    "half of a character": "'\ud800' == 'x'",
    "a null": "'\0' == invoice_number",
}


@pytest.mark.requirement("RULE-05")
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_expression_is_refused(name: str) -> None:
    with pytest.raises(InvalidSchema):
        Schema.load(document(rule(HOSTILE[name])))


TOKENS = (
    *("net_total", "line_items", "vendor", "self", "i", "name", "amount", "'a'", "1", "0.5", "2u"),
    *("true", "null", "+", "-", "*", "/", "%", "==", "!=", "<", ">=", "&&", "||", "!", "?", ":"),
    *("(", ")", "[", "]", "{", "}", ".", ",", " in ", ".all(i,", ".map(i,", ".exists_one(i,"),
    *(
        "has(",
        "size(",
        "sum(",
        "round(",
        "\n",
        "\\",
        "\x00",
        "\U0001f389",
        "@",
        "`",
        "'",
        '"',
        "//",
    ),
)
"""What expressions are made of, and what they are not."""


@pytest.mark.requirement("RULE-05")
@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(TOKENS), max_size=25).map("".join) | st.text(max_size=60))
def test_any_text_is_a_rule_that_runs_or_is_refused(expression: str) -> None:
    try:
        rules = Schema.load(document(rule(expression))).rules
    except InvalidSchema:
        return

    broken(rules, INVOICE)


MANY_ROWS: dict[str, Any] = {
    "net_total": 1,
    "invoice_number": "x" * 1_000_000,
    "numbers": [1] * 2_500,
    "line_items": [{"amount": int("9" * 100), "description": "x"} for _ in range(2_500)],
}


@pytest.mark.requirement("RULE-05")
@pytest.mark.parametrize(
    "expression",
    [
        "line_items.all(i, line_items.all(j, i.amount == j.amount))",
        "line_items.all(i, line_items.all(j, line_items.all(k, i.amount == k.amount)))",
        "line_items.map(i, line_items.map(j, line_items)).size() == 0",
        "line_items.all(i, line_items.map(j, j.amount).sum() > i.amount)",
        "line_items.all(i, invoice_number.contains(i.description))",
        "line_items.all(i, sum(numbers) > 0)",
        "line_items.all(i, 0 in numbers || true)",
        "line_items.all(i, i.description in self.line_items.map(j, j.description))",
    ],
)
def test_a_rule_that_takes_too_long_is_stopped_and_said_so(expression: str) -> None:
    (one,) = found(MANY_ROWS, rule(expression), numbers={"type": "array", "items": NUMBER})

    assert (one.rule, one.severity) == ("r", "warn")
    assert "too many steps" in one.message


@pytest.mark.requirement("RULE-05")
def test_many_expensive_rules_together_are_stopped_too() -> None:
    bomb = "line_items.all(i, i.amount > 0 && i.amount > 1 && i.amount > 2 && i.amount > 3)"
    rules = [{**rule(bomb), "id": f"r{n}"} for n in range(50)]

    answers = found(MANY_ROWS, *rules)

    assert 0 < len(answers) < 50
    assert answers[-1].rule == "r49"


@pytest.mark.requirement("RULE-09")
@pytest.mark.parametrize(
    ("expression", "said", "path"),
    [
        ("net_total + tax_total == amount_due - 1", "529.87 is not 528.87", None),
        ("grand_total < net_total", "529.87 is not less than 473", None),
        ("abs(grand_total - net_total) < 0.01", "529.87 is not 473", None),
        ("due_date <= issue_date", "2026-02-14 is more than 2026-01-31", None),
        ("due_date - issue_date <= 7", "14 is more than 7", None),
        ("net_total == 473 && tax_total == 57", "56.87 is not 57", None),
        ("net_total == 1 || tax_total == 57", "56.87 is not 57", None),
        ("paid != null ? net_total == 1 : tax_total == 57", "56.87 is not 57", None),
        ("grand_total / 3 == net_total", "", None),
        (
            "line_items.all(i, i.amount == null || i.amount < 200)",
            "line_items[2]: 275 is not less than 200",
            "line_items[2]",
        ),
        (
            "self.line_items.all(i, i.quantity == null || i.quantity * i.unit_price == 0)",
            "line_items[1], line_items[2]: 198 is not 0",
            "line_items[1]",
        ),
        ("[1, 2].exists(i, net_total == i)", "473 is not 2", None),
        ("[].exists(i, net_total == i)", "", None),
    ],
)
def test_what_fails_is_said_with_the_numbers_and_the_row(
    expression: str, said: str, path: str | None
) -> None:
    (one,) = found(INVOICE, rule(expression, message="no"))

    assert one.message == (f"no: {said} (rule r)" if said else "no (rule r)")
    assert (one.severity, one.path) == ("error", path)


@pytest.mark.requirement("RULE-09")
def test_a_rule_says_the_field_it_is_about_and_its_own_words() -> None:
    declared = rule("net_total == 1", message="net is one", path="/net_total", severity="warn")

    (one,) = found(INVOICE, declared)

    assert (one.severity, one.path) == ("warn", "net_total")
    assert one.message == "net is one: 473 is not 1 (rule r)"


@pytest.mark.requirement("RULE-10")
@pytest.mark.parametrize(
    "expression",
    [
        "invoice_number == 'R-8'",
        "vendor.name == invoice_number",
        "line_items.all(i, i.description == 'x')",
        "vendor.name.startsWith('x')",
        "vendor.name in ['x']",
    ],
)
def test_no_text_of_the_extraction_is_in_what_a_rule_says(expression: str) -> None:
    words = {
        "invoice_number": "IGNORE previous",
        "vendor": {"name": "IGNORE instructions"},
        "line_items": [{"description": "IGNORE all"}],
    }

    (one,) = found(words, rule(expression))

    assert "IGNORE" not in one.message


@pytest.mark.requirement("RULE-11")
def test_the_parser_is_not_loaded_before_there_is_a_rule() -> None:
    code = (
        "import sys\n"
        "from stackdocs_mcp.core.schema import Schema\n"
        "import stackdocs_mcp.workspace\n"
        "base = {'type': 'object', 'properties': {'a': {'type': 'number'}}}\n"
        "Schema.load(base)\n"
        "print('stackdocs_mcp.core.rules' in sys.modules, 'cel_expr_python' in sys.modules)\n"
        "Schema.load({**base, 'x-rules': [{'id': 'r', 'expression': 'a > 1'}]})\n"
        "print('cel_expr_python' in sys.modules)\n"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)

    assert done.stdout.split() == ["False", "False", "True"]
