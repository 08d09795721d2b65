"""Tables whose column names are the fields of a list of which no row was written."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from stackdocs_mcp.core.evidence.concepts import asks_for_money, concepts, label_concepts
from stackdocs_mcp.core.paths import FieldPath
from stackdocs_mcp.core.rows.strips import Strip, Token
from stackdocs_mcp.core.schema import Schema

_FEWEST = 2
"""Fields of a list that its table names at least, and half of them."""
_TALLEST = 4
"""Lines of a heading."""
_NEAR = 1.6
"""In line heights: lines of one heading are nearer, as are a heading and its columns."""
_FAR = 8.0
"""In line heights: rows do not begin further below their heading."""
_LONGEST_LABEL = 3
_SUMS = frozenset({"total", "net", "amount"})


@dataclass(frozen=True, slots=True)
class Named:
    """A field of a list: what the page may call it, and whether it is a number."""

    labels: tuple[frozenset[str], ...]
    number: bool
    money: bool

    def is_named_by(self, words: frozenset[str]) -> bool:
        """These concepts name the field; any sum of money does for one that is an amount."""
        if self.money and words & _SUMS:
            return True
        return any(2 * len(label & words) >= len(label) for label in self.labels)


def unwritten(
    schema: Schema, written: Collection[FieldPath]
) -> Iterator[tuple[FieldPath, list[Named]]]:
    """The lists of objects that the schema has at its top and that nothing was written of."""
    for name in schema.root.names:
        path: FieldPath = (name,)
        node = schema.node(path)
        if path in written or "array" not in node.expected.types or node.rows == "off":
            continue
        row = schema.node((name, 0))
        if len(row.names) >= _FEWEST:
            yield path, [_named(schema, (name, 0, field)) for field in row.names]


def first_row(fields: Sequence[Named], strips: Sequence[Strip]) -> tuple[int, int] | None:
    """Positions of the heading's last strip and of the first row below it; None without a table."""
    best: tuple[int, int, int] | None = None
    for at in range(len(strips)):
        heading = list(_heading(strips, at))
        named = _fields_named(fields, heading)
        if len(named) < _FEWEST or 2 * len(named) < len(fields):
            continue
        row = _row_below(strips, at + 1, [token for field, token in named if field.number])
        if row is not None and (best is None or len(named) > best[0]):
            best = len(named), at, row
    return best[1:] if best else None


def _named(schema: Schema, path: FieldPath) -> Named:
    node = schema.node(path)
    said = [str(path[-1]), *(one for one in node.labels if len(one.split()) <= _LONGEST_LABEL)]
    labels = tuple(words for words in map(label_concepts, said) if words)
    number = bool({"number", "integer"} & node.expected.types)
    return Named(labels, number, number and any(map(asks_for_money, said)))


def _heading(strips: Sequence[Strip], at: int) -> Iterator[Strip]:
    """The strip and those close above it, as long as they hold words alone, some apart."""
    lower = strips[at]
    if not _is_names(lower) or (at + 1 < len(strips) and strips[at + 1].header):
        return
    yield lower
    for strip in reversed(strips[max(0, at - _TALLEST + 1) : at]):
        if strip.page != lower.page or strip.table != lower.table or not _is_names(strip):
            return
        if lower.top - strip.bottom > _NEAR * lower.height:
            return
        yield strip
        lower = strip


def _is_names(strip: Strip) -> bool:
    return len(strip.tokens) > 0 and all(token.kind == "word" for token in strip.tokens)


def _fields_named(fields: Sequence[Named], heading: Sequence[Strip]) -> list[tuple[Named, Token]]:
    if not any(len(strip.cells) > 1 for strip in heading):
        return []
    tokens = [(token, concepts(token.text)) for strip in heading for token in strip.tokens]
    found: list[tuple[Named, Token]] = []
    for field in fields:
        for token, words in tokens:
            if words and field.is_named_by(words):
                tokens.remove((token, words))
                found.append((field, token))
                break
    return found


def _row_below(strips: Sequence[Strip], at: int, names: Sequence[Token]) -> int | None:
    """The first strip with figures below the names of numbers; below most of them if it is one."""
    if not names or at >= len(strips):
        return None
    heading = strips[at - 1]
    for position in range(at, len(strips)):
        strip = strips[position]
        if strip.page != heading.page or strip.table != heading.table:
            return None
        if strip.table is None and strip.top - heading.bottom > _FAR * heading.height:
            return None
        below = [
            name for name in names if any(_is_below(token, name, strip) for token in strip.figures)
        ]
        if below and 2 * len(below) >= len(names):
            return position
    return None


def _is_below(token: Token, name: Token, strip: Strip) -> bool:
    if token.kind == "date":
        return False
    slack = 0 if strip.table is not None else strip.height
    return token.x0 < name.x1 + slack and name.x0 - slack < token.x1
