"""Names of types in the bodies of functions, and which of them a caller could have made.

Types that SQL has words of its own for, such as "integer" or "interval", are no names: the parser
knows them. All others are looked up, and in the caller's temporary schema first.
"""

import re
from collections.abc import Iterable, Mapping

WORDS = frozenset(
    "int integer bigint smallint real float double decimal dec numeric boolean bit char character"
    " nchar varchar timestamp time interval".split()
)
_NOISE = re.compile(r"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'", re.DOTALL)
_CALLED = re.compile(r"\b(?:stackdocs|public)\.(\w+)\s*\(")
_CAST = re.compile(r"::\s*(\w+)\b(?!\s*\.)|\bcast\s*\(.*?\bas\s+(\w+)\b(?!\s*\.)", re.DOTALL)
_DECLARED = re.compile(r"^\s*\w+\s+(?:constant\s+)?(\w+)\b(?!\s*\.)", re.MULTILINE)
_DECLARATIONS = re.compile(r"\bdeclare\b(.*?)\bbegin\b", re.DOTALL)
_LITERAL = re.compile(r"(?<![\w.])(\w+)\s*''")
_COLUMN = re.compile(r"[(,]\s*\w+\s+(\w+)(?:\[\])?\s*(?=[,)])")


def unqualified(body: str, types: Iterable[str]) -> set[str]:
    """The types, all of pg_catalog being ``types``, that the body of a function names bare."""
    names = frozenset(types) - WORDS
    text = _NOISE.sub(lambda one: "''" if one[0].startswith("'") else " ", body)
    found = {cast or called for cast, called in _CAST.findall(text)}
    for declarations in _DECLARATIONS.findall(text):
        statements = ";".join(f"\n{one.strip()}" for one in declarations.split(";"))
        found |= {one for one in _DECLARED.findall(statements) if one not in {"in", "as"}} & names
    found |= set(_LITERAL.findall(text)) & names
    found |= set(_COLUMN.findall(text)) & names
    return found - WORDS


def called(bodies: Mapping[str, str], first: Iterable[str]) -> set[str]:
    """These functions with all that they call, and so on; by name, since bodies say no more."""
    found: set[str] = set()
    waiting = [name for name in first if name in bodies]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += [one for one in _CALLED.findall(bodies[name]) if one in bodies]
    return found
