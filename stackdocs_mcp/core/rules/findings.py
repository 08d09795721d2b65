"""What an extraction breaks of a schema's rules, with the numbers that do not agree."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from stackdocs_mcp.core.model import BrokenRule, JsonValue
from stackdocs_mcp.core.paths import FieldPath, dotted
from stackdocs_mcp.core.rules import operands
from stackdocs_mcp.core.rules.declared import Rule
from stackdocs_mcp.core.rules.evaluation import NO_SLOTS, Run, Slots, TooManySteps, evaluator
from stackdocs_mcp.core.rules.nodes import Call, Constant, Loop, Member, Name, Node
from stackdocs_mcp.core.rules.operands import Value

MAX_STEPS = 200_000
"""Of one rule: 5,000 rows compared in six columns, in less than 50 ms."""
MAX_STEPS_IN_ALL = 500_000
SHOWN_ROWS = 5
_LONGEST_NUMBER = 40

_SAYS = {
    "_==_": "is not",
    "_!=_": "is",
    "_<_": "is not less than",
    "_<=_": "is more than",
    "_>_": "is not more than",
    "_>=_": "is less than",
}

_BRANCHES = frozenset({"_&&_", "_||_", "_?_:_"})


def broken(rules: Sequence[Rule], extraction: Mapping[str, JsonValue]) -> list[BrokenRule]:
    """What the extraction breaks, in the order of the rules; never an exception.

    A rule whose values are missing or of other types than it needs neither holds nor fails.
    """
    found: list[BrokenRule] = []
    left = MAX_STEPS_IN_ALL
    for rule in rules:
        run = Run(extraction, min(MAX_STEPS, left))
        given = run.steps
        try:
            fails = rule.evaluate(run) is False
        except TooManySteps:
            message = f"the rule {rule.id!r} takes too many steps here and was not checked"
            found.append(BrokenRule(rule.id, "warn", message, rule.path))
            left -= given
            continue
        left -= given - run.steps
        if fails:
            found.append(_finding(rule, extraction))
    return found


def _finding(rule: Rule, extraction: Mapping[str, JsonValue]) -> BrokenRule:
    run = Run(extraction, 2 * MAX_STEPS)
    try:
        numbers, where = _why(rule.node, run, NO_SLOTS)
    except TooManySteps:
        numbers, where = "", None
    said = f": {numbers}" if numbers else ""
    return BrokenRule(
        rule.id, rule.severity, f"{rule.message}{said} (rule {rule.id})", rule.path or where
    )


def _why(node: Node, run: Run, slots: Slots) -> tuple[str, str | None]:
    """The comparison that decided, in numbers and dates, and the row where it was."""
    match node:
        case Loop(macro="all"):
            return _rows(node, run, slots)
        case Loop(macro="exists"):
            return _some(node, run, slots)
        case Call() if node.function in _SAYS:
            return _compared(node, run, slots), None
        case Call() if node.function in _BRANCHES:
            return _why(_decisive(node, run, slots), run, slots)
    return "", None


def _decisive(node: Call, run: Run, slots: Slots) -> Node:
    """The operand that made it false; of ``a || b``, where both are, the last."""
    if node.function == "_?_:_":
        condition, then, otherwise = node.arguments
        return then if evaluator(condition, slots)(run) is True else otherwise
    first, last = node.arguments
    if node.function == "_&&_" and evaluator(first, slots)(run) is False:
        return first
    return last


def _compared(node: Call, run: Run, slots: Slots) -> str:
    """Both sides in words; ``abs(a - b) < t`` is said of ``a`` and ``b``."""
    left, right = node.arguments
    match left:
        case Call(function="abs", arguments=(Call(function="_-_", arguments=(one, other)),)):
            first, second = (_shown(evaluator(side, slots)(run)) for side in (one, other))
            return f"{first} is not {second}" if first and second else ""
    first, second = (_shown(evaluator(side, slots)(run)) for side in (left, right))
    return f"{first} {_SAYS[node.function]} {second}" if first and second else ""


def _rows(node: Loop, run: Run, slots: Slots) -> tuple[str, str | None]:
    """The rows that fail, and the numbers of the first."""
    rows = evaluator(node.over, slots)(run)
    inner = {**slots, node.row: len(slots)}
    body = evaluator(node.body, inner)
    failing: list[int] = []
    numbers = ""
    for index, row in enumerate(rows):
        run.pay(1)
        run.rows[len(slots)] = operands.value(row)
        if body(run) is False:
            failing.append(index)
            if len(failing) == 1:
                numbers, _ = _why(node.body, run, inner)
    listed = _path(node.over)
    if listed is None or not failing:
        return numbers, None
    named = ", ".join(dotted((*listed, index)) for index in failing[:SHOWN_ROWS])
    more = f" and {len(failing) - SHOWN_ROWS} more" if len(failing) > SHOWN_ROWS else ""
    return f"{named}{more}{': ' if numbers else ''}{numbers}", dotted((*listed, failing[0]))


def _some(node: Loop, run: Run, slots: Slots) -> tuple[str, str | None]:
    """Why the last of a list of cases is none; a set's rules name the likeliest last."""
    rows = evaluator(node.over, slots)(run)
    if not rows:
        return "", None
    run.rows[len(slots)] = operands.value(rows[-1])
    return _why(node.body, run, {**slots, node.row: len(slots)})


def _path(node: Node) -> FieldPath | None:
    """The list's path where it is a field at a fixed place."""
    match node:
        case Name():
            return () if node.name == "self" else (node.name,)
        case (
            Member(of=of, name=segment)
            | Call(function="_[_]", arguments=(of, Constant(value=str(segment))))
        ):
            above = _path(of)
            return None if above is None else (*above, segment)
    return None


def _shown(operand: Value) -> str:
    """A number or a date; nothing of any other text, which may be the document's."""
    if operands.is_number(operand):
        plain = format(operand, "f" if type(operand) is Decimal else "d")
        shown = plain.rstrip("0").removesuffix(".") if "." in plain else plain
        return shown if len(shown) <= _LONGEST_NUMBER else ""
    if type(operand) is str and operands.as_date(operand) is not None:
        return operand
    return ""
