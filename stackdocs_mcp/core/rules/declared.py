"""The rules that a schema declares in ``x-rules`` at its root, checked and ready to run.

Each is ``{id, expression, severity?, message?, path?}``, the name of a set, or a set fitted to the
schema: ``{use, fields?, without?, severity?}``. See ``core/rules`` for what they mean.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from string import Template
from typing import Any, cast

from stackdocs_mcp.core.errors import InvalidPath, InvalidSchema
from stackdocs_mcp.core.paths import FieldPath, dotted, parse as parsed_path
from stackdocs_mcp.core.rules import checking, language
from stackdocs_mcp.core.rules.evaluation import Evaluate, evaluator
from stackdocs_mcp.core.rules.language import MAX_CHARACTERS, Unreadable
from stackdocs_mcp.core.rules.nodes import Node
from stackdocs_mcp.core.rules.sets import SETS, RuleSet, SetRule, Severity
from stackdocs_mcp.core.schema import Schema

KEYWORD = "x-rules"
MAX_RULES = 50
MAX_MESSAGE = 300

_ID = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}")
_KEYS = frozenset({"id", "expression", "severity", "message", "path"})
_SET_KEYS = frozenset({"use", "fields", "without", "severity"})


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of a schema. ``path`` is the field it is about, dotted, where it says one."""

    id: str
    node: Node
    evaluate: Evaluate
    severity: Severity
    message: str
    path: str | None


def rules_of(schema: Schema) -> tuple[Rule, ...]:
    """The rules of the schema in the order they stand there.

    Raises InvalidSchema with the rule's id, the place in its expression and the reason.
    """
    declared = schema.document.get(KEYWORD)
    if declared is None:
        return ()
    if not isinstance(declared, list):
        raise _refused("must be a list of rules and of names of rule sets")
    found: list[Rule] = []
    for index, entry in enumerate(declared):
        found += _entry(entry, index, schema)
        if len(found) > MAX_RULES:
            raise _refused(f"has more than {MAX_RULES} rules")
    ids = [rule.id for rule in found]
    for rule in ids:
        if ids.count(rule) > 1:
            raise _refused(f"has two rules with the id {rule!r}")
    return tuple(found)


def _entry(entry: object, index: int, schema: Schema) -> list[Rule]:
    if isinstance(entry, str):
        return _from_set({"use": entry}, index, schema)
    if not isinstance(entry, Mapping):
        raise _refused(f"has neither a rule nor a set's name at {index}")
    given = cast("Mapping[str, Any]", entry)
    return _from_set(given, index, schema) if "use" in given else [_own(given, index, schema)]


def _own(given: Mapping[str, Any], index: int, schema: Schema) -> Rule:
    name = given.get("id")
    if not isinstance(name, str) or not _ID.fullmatch(name):
        raise _refused(
            f"needs an 'id' at {index}: a letter, then letters, digits, '_', '-', '.', at most 64"
        )
    unknown = sorted(set(given) - _KEYS)
    if unknown:
        raise _refused(f"has {unknown[0][:64]!r} in the rule {name!r}; there are {sorted(_KEYS)}")
    expression, message = given.get("expression"), given.get("message", "the rule does not hold")
    if not isinstance(expression, str):
        raise _refused(f"needs an 'expression' in the rule {name!r}: a text in CEL")
    if not isinstance(message, str) or not 0 < len(message) <= MAX_MESSAGE:
        raise _refused(f"needs a 'message' of at most {MAX_MESSAGE} characters in {name!r}")
    path = None if given.get("path") is None else dotted(_path(given["path"], name, schema))
    severity = _severity(given.get("severity", "error"), name)
    try:
        return _compiled(name, expression, schema, severity=severity, message=message, path=path)
    except Unreadable as error:
        place = "" if error.at is None else f" at character {error.at}"
        raise _refused_rule(name, f"{error.reason}{place}", error.advice) from error


def _compiled(
    name: str,
    expression: str,
    schema: Schema,
    *,
    severity: Severity,
    message: str,
    path: str | None,
    limit: int = MAX_CHARACTERS,
) -> Rule:
    node = language.parse(expression, limit)
    checking.check(node, schema)
    return Rule(name, node, evaluator(node), severity, message, path)


def _from_set(given: Mapping[str, Any], index: int, schema: Schema) -> list[Rule]:
    name = given["use"]
    if not isinstance(name, str) or name not in SETS:
        raise _refused(f"names no rule set at {index}; there are {sorted(SETS)}")
    unknown = sorted(set(given) - _SET_KEYS)
    if unknown:
        raise _refused(f"has {unknown[0][:64]!r} beside 'use'; there are {sorted(_SET_KEYS)}")
    chosen = SETS[name]
    without = _choice(given.get("without", []), chosen, "without")
    severities = given.get("severity", {})
    if not isinstance(severities, Mapping):
        raise _refused("wants 'severity' of a set as an object: a rule's id to 'error' or 'warn'")
    _choice(list(severities), chosen, "severity")
    fitted = _Fitted(name, chosen, given.get("fields", {}), schema)
    rules = [
        fitted.rule(one, severities.get(one.id)) for one in chosen.rules if one.id not in without
    ]
    applying = [rule for rule in rules if rule is not None]
    if not applying:
        wanted = sorted({need for one in chosen.rules for need in fitted.missing(one)})
        raise InvalidSchema(
            f"no rule of the set {name!r} can apply: the schema has none of the fields they need",
            f"Name yours in 'fields' of {{'use': {name!r}, 'fields': {{...}}}}; "
            f"missing are {', '.join(wanted)}.",
        )
    return applying


class _Fitted:
    """A set whose names stand for the fields of one schema."""

    def __init__(self, name: str, chosen: RuleSet, fields: object, schema: Schema) -> None:
        self._name = name
        self._set = chosen
        self._schema = schema
        self._paths = dict(self._named(fields))

    def rule(self, one: SetRule, severity: object) -> Rule | None:
        """The rule over the schema's fields; None where the schema lacks one that it needs."""
        if self.missing(one):
            return None
        full = all(name in self._paths for name in one.error_with) and bool(one.error_with)
        chosen = _severity(severity or ("error" if full else one.severity), one.id)
        texts = {name: self._text(name) for name in one.names}
        about = self._paths.get(one.about)
        try:
            return _compiled(
                f"{self._name}.{one.id}",
                Template(one.expression).substitute(texts),
                self._schema,
                severity=chosen,
                message=one.message,
                path=None if about is None else dotted(about),
                limit=100_000,
            )
        except Unreadable as error:
            raise _refused_rule(
                f"{self._name}.{one.id}",
                error.reason,
                f"{error.advice} Leave it out with 'without', or name other 'fields'.".strip(),
            ) from error

    def missing(self, one: SetRule) -> list[str]:
        """What the rule needs and the schema does not have, as it is called in ``fields``."""
        return [
            self._set.rows.get(name, name)
            for name in one.names
            if name not in self._paths and name not in self._set.optional
        ]

    def _named(self, fields: object) -> Iterator[tuple[str, FieldPath]]:
        """Where the schema has each of the set's names: as it is told, or under that very name."""
        known = {name for one in self._set.rules for name in one.names}
        given = _texts(fields)
        for name in given:
            if name not in {self._set.rows.get(one, one) for one in known}:
                wanted = sorted(self._set.rows.get(one, one) for one in known)
                raise _refused(f"has no {name[:64]!r} in the set {self._name!r}; {wanted}")
        rows: FieldPath = ()
        for name in sorted(known, key=lambda one: one in self._set.rows):
            label = self._set.rows.get(name, name)
            if name in self._set.rows and not rows:
                continue
            base = rows if name in self._set.rows else ()
            own = label.rpartition(".")[2]
            path = (*base, *_parsed(given.get(label, own), self._name))
            if self._has(path):
                if name == "line_items":
                    rows = (*path, 0)
                yield name, path
            elif label in given:
                _at(self._schema, path, self._name)
                raise _refused(f"maps {label!r} to no field that the schema names")

    def _has(self, path: FieldPath) -> bool:
        try:
            return bool(self._schema.node(path).parts)
        except InvalidPath:
            return False

    def _text(self, name: str) -> str:
        """How the expression reaches the field: from the extraction, or from a row."""
        if name not in self._paths:
            return "0"
        path = self._paths[name]
        if name in self._set.rows:
            return _reached(path[len(self._paths["line_items"]) + 1 :])
        field = f"self{_reached(path)}"
        return f"({field} == null ? 0 : {field})" if name in self._set.optional else field


def _reached(path: FieldPath) -> str:
    return "".join(f"[{json.dumps(segment, ensure_ascii=False)}]" for segment in path)


def _choice(given: object, chosen: RuleSet, key: str) -> frozenset[str]:
    ids = {one.id for one in chosen.rules}
    if not isinstance(given, list) or not all(isinstance(one, str) for one in given):
        raise _refused(f"wants {key!r} of a set as a list of rules")
    for one in given:
        if one not in ids:
            raise _refused(f"has no rule {one[:64]!r} for {key!r}; there are {sorted(ids)}")
    return frozenset(given)


def _texts(given: object) -> Mapping[str, str]:
    if not isinstance(given, Mapping) or not all(isinstance(one, str) for one in given.values()):
        raise _refused("wants 'fields' of a set as an object: the set's name to your field")
    return cast("Mapping[str, str]", given)


def _severity(given: object, name: str) -> Severity:
    if given not in ("error", "warn"):
        raise _refused(f"wants the severity of {name!r} to be 'error' or 'warn'")
    return given


def _path(given: object, name: str, schema: Schema) -> FieldPath:
    if not isinstance(given, str):
        raise _refused(f"wants the 'path' of {name!r} as a text")
    path = _parsed(given, name)
    _at(schema, path, name)
    return path


def _parsed(given: str, name: str) -> FieldPath:
    try:
        return parsed_path(given)
    except InvalidPath as error:
        raise _refused_rule(name, error.message, error.advice) from error


def _at(schema: Schema, path: FieldPath, name: str) -> None:
    try:
        schema.node(path)
    except InvalidPath as error:
        raise _refused_rule(name, error.message, error.advice) from error


def _refused(what: str) -> InvalidSchema:
    return InvalidSchema(f"'{KEYWORD}' {what}")


def _refused_rule(name: str, reason: str, advice: str) -> InvalidSchema:
    return InvalidSchema(f"the rule {name!r} cannot be used: {reason}", advice)
