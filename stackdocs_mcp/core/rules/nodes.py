"""What an expression is made of, once read: a tree whose nodes know where they were written."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

Macro = Literal["all", "exists", "exists_one", "map", "filter"]


@dataclass(frozen=True, slots=True)
class Constant:
    """A number (never a float), a text, true or false; ``None`` is the word ``null``."""

    at: int
    value: int | Decimal | str | bool | None


@dataclass(frozen=True, slots=True)
class Name:
    """A field of the extraction, a row that a loop is at, or ``self``: the whole extraction."""

    at: int
    name: str


@dataclass(frozen=True, slots=True)
class Member:
    """``of.name``; with ``tested`` it is ``has(of.name)``."""

    at: int
    of: "Node"
    name: str
    tested: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """An operator under CEL's own name for it (``_+_``), or a function; a receiver comes first."""

    at: int
    function: str
    arguments: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Listing:
    """``[a, b, c]``."""

    at: int
    items: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Loop:
    """``over.macro(row, body)``; ``kept`` is the condition of a ``map`` of three arguments."""

    at: int
    macro: Macro
    over: "Node"
    row: str
    body: "Node"
    kept: "Node | None" = None


Node = Constant | Name | Member | Call | Listing | Loop


def parts(node: Node) -> tuple[Node, ...]:
    """The nodes right below, in the order they are written."""
    match node:
        case Constant() | Name():
            return ()
        case Member():
            return (node.of,)
        case Call():
            return node.arguments
        case Listing():
            return node.items
        case Loop():
            return (node.over, *(() if node.kept is None else (node.kept,)), node.body)


def all_of(node: Node) -> Iterator[Node]:
    """The node and everything below it."""
    waiting = [node]
    while waiting:
        found = waiting.pop()
        yield found
        waiting += parts(found)
