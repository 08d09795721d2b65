"""The pages of what the original product had recognised."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from stackdocs_mcp.core.model import Line, Page, PageSource
from stackdocs_mcp.ocr import clean
from stackdocs_mcp.ocr.plain import A4
from stackdocs_mcp.stores.supabase.originals import OriginalRead

POINTS = 72.0
"""To the inch, in which the service gives its resolution."""
LARGEST = 14_400.0
"""Points: what a PDF page has at most, 200 inches."""


def pages_of(read: OriginalRead) -> Sequence[Page]:
    """The pages with their lines, or none where it is not known which text is on which page.

    A text of one page is that page's. Of several pages the layout must have each one's own text:
    as a list, or a list called ``pages``, of objects with ``markdown`` or ``text``, in the order of
    their ``index``.
    """
    described = _described(read.layout)
    texts = [_text(one) for one in described]
    if len(described) != read.pages or not all(text is not None for text in texts):
        if read.pages != 1:
            return []
        described, texts = [{}], [read.text]
    return [
        _page(number, text or "", _size(one))
        for number, (one, text) in enumerate(zip(described, texts, strict=True), 1)
    ]


def _page(number: int, text: str, size: tuple[float, float]) -> Page:
    lines = [Line(count, line) for count, line in enumerate(clean.lines(text), 1)]
    source = PageSource.OCR if lines else PageSource.NONE
    return Page(number, *size, source, tuple(lines))


def _described(layout: str | None) -> list[Mapping[str, Any]]:
    """What the layout says of each page, in their order; nothing where that is not plain."""
    found = None if layout is None else json.loads(layout)
    if isinstance(found, dict):
        found = found.get("pages")
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        return []
    numbers = [one.get("index", place) for place, one in enumerate(found)]
    if not all(type(number) is int for number in numbers) or len(set(numbers)) != len(numbers):
        return []
    return [one for _, one in sorted(zip(numbers, found, strict=True), key=lambda pair: pair[0])]


def _text(page: Mapping[str, Any]) -> str | None:
    text = page.get("markdown", page.get("text"))
    return text if isinstance(text, str) else None


def _size(page: Mapping[str, Any]) -> tuple[float, float]:
    """Width and height in points, where the page says them in pixels; else those of A4."""
    told = page.get("dimensions")
    if not isinstance(told, dict):
        return A4
    width, height, dpi = (_positive(told.get(name)) for name in ("width", "height", "dpi"))
    if width is None or height is None or dpi is None:
        return A4
    size = width / dpi * POINTS, height / dpi * POINTS
    return size if max(size) <= LARGEST else A4


def _positive(told: object) -> float | None:
    if isinstance(told, bool) or not isinstance(told, (int, float)) or told <= 0:
        return None
    return float(told)
