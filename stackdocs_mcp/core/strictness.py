"""How strictly a field is held: its own rules in the schema, those above it, or the stack's.

``x-evidence``, ``x-min-confidence`` and ``x-acknowledgeable`` stand in a field's subschema, or in
that of an object or list above it, up to the schema itself; the nearest one counts.
"""

from collections.abc import Iterator, Sequence

from stackdocs_mcp.core.errors import InvalidArgument, InvalidPath
from stackdocs_mcp.core.model import Leaf, Verdict
from stackdocs_mcp.core.paths import FieldPath
from stackdocs_mcp.core.schema import Node, Schema
from stackdocs_mcp.core.schema.node import EvidenceRule
from stackdocs_mcp.core.stack import REASON_CODES, Policy

_MISTAKEN = frozenset({"wrong_page", "other_line"})
"""Warnings of a value that does not stand where the citation says."""
_NOT_READY = frozenset({"processing", "failed"})
"""Codes of reasons that nobody can pass over: there is no document yet."""


def evidence_rule(path: FieldPath, schema: Schema | None, policy: Policy) -> EvidenceRule:
    """Whether the field needs a place on a page."""
    for node in _upwards(path, schema):
        if node.evidence is not None:
            return node.evidence
    return policy.evidence


def min_confidence(path: FieldPath, schema: Schema | None, policy: Policy) -> float | None:
    """The confidence below which a write of the field is warned of; None: no such bound."""
    for node in _upwards(path, schema):
        if node.min_confidence is not None:
            return node.min_confidence
    return policy.min_confidence


def acknowledgeable(path: FieldPath, schema: Schema | None, policy: Policy) -> frozenset[str]:
    """The codes of reasons at the path that somebody may complete the document in spite of."""
    for node in _upwards(path, schema):
        if node.acknowledgeable is not None:
            return node.acknowledgeable
    return frozenset(policy.acknowledgeable)


def check_codes(codes: Sequence[str], schema: Schema | None, policy: Policy) -> None:
    """Raise InvalidArgument for a code that no reason has, or that nothing here lets pass."""
    allowed = frozenset[str](policy.acknowledgeable)
    if schema is not None:
        allowed |= schema.acknowledgeable
    advice = f"Here {', '.join(sorted(allowed)) or 'none'} can be acknowledged."
    for code in codes:
        if code not in REASON_CODES and code not in _NOT_READY:
            raise InvalidArgument(f"{code[:64]!r} is not the code of a reason", advice)
        if code not in allowed:
            raise InvalidArgument(
                f"the policy does not let {code!r} be acknowledged",
                f"{advice} Mend what the reason says; who owns the stack can change its policy.",
            )


def satisfies(leaf: Leaf) -> bool:
    """The leaf has the evidence that ``require`` asks for; see ``Policy``."""
    verdict = leaf.evidence.verdict
    if leaf.value is None or leaf.value in ([], {}):  # nothing, which no page shows
        return True
    if verdict is Verdict.DERIVED:
        return False  # written when the schema still said that it is derived
    if verdict in (Verdict.LOCATED, Verdict.WRONG_PAGE):
        return not is_undecided(leaf)
    return verdict.holds


def is_undecided(leaf: Leaf) -> bool:
    """The value stands in several places, and nobody has said which of them is the field's."""
    codes = {one.code for one in leaf.warnings}
    return "several_places" in codes or bool(codes & _MISTAKEN and leaf.evidence.others)


def _upwards(path: FieldPath, schema: Schema | None) -> Iterator[Node]:
    """What the schema says at the path, then of what is above it, up to the schema itself."""
    if schema is None:
        return
    for length in range(len(path), -1, -1):
        try:
            yield schema.node(path[:length])
        except InvalidPath:  # the schema has changed since the field was written
            continue
