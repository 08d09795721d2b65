"""Finding a field's place in a schema, what it expects there, and what breaks it."""

import difflib
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property, lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any, Self, cast

from stackdocs_mcp.core import exact
from stackdocs_mcp.core.errors import InvalidPath, InvalidSchema
from stackdocs_mcp.core.model import JsonObject, JsonValue
from stackdocs_mcp.core.paths import FieldPath, dotted, without_rows
from stackdocs_mcp.core.schema.checks import check
from stackdocs_mcp.core.schema.node import OVERRIDES, Node, Part, types_of
from stackdocs_mcp.core.schema.references import at, step, subschemas
from stackdocs_mcp.core.schema.violations import FORMATS, Violation, missing, violations_of

if TYPE_CHECKING:
    from stackdocs_mcp.core.rules import Rule

MAX_NAMES = 1_000
MAX_LEVELS = 8
MAX_VISITS = 20_000
"""So many subschemas are looked at when a schema is walked through; one that grows has no end."""
_REFERENCES = ("$ref", "$dynamicRef")
_APPLICATORS = ("allOf", "anyOf", "oneOf")
_BRANCHES = ("then", "else")
_INSIDE = frozenset(
    ("properties", "patternProperties", "additionalProperties", "unevaluatedProperties")
) | {"required", "items", "prefixItems"}
_SHAPE = _INSIDE | {*_REFERENCES, *_APPLICATORS, "if", "not", "type", "enum", "const"}
"""Keywords that say what a value is, or may have inside it."""


class Schema:
    """A checked schema. Compiled validators are made on first use and kept."""

    def __init__(self, document: JsonObject) -> None:
        self.document = document

    @classmethod
    def load(cls, document: JsonObject) -> Self:
        """Raises InvalidSchema with the reason."""
        check(document)
        schema = cls(document)
        schema._check_required()
        _ = schema.rules  # a bad one is refused here
        return schema

    @cached_property
    def root(self) -> Node:
        return self._node([Part("#", self.document)])

    @cached_property
    def rules(self) -> "tuple[Rule, ...]":
        """What ``x-rules`` declares, in its order, ready to run. Raises InvalidSchema."""
        if "x-rules" not in self.document:
            return ()
        from stackdocs_mcp.core.rules import rules_of  # noqa: PLC0415  rules ask schemas

        return rules_of(self)

    @cached_property
    def acknowledgeable(self) -> frozenset[str]:
        """Every code that ``x-acknowledgeable`` names anywhere."""
        codes = (part.get("x-acknowledgeable", ()) for part in self._subschemas)
        return frozenset(code for some in codes for code in some)

    @property
    def overrides(self) -> int:
        """At how many places the schema has rules of its own that override the stack's policy."""
        return sum(not part.keys().isdisjoint(OVERRIDES) for part in self._subschemas)

    @property
    def _subschemas(self) -> Iterator[Mapping[str, Any]]:
        found = (at(self.document, pointer) for pointer in subschemas(self.document))
        return (part for part in found if isinstance(part, Mapping))

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Every field it names, dotted, rows as ``[0]``, in the schema's order; at most 1,000.

        A field whose schema stands above it too is named once, not what is inside it again.
        """
        leaves = self._leaves(self.root, (), (), iter(range(MAX_VISITS)))
        return tuple(dotted(path) for path in islice(leaves, MAX_NAMES))

    def node(self, path: FieldPath) -> Node:
        """What the schema says at ``path``.

        Raises InvalidPath, with the nearest names, where the schema has no such field. A schema
        that names no properties at some level, or allows additional ones there, allows any name.
        """
        node = self.root
        for depth, segment in enumerate(path, start=1):
            child = self._child(node, segment)
            if child is None:
                raise InvalidPath(f"the schema has no field {dotted(path)!r}", self._near(path))
            node = child
            if not node.parts and depth < len(path):
                return Node(())  # below a place where anything goes

        return node

    def order(self, path: FieldPath) -> tuple[int, ...]:
        """Sorts paths as the schema lists its fields."""
        node, ranks = self.root, list[int]()
        for segment in path:
            if isinstance(segment, int):
                ranks.append(segment)
            else:
                names = node.names
                ranks.append(names.index(segment) if segment in names else len(names))
            node = self._child(node, segment) or Node(())

        return tuple(ranks)

    def violations_at(self, path: FieldPath, value: JsonValue) -> list[Violation]:
        """How one value breaks the schema at its own place, whatever the other fields hold."""
        compiled = [self._validators.get(part.pointer) for part in self._own_parts(path)]
        checks = [list(one.iter_errors(value)) for one in compiled if one is not None]
        if not checks or any(not errors for errors in checks):
            return []
        return [violation for error in checks[0] for violation in violations_of(error, path)]

    def violations(self, document: Mapping[str, JsonValue]) -> list[Violation]:
        """Everything that keeps the whole extraction from matching; missing leaves one by one."""
        found: list[Violation] = []
        for error in self._validators["#"].iter_errors(document):
            for violation in violations_of(error, ()):
                if violation.code == "missing_required":
                    leaves = self._required(violation.path, iter(range(MAX_NAMES)))
                    found += [missing(path) for path in islice(leaves, MAX_NAMES)]
                else:
                    found.append(violation)

        return sorted(dict.fromkeys(found), key=lambda one: self.order(one.path))

    @cached_property
    def _validators(self) -> Any:
        import jsonschema_rs  # noqa: PLC0415  30 ms, only where there is a schema

        return jsonschema_rs.validator_map_for(
            dict(self.document),
            validate_formats=True,
            formats=dict(FORMATS),
            offline=True,
            pattern_options=jsonschema_rs.RegexOptions(),
        )

    def _node(self, parts: Iterable[Part]) -> Node:
        """Follow references and applicators, each part once, in order."""
        seen: dict[str, Part] = {}
        waiting = list(parts)
        while waiting:
            part = waiting.pop(0)
            if part.pointer in seen or not isinstance(part.schema, Mapping):
                continue
            seen[part.pointer] = part
            waiting[:0] = self._applied(part)

        return Node(tuple(seen.values()))

    def _applied(self, part: Part) -> list[Part]:
        applied: list[Part] = []
        for keyword in _REFERENCES:
            if keyword in part.schema:
                reference = part.schema[keyword]
                applied.append(Part(reference, at(self.document, reference)))
        for keyword in _APPLICATORS:
            options = part.schema.get(keyword, ())
            applied += [
                Part(f"{part.pointer}/{keyword}/{index}", option)
                for index, option in enumerate(options)
            ]
        applied += [
            Part(f"{part.pointer}/{keyword}", part.schema[keyword])
            for keyword in _BRANCHES
            if keyword in part.schema
        ]
        return applied

    def _child(self, node: Node, segment: str | int) -> Node | None:
        """The node one step down; None where the schema has no such place."""
        parts = self._child_parts(node, segment)
        return None if parts is None else self._node(parts)

    def _child_parts(self, node: Node, segment: str | int) -> list[Part] | None:
        if all(_SHAPE.isdisjoint(part.schema) for part in node.parts):
            return []  # nothing is said of it but its name
        steps = [_step(part, segment) for part in node.parts]
        found = [child for step in steps if step for child in step]
        if found:
            return found
        # Nobody names it: it is allowed where a part says so, or where none describes the place.
        return [] if any(step == [] for step in steps) else None

    def _own_parts(self, path: FieldPath) -> list[Part]:
        """The parts at ``path`` before references are followed: what a validator is kept for."""
        parent = self.node(path[:-1]) if path[:-1] else self.root
        return self._child_parts(parent, path[-1]) or []

    def _leaves(
        self,
        node: Node,
        path: FieldPath,
        above: tuple[frozenset[str], ...],
        visits: Iterator[int],
    ) -> Iterator[FieldPath]:
        """Leaves in order; a place that has itself inside it is one. Ends with the visits."""
        if _spent(visits, len(node.parts)):
            return
        pointers = frozenset(part.pointer for part in node.parts)
        if any(other and other <= pointers for other in above):
            yield path
            return
        above = (*above, pointers)
        rows = self._child(node, 0) if "array" in node.expected.types else None
        if names := node.names:
            for name in names:
                child = self._child(node, name) or Node(())
                yield from self._leaves(child, (*path, name), above, visits)
        elif rows is not None and rows.parts:
            yield from self._leaves(rows, (*path, 0), above, visits)
        else:
            yield path

    def _required(self, path: FieldPath, visits: Iterator[int]) -> Iterator[FieldPath]:
        """The required leaves of a missing place: itself, unless it is an object that has some."""
        node = self.node(path)
        if node.required and len(path) < MAX_LEVELS and not _spent(visits, len(node.parts)):
            for name in node.required:
                yield from self._required((*path, name), visits)
        else:
            yield path

    def _check_required(self) -> None:
        """Raise InvalidSchema for a name that is required and that no path could lead to."""
        seen: set[tuple[str, ...]] = set()
        visits = iter(range(MAX_VISITS))
        waiting: list[tuple[Node, FieldPath]] = [(self.root, ())]
        while waiting:
            node, path = waiting.pop()
            shaping = (part for part in node.parts if not _INSIDE.isdisjoint(part.schema))
            pointers = tuple(part.pointer for part in shaping)
            if pointers in seen:
                continue
            seen.add(pointers)
            for name in node.required:
                if self._child(node, name) is None:
                    where = f"at {dotted(path)!r}" if path else "as a whole"
                    raise InvalidSchema(
                        f"the schema {where} requires {name!r}, which is none of its properties"
                    )
            steps: list[str | int] = [*node.names, 0]
            if _spent(visits, len(node.parts) * len(steps)):
                raise InvalidSchema("the schema has too many combinations to be looked through")
            below = [(one, self._child(node, one)) for one in steps]
            waiting += [(child, (*path, one)) for one, child in below if child is not None]

    def _near(self, path: FieldPath) -> list[str]:
        wanted = ".".join(map(str, without_rows(path)))
        plain = {name.replace("[0]", ""): name for name in self.names}
        return [plain[name] for name in difflib.get_close_matches(wanted, plain, n=3, cutoff=0.5)]


def cached(document: JsonObject) -> Schema:
    """The schema of a document that was checked before, compiled once for as long as it is used."""
    return _compiled(exact.dumps(cast("JsonValue", document)))


@lru_cache(maxsize=64)
def _compiled(text: str) -> Schema:
    return Schema(cast("JsonObject", exact.loads(text)))


def _spent(visits: Iterator[int], wanted: int) -> bool:
    """Take so many visits, at least one; whether they are used up by that."""
    return sum(1 for _ in islice(visits, max(1, wanted))) < wanted or next(visits, None) is None


def _step(part: Part, segment: str | int) -> list[Part] | None:
    """The part's own subschemas one step down; [] where anything goes, None where nothing does."""
    if isinstance(segment, int):
        return _row(part, segment)
    return _member(part, segment)


def _row(part: Part, row: int) -> list[Part] | None:
    schema, where = part.schema, part.pointer
    prefix = schema.get("prefixItems", ())
    if row < len(prefix):
        return [Part(f"{where}/prefixItems/{row}", prefix[row])]
    if "items" in schema:
        items = schema["items"]
        return None if items is False else [Part(f"{where}/items", items)]
    return [] if "array" in types_of(schema) and not prefix else None


def _member(part: Part, name: str) -> list[Part] | None:
    schema, where = part.schema, part.pointer
    properties = schema.get("properties", {})
    if name in properties:
        return [Part(step(where, "properties", name), properties[name])]
    patterns = schema.get("patternProperties", {})
    if found := [one for one in patterns if _matches(one, name)]:
        return [Part(step(where, "patternProperties", one), patterns[one]) for one in found]
    additional = schema.get("additionalProperties")
    if isinstance(additional, Mapping):
        return [Part(f"{where}/additionalProperties", additional)]
    open_ended = additional is True or (additional is None and not properties)
    return [] if open_ended and "object" in types_of(schema) else None


@lru_cache(maxsize=256)
def _matches(pattern: str, name: str) -> bool:
    """In linear time: the patterns are whoever's who sets schemas."""
    import jsonschema_rs  # noqa: PLC0415  30 ms, only where there is a schema

    options = jsonschema_rs.RegexOptions()
    return jsonschema_rs.is_valid({"pattern": pattern}, name, pattern_options=options)
