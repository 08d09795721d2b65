"""What an expression must be before a schema may have it: about its fields, and able to decide.

A rule that could never apply would be a promise that nobody keeps. So each name must be a field of
the schema, and each operation must be one that its operands' types can have.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from stackdocs_mcp.core.errors import InvalidPath
from stackdocs_mcp.core.paths import MAX_SEGMENT, FieldPath
from stackdocs_mcp.core.rules.evaluation import MAX_LOOPS, is_null
from stackdocs_mcp.core.rules.language import Unreadable
from stackdocs_mcp.core.rules.nodes import Call, Constant, Listing, Loop, Member, Name, Node
from stackdocs_mcp.core.schema import Schema

Kinds = frozenset[str]
"""JSON Schema's names of types, ``integer`` left out; empty where nothing is known."""

ANY: Kinds = frozenset()
NUMBER, TEXT, TRUTH = frozenset({"number"}), frozenset({"string"}), frozenset({"boolean"})
LIST, OBJECT = frozenset({"array"}), frozenset({"object"})


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a part of an expression stands for: its types, and its field where it is one."""

    kinds: Kinds
    path: FieldPath | None = None
    items: Kinds = ANY
    """Of a list that is no field: what its items are."""


Rows = Mapping[str, Meaning]

_NO_ROWS: Rows = MappingProxyType({})

_SYMBOLS = {
    "_+_": "+",
    "_-_": "-",
    "_*_": "*",
    "_/_": "/",
    "_%_": "%",
    "-_": "-",
    "!_": "!",
    "_<_": "<",
    "_<=_": "<=",
    "_>_": ">",
    "_>=_": ">=",
    "_==_": "==",
    "_!=_": "!=",
    "_&&_": "&&",
    "_||_": "||",
    "@in": "in",
    "_[_]": "[]",
    "_?_:_": "?:",
}
_ORDERED = NUMBER | TEXT
_ASKED: Mapping[str, tuple[tuple[Kinds, ...], Kinds]] = {
    **dict.fromkeys(("_+_", "_*_", "_/_", "_%_"), ((NUMBER, NUMBER), NUMBER)),
    "_-_": ((_ORDERED, _ORDERED), NUMBER),
    **dict.fromkeys(("_<_", "_<=_", "_>_", "_>=_"), ((_ORDERED, _ORDERED), TRUTH)),
    **dict.fromkeys(("_==_", "_!=_"), ((NUMBER | TEXT | TRUTH,) * 2, TRUTH)),
    **dict.fromkeys(("_&&_", "_||_"), ((TRUTH, TRUTH), TRUTH)),
    "!_": ((TRUTH,), TRUTH),
    "-_": ((NUMBER,), NUMBER),
    "@in": ((NUMBER | TEXT | TRUTH, LIST | OBJECT), TRUTH),
    "sum": ((LIST,), NUMBER),
    **dict.fromkeys(("min", "max"), ((LIST,), _ORDERED)),
    "size": ((LIST | TEXT | OBJECT,), NUMBER),
    "abs": ((NUMBER,), NUMBER),
    **dict.fromkeys(("contains", "startsWith", "endsWith"), ((TEXT, TEXT), TRUTH)),
}
"""The types that each operator and function takes, and what it gives."""

_FUNCTIONS = "sum, min, max, size, abs, round, contains, startsWith and endsWith"
_SAME_KIND = frozenset({"_-_", "_<_", "_<=_", "_>_", "_>=_", "_==_", "_!=_"})
_REGULAR = frozenset({"matches", "find", "findAll", "replace"})


def check(node: Node, schema: Schema) -> None:
    """Raise Unreadable unless the expression can say yes or no of this schema's extractions."""
    found = _Checker(schema).meaning(node, _NO_ROWS)
    if found.kinds and not found.kinds & TRUTH:
        raise Unreadable("it gives no yes or no", node.at + 1, "Compare it with something.")


class _Checker:
    def __init__(self, schema: Schema) -> None:
        self._schema = schema

    def meaning(self, node: Node, rows: Rows) -> Meaning:
        match node:
            case Constant():
                return Meaning(_kind_of(node.value))
            case Name():
                return self._name(node, rows)
            case Member():
                return self._member(node, rows)
            case Listing():
                items = [self.meaning(item, rows) for item in node.items]
                return Meaning(LIST, items=_union([item.kinds for item in items]))
            case Loop():
                return self._loop(node, rows)
            case Call():
                return self._call(node, rows)

    def _name(self, node: Name, rows: Rows) -> Meaning:
        if node.name in rows:
            return rows[node.name]
        if node.name == "self":
            return Meaning(OBJECT, ())
        return self._field((node.name,), node)

    def _member(self, node: Member, rows: Rows) -> Meaning:
        of = self.meaning(node.of, rows)
        _ask(of, OBJECT, node, f".{node.name}")
        found = self._below(of, node.name, node)
        return Meaning(TRUTH) if node.tested else found

    def _below(self, of: Meaning, segment: str | int, node: Node) -> Meaning:
        if of.path is None:
            return Meaning(of.items if isinstance(segment, int) else ANY)
        return self._field((*of.path, segment), node)

    def _field(self, path: FieldPath, node: Node) -> Meaning:
        if isinstance(path[-1], str) and len(path[-1]) > MAX_SEGMENT:
            raise Unreadable(f"no field's name has more than {MAX_SEGMENT} characters", node.at + 1)
        try:
            found = self._schema.node(path)
        except InvalidPath as error:
            raise Unreadable(error.message, node.at + 1, error.advice) from None
        types = found.expected.types - {"null"}
        kinds = frozenset("number" if one == "integer" else one for one in types)
        return Meaning(kinds, path)

    def _loop(self, node: Loop, rows: Rows) -> Meaning:
        if len(rows) >= MAX_LOOPS:
            raise Unreadable(f"more than {MAX_LOOPS} loops stand in one another", node.at + 1)
        if node.row in rows or node.row == "self":
            raise Unreadable(f"the name {node.row!r} is taken already", node.at + 1)
        over = self.meaning(node.over, rows)
        _ask(over, LIST, node, node.macro)
        row = self._below(over, 0, node)
        inner = {**rows, node.row: row}
        if node.kept is not None:
            _ask(self.meaning(node.kept, inner), TRUTH, node.kept, "the condition of map")
        body = self.meaning(node.body, inner)
        if node.macro == "map":
            return Meaning(LIST, items=body.kinds)
        _ask(body, TRUTH, node.body, f"the condition of {node.macro}")
        if node.macro == "filter":
            return Meaning(LIST, over.path, over.items)
        return Meaning(TRUTH)

    def _call(self, node: Call, rows: Rows) -> Meaning:
        function, given = node.function, node.arguments
        shown = _SYMBOLS.get(function, function)
        meanings = [self.meaning(argument, rows) for argument in given]
        if any(map(is_null, given)):
            if function not in ("_==_", "_!=_") or all(map(is_null, given)):
                raise Unreadable(f"{shown} cannot take null", node.at + 1)
            return Meaning(TRUTH)
        if function == "_[_]":
            return self._index(node, meanings)
        if function == "_?_:_":
            _ask(meanings[0], TRUTH, node, shown)
            return Meaning(_union([one.kinds for one in meanings[1:]]))
        if function == "round" and len(given) in (1, 2):
            for meaning, argument in zip(meanings, given, strict=True):
                _ask(meaning, NUMBER, argument, shown)
            return Meaning(NUMBER)

        asked, gives = self._signature(node, shown)
        for meaning, wanted, argument in zip(meanings, asked, given, strict=True):
            _ask(meaning, wanted, argument, shown)
        if function in _SAME_KIND:
            _ask_same(meanings, node, shown)
        if function in ("sum", "min", "max"):
            return self._aggregate(node, meanings[0], gives)
        return Meaning(gives)

    def _signature(self, node: Call, shown: str) -> tuple[tuple[Kinds, ...], Kinds]:
        known = _ASKED.get(node.function)
        if known is None or len(known[0]) != len(node.arguments):
            if node.function in _REGULAR:
                raise Unreadable(
                    "regular expressions are not supported in rules",
                    node.at + 1,
                    "Put a 'pattern' on the field instead.",
                )
            what = "is no function of rules" if known is None else "takes other arguments"
            raise Unreadable(f"{shown} {what}", node.at + 1, f"There are {_FUNCTIONS}.")
        return known

    def _index(self, node: Call, meanings: Sequence[Meaning]) -> Meaning:
        of, index = meanings
        _ask(of, LIST | OBJECT, node, "[]")
        _ask(index, NUMBER | TEXT, node, "[]")
        key = node.arguments[1]
        if isinstance(key, Constant) and isinstance(key.value, str):
            return self._below(of, key.value, node)
        if index.kinds & TEXT:
            raise Unreadable("a field's name must be written out", node.at + 1)
        if isinstance(key, Constant) and isinstance(key.value, int) and 0 <= key.value < 10_000:
            return self._below(of, key.value, node)
        return self._below(of, 0, node)

    def _aggregate(self, node: Call, of: Meaning, wanted: Kinds) -> Meaning:
        items = of.items if of.path is None else self._below(of, 0, node).kinds
        _ask(Meaning(items), wanted, node, f"{node.function} of items")
        return Meaning(items & wanted if items else wanted)


def _ask(found: Meaning, wanted: Kinds, node: Node, what: str) -> None:
    if found.kinds and not found.kinds & wanted:
        raise Unreadable(
            f"{what} needs {_said(wanted)}, and is given {_said(found.kinds)}", node.at + 1
        )


def _ask_same(meanings: Sequence[Meaning], node: Node, shown: str) -> None:
    left, right = (one.kinds for one in meanings)
    if left and right and not left & right:
        raise Unreadable(f"{shown} compares {_said(left)} with {_said(right)}", node.at + 1)


def _said(kinds: Kinds) -> str:
    return " or ".join(f"{'an' if one[0] in 'ao' else 'a'} {one}" for one in sorted(kinds))


def _kind_of(value: object) -> Kinds:
    if value is None:
        return ANY
    if isinstance(value, bool):
        return TRUTH
    return TEXT if isinstance(value, str) else NUMBER


def _union(kinds: Sequence[Kinds]) -> Kinds:
    """What the whole may be; nothing is known of it where nothing is known of one part."""
    return ANY if not all(kinds) else frozenset[str]().union(*kinds)
