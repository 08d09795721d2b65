"""Which cells of a workbook are written so that nobody sees it, by their own font and fill.

Of a theme's colours only those of text and of paper are known. Formats that depend on a value and
the styles of tables are not looked at.
"""

from typing import Any, TypeAlias

from openpyxl.styles.colors import COLOR_INDEX

from stackdocs_mcp.ocr.colours import BLACK, WHITE, Colour, colour, unseen

Cell: TypeAlias = Any
Shade: TypeAlias = Any
"""Of openpyxl, which has no types."""
_TINY = 2
"""Points."""
_THEME = {0: WHITE, 1: BLACK}


class CellStyles:
    """What the formats of one workbook make of its cells."""

    def __init__(self) -> None:
        self._known: dict[int, bool] = {}

    def hides(self, cell: Cell) -> bool:
        """The text of the cell is too small, or has the colour of its ground."""
        style = cell._style_id  # noqa: SLF001
        if style not in self._known:
            self._known[style] = _hides(cell)
        return self._known[style]


def _hides(cell: Cell) -> bool:
    try:
        font, fill = cell.font, cell.fill
    except IndexError:  # a format that the workbook does not have
        return False
    if font.sz is not None and font.sz <= _TINY:
        return True
    ink = BLACK if font.color is None else _colour(font.color)
    ground: Colour | None = WHITE
    if fill.fill_type == "solid":
        ground = _colour(fill.fgColor)
    elif fill.fill_type is not None:
        ground = None
    return ink is not None and ground is not None and unseen(ink, ground)


def _colour(shade: Shade) -> Colour | None:
    if shade.tint:
        return None
    if shade.type == "theme":
        return _THEME.get(shade.theme)
    text = shade.rgb
    if shade.type == "indexed":
        if shade.indexed >= len(COLOR_INDEX):
            return None  # the system's own
        text = COLOR_INDEX[shade.indexed]
    found = colour(f"#{str(text)[-6:]}")
    return found[0] if found else None
