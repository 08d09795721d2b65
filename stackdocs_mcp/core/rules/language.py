"""From the text of an expression to its tree, by the CEL team's own parser.

The parser answers with a serialised ``cel.expr.ParsedExpr`` (cel-spec, proto/cel/expr/syntax.proto)
in which it has written out the macros as loops; these are read back as what they were. Literals
with a fraction are read from the text itself: CEL has no decimals, so the parser keeps a double.
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from typing import Any, cast

from stackdocs_mcp.core.rules import messages
from stackdocs_mcp.core.rules.messages import Fields
from stackdocs_mcp.core.rules.nodes import Call, Constant, Listing, Loop, Macro, Member, Name, Node

MAX_CHARACTERS = 2_000
MAX_DEPTH = 48
MAX_DIGITS = 100
"""Of a literal; as many as a value may have."""

_PLACE = re.compile(r"<input>:(\d{1,6}):(\d{1,6}):")
_DECIMAL = re.compile(r"-?[0-9]*\.?[0-9]*(?:[eE][+-]?[0-9]{1,4})?")


class Unreadable(Exception):
    """Not an expression we can evaluate. ``at`` counts characters from 1; None: no one place."""

    def __init__(self, reason: str, at: int | None = None, advice: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.at = at
        self.advice = advice


def parse(expression: str, limit: int = MAX_CHARACTERS) -> Node:
    """The tree of an expression. Raises Unreadable with the reason and the place."""
    if len(expression) > limit:
        raise Unreadable(f"it has more than {limit:,} characters")
    try:
        expression.encode()
    except UnicodeEncodeError:
        raise Unreadable("it has characters that are no text") from None
    parsed = messages.fields(messages.raw(messages.fields(_compiled(expression)), 2))
    source = messages.inner(parsed, 3)
    places = [messages.fields(cast("bytes", entry)) for entry in source.get(4, ())]
    where = {messages.integer(one, 1): messages.integer(one, 2) for one in places}
    return _Reader(expression, where).node(messages.inner(parsed, 2))


@cache
def _environment() -> Any:
    from cel_expr_python import cel  # noqa: PLC0415  9 MB, only where a schema has rules

    return cel.NewEnv()


def _compiled(expression: str) -> bytes:
    try:
        # Unchecked: CEL's checker knows neither our functions nor that 2 * 0.5 is a number.
        return cast("bytes", _environment().compile(expression, disable_check=True).serialize())
    except RuntimeError as error:
        said = str(error)
    found = _PLACE.search(said)
    if found is None:
        raise Unreadable("it is nested too deep, or has more than 30 operators in a row")
    line, column = int(found[1]), int(found[2])
    before = sum(len(one) for one in expression.splitlines(keepends=True)[: line - 1])
    if "has()" in said:
        raise Unreadable(
            "has() takes a member",
            before + column,
            "Write has(self.total) or total != null for a field at the top.",
        )
    raise Unreadable("it is not a CEL expression", before + column)


class _Reader:
    """Reads one expression's messages; ``where`` has the offset of each by its id."""

    def __init__(self, text: str, where: Mapping[int, int]) -> None:
        self._text = text
        self._where = where

    def node(self, expr: Fields, depth: int = 1) -> Node:
        at = self._where.get(messages.integer(expr, 2), 0)
        if depth > MAX_DEPTH:
            raise Unreadable("it is nested too deep", at + 1)
        kind = next((number for number in range(3, 10) if number in expr), 0)
        inner = messages.inner(expr, kind)
        match kind:
            case 3:
                return Constant(at, self._constant(inner, at))
            case 4:
                return Name(at, messages.text(inner, 1).removeprefix("."))
            case 5:
                of = self.node(messages.inner(inner, 1), depth + 1)
                return Member(at, of, messages.text(inner, 2), bool(messages.integer(inner, 3)))
            case 6:
                given = [*inner.get(1, ()), *inner.get(3, ())]
                return Call(at, messages.text(inner, 2), self._nodes(given, depth))
            case 7:
                return Listing(at, self._nodes(inner.get(1, []), depth))
            case 9:
                return self._loop(inner, at, depth)
            case _:
                raise Unreadable("objects cannot be made in a rule", at + 1)

    def _nodes(self, given: list[int | bytes], depth: int) -> tuple[Node, ...]:
        return tuple(self.node(messages.fields(cast("bytes", one)), depth + 1) for one in given)

    def _loop(self, inner: Fields, at: int, depth: int) -> Loop:
        """The macro that a loop was written out from."""
        row = messages.text(inner, 1)
        if row.startswith("@"):
            raise Unreadable("it is not a CEL expression", at + 1)
        over = self.node(messages.inner(inner, 2), depth + 1)
        start = self.node(messages.inner(inner, 4), depth + 1)
        # What the writing-out adds above the body is ours, so it does not count as the author's.
        step = self.node(messages.inner(inner, 6), depth - 3)
        kept = None
        if isinstance(start, Constant) and isinstance(start.value, bool):
            macro: Macro = "all" if start.value else "exists"
            return Loop(at, macro, over, row, _argument(step, 1))
        if isinstance(step, Call) and step.function == "_?_:_":
            kept, step = step.arguments[0], step.arguments[1]
        if isinstance(start, Constant):
            assert kept is not None
            return Loop(at, "exists_one", over, row, kept)
        added = _argument(step, 1)
        assert isinstance(added, Listing)
        body = added.items[0]
        if kept is not None and body == Name(body.at, row):
            return Loop(at, "filter", over, row, kept)
        return Loop(at, "map", over, row, body, kept)

    def _constant(self, inner: Fields, at: int) -> int | Decimal | str | bool | None:
        kind = next(iter(inner), 1)
        match kind:
            case 2:
                return bool(messages.integer(inner, 2))
            case 3:
                return messages.integer(inner, 3)
            case 4:
                return messages.unsigned(inner, 4)
            case 5:
                return self._decimal(messages.double(inner, 5), at)
            case 6:
                return messages.text(inner, 6)
            case 7:
                raise Unreadable("bytes are no value of an extraction", at + 1)
            case _:
                return None

    def _decimal(self, near: float, at: int) -> Decimal:
        written = _DECIMAL.match(self._text, at)
        exact = Decimal(written[0]) if written and written[0].strip("-.eE+") else Decimal(0)
        if float(exact) != near:
            raise Unreadable("the number cannot be read exactly", at + 1)
        if len(exact.as_tuple().digits) > MAX_DIGITS or abs(exact.adjusted()) > MAX_DIGITS:
            raise Unreadable(f"the number has more than {MAX_DIGITS} digits", at + 1)
        return exact


def _argument(node: Node, index: int) -> Node:
    assert isinstance(node, Call)
    return node.arguments[index]
