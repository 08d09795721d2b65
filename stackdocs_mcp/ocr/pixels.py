"""What a page's pixels show: whether anything is printed, and whether a text can be seen."""

from typing import TYPE_CHECKING

from stackdocs_mcp.ocr.order import Rectangle

if TYPE_CHECKING:
    import pypdfium2 as pdfium
    from PIL import Image

_LEAST_CONTRAST = 24
"""Levels of grey, of 255, between the lightest and the darkest pixel."""
_FINEST = 2_000_000
"""Pixels: enough to see whether text is there, cheap enough to do for any page."""


def is_blank(columns: int, rows: int, pixels: bytes) -> bool:
    """Nothing is printed: all pixels are of one shade."""
    from PIL import Image  # noqa: PLC0415 - only for pages without text

    lightness = Image.frombytes("RGB", (columns, rows), pixels).convert("L")
    return not _has_contrast(lightness)


class Contrast:
    """Whether anything can be seen in a part of a page; draws the page on the first question."""

    def __init__(self, page: "pdfium.PdfPage") -> None:
        self._page = page
        self._drawn: Image.Image | None = None
        self._scale = 1.0

    def within(self, box: Rectangle) -> bool:
        """Something stands out inside this box, in points from the top left as displayed."""
        if self._drawn is None:
            self._draw()
        assert self._drawn is not None
        columns, rows = self._drawn.size
        x0, y0 = (max(0, int(side * self._scale)) for side in box[:2])
        x1 = min(columns, int(box[2] * self._scale) + 1)
        y1 = min(rows, int(box[3] * self._scale) + 1)
        return x0 < x1 and y0 < y1 and _has_contrast(self._drawn.crop((x0, y0, x1, y1)))

    def _draw(self) -> None:
        width, height = self._page.get_size()
        self._scale = min(1.0, (_FINEST / max(1.0, width * height)) ** 0.5)
        self._drawn = self._page.render(scale=self._scale, grayscale=True).to_pil()


def _has_contrast(grey: "Image.Image") -> bool:
    darkest, lightest = grey.getextrema()
    assert isinstance(darkest, int | float)
    assert isinstance(lightest, int | float)
    return lightest - darkest >= _LEAST_CONTRAST
