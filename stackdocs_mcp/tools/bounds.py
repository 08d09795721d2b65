"""Keeping answers small enough for a model's context: what is said twice goes first.

Clients cut or put aside results above some tens of thousands of characters. What was written can
be read again with read_extraction, so an answer that is too long loses boxes, then long texts.
"""

from collections.abc import Callable, Sequence

from stackdocs_mcp.tools.shapes import EvidenceItem, FieldItem, FieldOutcome, WarningItem

MAX_CHARACTERS = 36_000
MAX_SUMMARY = 1_500
MAX_WARNINGS = 20
_SHORT = 120
_SHORTEST = 24
_Item = FieldOutcome | FieldItem


def bounded(items: Sequence[_Item]) -> None:
    """Cut the items, in place, until all together are at most about 36,000 characters."""
    for item in items:
        _few_warnings(item)
    for cut in _CUTS:
        if _size(items) <= MAX_CHARACTERS:
            return
        for item in items:
            cut(item)


def summary(text: str) -> str:
    """The line at most 1,500 characters long."""
    return text if len(text) <= MAX_SUMMARY else f"{text[: MAX_SUMMARY - 1]}\u2026"


def _size(items: Sequence[_Item]) -> int:
    return sum(len(item.model_dump_json()) for item in items)


def _few_warnings(item: _Item) -> None:
    left_out = len(item.warnings) - MAX_WARNINGS
    if left_out > 0:
        more = WarningItem(code="more", message=f"and {left_out} more warnings")
        item.warnings = [*item.warnings[:MAX_WARNINGS], more]


def _without_boxes(item: _Item) -> None:
    if item.evidence is not None:
        item.evidence.boxes = item.evidence.others = None


def _short_texts(item: _Item) -> None:
    item.value = _cut(item.value)
    if item.evidence is not None and item.evidence.quote is not None:
        item.evidence.quote = _shortened(item.evidence.quote)


def _verdict_alone(item: _Item) -> None:
    if isinstance(item, FieldOutcome) and item.outcome == "accepted":
        verdict = None if item.evidence is None else item.evidence.verdict
        item.evidence = None if verdict is None else EvidenceItem(verdict=verdict)
    item.warnings = item.warnings[:3]


def _bare(item: _Item) -> None:
    item.value = _cut(item.value, _SHORTEST)
    if item.evidence is not None:
        item.evidence = EvidenceItem(verdict=item.evidence.verdict)
    item.warnings = [
        WarningItem(code=one.code, message=_shortened(one.message, _SHORTEST))
        for one in item.warnings
    ]


def _cut(value: object, longest: int = _SHORT) -> object:
    if isinstance(value, str):
        return _shortened(value, longest)
    if isinstance(value, list | dict) and len(str(value)) > longest:
        return f"\u2026 {len(value)} {'rows' if isinstance(value, list) else 'members'}"
    return value


def _shortened(text: str, longest: int = _SHORT) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}\u2026"


_CUTS: tuple[Callable[[_Item], None], ...] = (_without_boxes, _short_texts, _verdict_alone, _bare)
