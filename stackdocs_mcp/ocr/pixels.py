"""What a page's pixels show: whether anything is printed, and whether a text can be seen."""

from collections.abc import Collection
from math import ceil
from typing import TYPE_CHECKING, Any

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
        self._page = page
        width, height = page.get_size()
        self._scale = min(scale, (_FINEST / max(1.0, width * height)) ** 0.5)
        self._size = ceil(width * self._scale), ceil(height * self._scale)
        self._region = self._pixels(region)
        self._with: Image.Image | None = None
        self._without: Image.Image | None = None
        if _is_empty(self._region):
            return
        self._with = self._drawn()
        for text in texts:
            calls.set_active(text, 0)
        self._without = self._drawn()
        for text in texts:
            calls.set_active(text, 1)

    def shows(self, box: Rectangle) -> bool:
        """The texts make a difference inside this box."""
        from PIL import ImageChops  # noqa: PLC0415 - most pages do not need it

        part = self._part(box)
        if self._with is None or self._without is None or _is_empty(part):
            return False
        added = ImageChops.difference(self._with.crop(part), self._without.crop(part))
        return any(most >= _LEAST_CONTRAST for _, most in _extremes(added))

    def has_contrast(self, box: Rectangle) -> bool:
        """Something can be seen inside this box, whatever it is."""
        part = self._part(box)
        if self._with is None or _is_empty(part):
            return False
        extremes = _extremes(self._with.crop(part))
        return any(most - least >= _LEAST_CONTRAST for least, most in extremes)

    def _part(self, box: Rectangle) -> tuple[int, int, int, int]:
        """The pixels of the region that the box touches."""
        left, top, right, bottom = self._region
        x0, y0, x1, y1 = self._pixels(box)
        return (
            max(x0, left) - left,
            max(y0, top) - top,
            min(x1, right) - left,
            min(y1, bottom) - top,
        )

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
        image: Image.Image = self._page.render(
            scale=self._scale,
            crop=crop,
            may_draw_forms=False,  # they are part of the page
            prefer_bgrx=True,  # which Pillow need not copy
            rev_byteorder=True,
        ).to_pil()
        return image


def _is_empty(part: tuple[int, int, int, int]) -> bool:
    return part[0] >= part[2] or part[1] >= part[3]


def _extremes(image: "Image.Image") -> list[tuple[int, int]]:
    """The least and the most of each colour."""
    found: Any = image.getextrema()  # Pillow's own type knows no number of bands
    return list(found) if isinstance(found[0], tuple) else [found]
