"""What a page's pixels show: whether anything is printed, and whether a text can be seen."""

from collections.abc import Collection
from math import ceil
from typing import TYPE_CHECKING

from stackdocs_mcp.ocr import calls
from stackdocs_mcp.ocr.order import Rectangle

if TYPE_CHECKING:
    import pypdfium2 as pdfium
    from PIL import Image

_LEAST_CONTRAST = 24
"""Levels of a colour, of 255, that a reader notices."""
_FINEST = 2_000_000
"""Pixels: enough to see whether text is there, cheap enough to do for any page."""


def is_blank(columns: int, rows: int, pixels: bytes) -> bool:
    """Nothing is printed: all pixels are of one shade."""
    from PIL import Image  # noqa: PLC0415 - only for pages without text

    lightness = Image.frombytes("RGB", (columns, rows), pixels).convert("L")
    ((darkest, lightest),) = _extremes(lightness)
    return lightest - darkest < _LEAST_CONTRAST


class Ink:
    """What some texts add to a region of a page: it is drawn with them, and without.

    So it does not matter why a text cannot be seen: for its colour, a clip, a layer that is
    switched off, or what covers it.
    """

    def __init__(
        self,
        page: "pdfium.PdfPage",
        texts: Collection[calls.Address],
        region: Rectangle,
        scale: float,
    ) -> None:
        """``region`` in points from the top left as displayed; it may stand out of the page."""
        from PIL import ImageChops  # noqa: PLC0415 - most pages do not need it

        self._page = page
        width, height = page.get_size()
        self._scale = min(scale, (_FINEST / max(1.0, width * height)) ** 0.5)
        self._size = ceil(width * self._scale), ceil(height * self._scale)
        self._region = self._pixels(region)
        self._with: Image.Image | None = None
        self._added: Image.Image | None = None
        if not _is_empty(self._region):
            self._with = self._drawn()
            for text in texts:
                calls.set_active(text, 0)
            self._added = ImageChops.difference(self._with, self._drawn())
            for text in texts:
                calls.set_active(text, 1)

    def shows(self, box: Rectangle) -> bool:
        """The texts make a difference inside this box."""
        return any(most >= _LEAST_CONTRAST for _, most in self._extremes(self._added, box))

    def has_contrast(self, box: Rectangle) -> bool:
        """Something can be seen inside this box, whatever it is."""
        extremes = self._extremes(self._with, box)
        return any(most - least >= _LEAST_CONTRAST for least, most in extremes)

    def _extremes(self, image: "Image.Image | None", box: Rectangle) -> list[tuple[float, float]]:
        """The least and the most of each colour inside this box."""
        if image is None:
            return []
        left, top, right, bottom = self._region
        x0, y0, x1, y1 = self._pixels(box)
        part = max(x0, left), max(y0, top), min(x1, right), min(y1, bottom)
        if _is_empty(part):
            return []
        return _extremes(image.crop((part[0] - left, part[1] - top, part[2] - left, part[3] - top)))

    def _pixels(self, box: Rectangle) -> tuple[int, int, int, int]:
        """Those of the page that the box touches."""
        scale = self._scale
        x0, y0, x1, y1 = (min(max(side * scale, -1.0), 1e6) for side in box)
        return (
            max(0, int(x0)),
            max(0, int(y0)),
            min(self._size[0], int(x1) + 1),
            min(self._size[1], int(y1) + 1),
        )

    def _drawn(self) -> "Image.Image":
        left, top, right, bottom = self._region
        around = left, self._size[1] - bottom, self._size[0] - right, top
        # In points, and rounded up to pixels again: a bit less, so that no pixel is lost to that.
        crop = tuple(max(0.0, side - 0.01) / self._scale for side in around)
        image: Image.Image = self._page.render(scale=self._scale, crop=crop).to_pil()
        return image


def _is_empty(part: tuple[int, int, int, int]) -> bool:
    return part[0] >= part[2] or part[1] >= part[3]


def _extremes(image: "Image.Image") -> list[tuple[float, float]]:
    found: list[tuple[float, float]] = []
    for band in image.split():
        least, most = band.getextrema()
        assert isinstance(least, int | float)
        assert isinstance(most, int | float)
        found.append((least, most))
    return found
