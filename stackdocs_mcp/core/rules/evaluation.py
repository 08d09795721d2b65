"""Evaluating an expression: exact, without side effects, within a number of steps.

An expression is turned into functions once; each takes a ``Run``. What is written once runs once,
so only loops can cost much: each pass is paid for with as many steps as its body has nodes.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from stackdocs_mcp.core.rules import operands
from stackdocs_mcp.core.rules.nodes import (
    Call,
    Constant,
    Listing,
    Loop,
    Member,
    Name,
    Node,
    all_of,
    parts,
)
from stackdocs_mcp.core.rules.operands import MISSING, Value

MAX_LOOPS = 3
"""How deep loops may stand in one another."""

_CHARACTERS_PER_STEP = 256
"""A processor looks through so much text in the time of one step of ours."""


class TooManySteps(Exception):
    """The expression would take more steps on this extraction than a rule may."""


class Run:
    """One evaluation: the extraction, the rows that loops are at, and the steps left."""

    __slots__ = ("extraction", "rows", "steps")

    def __init__(self, extraction: Mapping[str, Value], steps: int) -> None:
        self.extraction = extraction
        self.rows: list[Value] = [MISSING] * MAX_LOOPS
        self.steps = steps

    def pay(self, steps: int) -> None:
        self.steps -= steps
        if self.steps < 0:
            raise TooManySteps


Evaluate = Callable[[Run], Value]
Slots = Mapping[str, int]
"""In which of a run's rows a loop's variable stands."""

NO_SLOTS: Slots = MappingProxyType({})


def evaluator(node: Node, slots: Slots = NO_SLOTS) -> Evaluate:
    """The function that evaluates the node. The node has passed ``checking``."""
    match node:
        case Constant():
            constant = operands.value(node.value)
            return lambda _: constant
        case Name():
            return _name(node.name, slots)
        case Member():
            return _member(node, slots)
        case Listing():
            items = [evaluator(item, slots) for item in node.items]
            return lambda run: [item(run) for item in items]
        case Loop():
            return _loop(node, slots)
        case Call():
            return _call(node, slots)


def _name(name: str, slots: Slots) -> Evaluate:
    if name in slots:
        slot = slots[name]
        return lambda run: run.rows[slot]
    if name == "self":
        return lambda run: run.extraction
    return lambda run: operands.value(run.extraction.get(name))


def _member(node: Member, slots: Slots) -> Evaluate:
    of, name = evaluator(node.of, slots), node.name

    def member(run: Run) -> Value:
        found = of(run)
        return operands.value(found.get(name)) if type(found) is dict else MISSING

    return (lambda run: member(run) is not MISSING) if node.tested else member


def _call(node: Call, slots: Slots) -> Evaluate:
    function, arguments = node.function, node.arguments
    given = [evaluator(argument, slots) for argument in arguments]
    if function in _LOGIC:
        return _LOGIC[function](*given)
    if function in ("_==_", "_!=_"):
        negative = function == "_!=_"
        for one, other in ((0, 1), (1, 0)):
            if is_null(arguments[one]):
                asked = given[other]
                return lambda run: (asked(run) is MISSING) != negative
        return _equality(given[0], given[1], negative)
    if function in _ORDERS:
        return _ordering(given[0], given[1], _ORDERS[function])
    if len(given) == 1:
        alone, only = _OF_ONE[function], given[0]
        return lambda run: alone(_paid(run, only(run)))
    both, first, second = _OF_TWO[function], given[0], given[1]
    return lambda run: both(_paid(run, first(run)), _paid(run, second(run)))


def _paid(run: Run, operand: Value) -> Value:
    """The operand, once the steps are paid that an operation may take to go through it."""
    if type(operand) is list:
        run.pay(len(operand))
    elif type(operand) is str:
        run.pay(len(operand) // _CHARACTERS_PER_STEP)
    return operand


def is_null(node: Node) -> bool:
    """The node is the word ``null``."""
    return isinstance(node, Constant) and node.value is None


def _equality(left: Evaluate, right: Evaluate, negative: bool) -> Evaluate:
    def equal(run: Run) -> Value:
        found = operands.equals(left(run), right(run))
        return found if found is MISSING else found != negative

    return equal


def _ordering(left: Evaluate, right: Evaluate, allowed: frozenset[int]) -> Evaluate:
    def ordered(run: Run) -> Value:
        found = operands.compared(left(run), right(run))
        return found if found is MISSING else found in allowed

    return ordered


def _and(left: Evaluate, right: Evaluate) -> Evaluate:
    def both(run: Run) -> Value:
        first = left(run)
        if first is False:
            return False
        second = right(run)
        if second is False:
            return False
        return True if first is True and second is True else MISSING

    return both


def _or(left: Evaluate, right: Evaluate) -> Evaluate:
    def either(run: Run) -> Value:
        first = left(run)
        if first is True:
            return True
        second = right(run)
        if second is True:
            return True
        return False if first is False and second is False else MISSING

    return either


def _not(operand: Evaluate) -> Evaluate:
    def negated(run: Run) -> Value:
        found = operand(run)
        return not found if type(found) is bool else MISSING

    return negated


def _choice(condition: Evaluate, then: Evaluate, otherwise: Evaluate) -> Evaluate:
    def chosen(run: Run) -> Value:
        found = condition(run)
        if type(found) is not bool:
            return MISSING
        return then(run) if found else otherwise(run)

    return chosen


def _loop(node: Loop, slots: Slots) -> Evaluate:
    slot = len(slots)
    inner = {**slots, node.row: slot}
    over, body = evaluator(node.over, slots), evaluator(node.body, inner)
    kept = None if node.kept is None else evaluator(node.kept, inner)
    cost = 1 + sum(1 for part in parts(node)[1:] for _ in all_of(part))
    finish = _FINISH[node.macro]

    def looped(run: Run) -> Value:
        rows = over(run)
        if type(rows) is not list:
            return MISSING
        run.pay(cost * len(rows))
        found: list[tuple[Value, Value]] = []
        for row in rows:
            run.rows[slot] = operands.value(row)
            if kept is not None:
                wanted = kept(run)
                if wanted is False:
                    continue
                if wanted is not True:
                    return MISSING
            found.append((row, body(run)))
        return finish(found)

    return looped


def _all(found: list[tuple[Value, Value]]) -> Value:
    results = [result for _, result in found]
    if any(result is False for result in results):
        return False
    return True if all(result is True for result in results) else MISSING


def _exists(found: list[tuple[Value, Value]]) -> Value:
    results = [result for _, result in found]
    if any(result is True for result in results):
        return True
    return False if all(result is False for result in results) else MISSING


def _exists_one(found: list[tuple[Value, Value]]) -> Value:
    results = [result for _, result in found]
    if not all(type(result) is bool for result in results):
        return MISSING
    return results.count(True) == 1


def _filter(found: list[tuple[Value, Value]]) -> Value:
    if not all(type(result) is bool for _, result in found):
        return MISSING
    return [row for row, result in found if result]


def _map(found: list[tuple[Value, Value]]) -> Value:
    return [result for _, result in found]


_FINISH: Mapping[str, Callable[[list[tuple[Value, Value]]], Value]] = {
    "all": _all,
    "exists": _exists,
    "exists_one": _exists_one,
    "filter": _filter,
    "map": _map,
}
_LOGIC: Mapping[str, Callable[..., Evaluate]] = {
    "_&&_": _and,
    "_||_": _or,
    "!_": _not,
    "_?_:_": _choice,
}
_ORDERS = {
    "_<_": frozenset({-1}),
    "_<=_": frozenset({-1, 0}),
    "_>_": frozenset({1}),
    "_>=_": frozenset({0, 1}),
}
_OF_ONE: Mapping[str, Callable[[Value], Value]] = {
    "-_": operands.negated,
    "sum": operands.total,
    "min": operands.extreme(-1),
    "max": operands.extreme(1),
    "size": operands.size,
    "abs": operands.absolute,
    "round": operands.rounded,
}
_OF_TWO: Mapping[str, Callable[[Value, Value], Value]] = {
    "_+_": operands.added,
    "_-_": operands.subtracted,
    "_*_": operands.multiplied,
    "_/_": operands.divided,
    "_%_": operands.remainder,
    "_[_]": operands.at_index,
    "@in": operands.contained,
    "round": operands.rounded,
    "contains": operands.texts(lambda text, part: part in text),
    "startsWith": operands.texts(str.startswith),
    "endsWith": operands.texts(str.endswith),
}
