"""What a page's pixels show: whether anything is printed, and whether a text can be seen."""

from math import ceil
from typing import TYPE_CHECKING

from stackdocs_mcp.ocr.order import Rectangle

if TYPE_CHECKING:
    import pypdfium2 as pdfium
    from PIL import Image

_LEAST_CONTRAST = 24
"""Levels of grey, of 255, between the lightest and the darkest pixel."""
_FINEST = 2_000_000
"""Pixels: enough to see whether text is there, cheap enough to do for any page."""
_PARTS = 16
"""Each costs a tenth to a twentieth of the page."""


def is_blank(columns: int, rows: int, pixels: bytes) -> bool:
    """Nothing is printed: all pixels are of one shade."""
    from PIL import Image  # noqa: PLC0415 - only for pages without text

    lightness = Image.frombytes("RGB", (columns, rows), pixels).convert("L")
    return not _has_contrast(lightness)


class Contrast:
    """Whether anything can be seen in a part of a page.

    The first few questions draw that part alone; with more of them, or on a page so large that it
    is drawn smaller, the page is drawn once.
    """

    def __init__(self, page: "pdfium.PdfPage") -> None:
        self._page = page
        self._drawn: Image.Image | None = None
        self._asked = 0
        width, height = page.get_size()
        self._scale = min(1.0, (_FINEST / max(1.0, width * height)) ** 0.5)
        self._columns, self._rows = (max(1, ceil(side * self._scale)) for side in (width, height))

    def within(self, box: Rectangle) -> bool:
        """Something stands out inside this box, in points from the top left as displayed."""
        x0, y0 = (max(0, int(side * self._scale)) for side in box[:2])
        x1 = min(self._columns, int(box[2] * self._scale) + 1)
        y1 = min(self._rows, int(box[3] * self._scale) + 1)
        return x0 < x1 and y0 < y1 and _has_contrast(self._part(x0, y0, x1, y1))

    def _part(self, x0: int, y0: int, x1: int, y1: int) -> "Image.Image":
        """These pixels of the page as it is drawn at the scale."""
        self._asked += 1
        if self._drawn is None and self._scale == 1.0 and self._asked <= _PARTS:
            return self._render((x0, self._rows - y1, self._columns - x1, y0))
        if self._drawn is None:
            self._drawn = self._render((0, 0, 0, 0))
        return self._drawn.crop((x0, y0, x1, y1))

    def _render(self, crop: tuple[int, int, int, int]) -> "Image.Image":
        """Without so many pixels at the left, the bottom, the right and the top."""
        bitmap = self._page.render(scale=self._scale, grayscale=True, crop=crop)
        image: Image.Image = bitmap.to_pil()
        return image


def _has_contrast(grey: "Image.Image") -> bool:
    darkest, lightest = grey.getextrema()
    assert isinstance(darkest, int | float)
    assert isinstance(lightest, int | float)
    return lightest - darkest >= _LEAST_CONTRAST
