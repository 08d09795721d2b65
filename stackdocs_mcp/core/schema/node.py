"""What a schema says of one place: types, rules and labels, from all parts that apply there."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

from stackdocs_mcp.core.model import JsonValue
from stackdocs_mcp.core.values import Expected

_ALTERNATIVE = re.compile(r"/(?:anyOf|oneOf)/[0-9]+\Z")

OVERRIDES = frozenset({"x-evidence", "x-min-confidence", "x-acknowledgeable"})
"""What overrides the stack's policy for a place and for all below it."""
EvidenceRule = Literal["require", "warn", "off", "derived"]


@dataclass(frozen=True, slots=True)
class Part:
    """A subschema and the pointer (``#/properties/total``) that it is compiled under."""

    pointer: str
    schema: Mapping[str, Any]

    @property
    def is_alternative(self) -> bool:
        """It is one of several, of which a value has to match one."""
        return _ALTERNATIVE.search(self.pointer) is not None


@dataclass(frozen=True, slots=True)
class Node:
    """All that a schema says of one place: the parts that apply there."""

    parts: tuple[Part, ...]

    @property
    def expected(self) -> Expected:
        """The types, format and enumeration that typing a value needs."""
        types = frozenset[str]().union(*(types_of(part.schema) for part in self.parts))
        return Expected(types=types, format=self._format, enum=self._enum)

    @property
    def _format(self) -> str | None:
        """The format, unless one of several alternatives would do without it."""
        open_ = any("string" in types_of(one) and "enum" not in one for one in self._open("format"))
        found = {part.schema["format"]: None for part in self.parts if "format" in part.schema}
        alternatives = [part for part in self.parts if part.is_alternative]
        if open_ or (len(found) > 1 and alternatives):
            return None
        return next(iter(found), None)

    @property
    def _enum(self) -> tuple[JsonValue, ...] | None:
        """The values listed, with null where an alternative is null; None where others would do."""
        enums = [part.schema["enum"] for part in self.parts if "enum" in part.schema]
        enums += [[part.schema["const"]] for part in self.parts if "const" in part.schema]
        if not enums:
            return None
        others = frozenset[str]().union(*(types_of(one) for one in self._open("enum", "const")))
        if others - {"null"}:
            return None
        nothing: list[JsonValue] = [None] if others else []
        return tuple(value for enum in (*enums, nothing) for value in enum)

    def _open(self, *keywords: str) -> list[Mapping[str, Any]]:
        """The alternatives that have a type and none of the keywords."""
        return [
            part.schema
            for part in self.parts
            if part.is_alternative and not any(name in part.schema for name in keywords)
        ]

    @property
    def evidence(self) -> EvidenceRule | None:
        """The field's own evidence rule, where the schema has one."""
        rules = (part.schema.get("x-evidence") for part in self.parts)
        return cast("EvidenceRule | None", next((rule for rule in rules if rule), None))

    @property
    def rows(self) -> Literal["all", "off"]:
        """Whether a table's rows must all be written: not where the schema says ``x-rows: off``."""
        return "off" if any(part.schema.get("x-rows") == "off" for part in self.parts) else "all"

    @property
    def min_confidence(self) -> float | None:
        """The field's own ``x-min-confidence``, where the schema has one."""
        found = (part.schema.get("x-min-confidence") for part in self.parts)
        return next((float(one) for one in found if one is not None), None)

    @property
    def acknowledgeable(self) -> frozenset[str] | None:
        """The field's own ``x-acknowledgeable``, where the schema has one; it may be empty."""
        found = (part.schema.get("x-acknowledgeable") for part in self.parts)
        return next((frozenset(one) for one in found if one is not None), None)

    @property
    def labels(self) -> tuple[str, ...]:
        """What the page may call the field: title, description, ``x-synonyms``."""
        found: list[str] = []
        for part in self.parts:
            found += [part.schema[name] for name in ("title",) if name in part.schema]
            found += part.schema.get("x-synonyms", ())
            found += [part.schema[name] for name in ("description",) if name in part.schema]

        return tuple(label for label in found if isinstance(label, str))

    @property
    def names(self) -> list[str]:
        """The properties it names, in order."""
        return list(
            dict.fromkeys(name for part in self.parts for name in part.schema.get("properties", ()))
        )

    @property
    def required(self) -> list[str]:
        return list(
            dict.fromkeys(name for part in self.parts for name in part.schema.get("required", ()))
        )


def types_of(schema: Mapping[str, Any]) -> frozenset[str]:
    """The types that one subschema names, or that its keywords are of."""
    declared = schema.get("type")
    if isinstance(declared, str):
        return frozenset({declared})
    if isinstance(declared, list):
        return frozenset(declared)
    if "properties" in schema:
        return frozenset({"object"})
    return frozenset({"array"}) if "items" in schema else frozenset()
