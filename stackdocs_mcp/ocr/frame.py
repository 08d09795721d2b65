"""Where things on a PDF page are for the reader who looks at it."""

import pypdfium2 as pdfium
import pypdfium2.raw as c

from stackdocs_mcp.ocr import turn
from stackdocs_mcp.ocr.order import Rectangle


class Frame:
    """The page as it is displayed: its box in PDF coordinates, and its /Rotate."""

    def __init__(self, page: pdfium.PdfPage) -> None:
        box = c.FS_RECTF()
        c.FPDF_GetPageBoundingBox(page, box)
        self._box = box.left, box.bottom, box.right, box.top
        self.corner = box.left, box.top
        """Of the page, in PDF coordinates: where the top left is before it is rotated."""
        self.rotation: turn.Turn = page.get_rotation()
        self.width, self.height = page.get_size()

    def displayed(self, left: float, bottom: float, right: float, top: float) -> Rectangle:
        """A rectangle in PDF coordinates, in points from the top left as displayed."""
        if self.rotation:
            return self.turned(left, bottom, right, top, self.rotation)
        x0, y1 = self.corner
        return left - x0, y1 - top, right - x0, y1 - bottom

    def turned(
        self, left: float, bottom: float, right: float, top: float, degrees: int
    ) -> Rectangle:
        """The same on a page that is turned clockwise by as much, whatever its /Rotate says."""
        x0, y0, x1, y1 = self._box
        unturned = left - x0, y1 - top, right - x0, y1 - bottom
        if not degrees:
            return unturned
        return turn.turned(unturned, x1 - x0, y1 - y0, turn.whole(degrees))
