"""How much a file may cost. The defaults suit a desktop; a server may pass smaller ones."""

from dataclasses import dataclass

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one document's parsing and recognition; what is over a bound fails alone."""

    file_bytes: int = 200 * MIB
    pages: int = 2_000
    memory_bytes: int = 1024 * MIB
    """Address space of the child that parses."""
    step_seconds: float = 15.0
    """Wall clock until the outline, and from then on until each next page."""
    cpu_seconds: int = 300
    """Processor time of the child for the whole file."""
    page_bytes: int = 8 * MIB
    """Of one page's lines on their way out of the child."""
    image_pixels: int = 50_000_000
    """Of one picture before it is decoded."""
    image_frames: int = 200
    unpacked_bytes: int = 200 * MIB
    """Of all parts of an office document together."""
    unpacked_ratio: int = 200
    """Unpacked to packed size, for office documents above a megabyte."""
    sheet_cells: int = 300_000
    """Of one sheet of a workbook, empty ones not counted."""
    bitmap_side: int = 2_000
    """Pixels of a page's longer side as the OCR sees it."""
    dpi: int = 150
    """Dots per inch of a page as the OCR sees it; more makes the local one slower, not better."""
    ocr_seconds: float = 90.0
    """Wall clock for one page's recognition, with the loading of the models."""
    worker_memory_bytes: int = 6144 * MIB
    """Address space that an OCR worker may take besides that of its loaded models.

    Bitmaps of up to 2,000 by 2,000 pixels were seen to need 1.1 GB, a page of dense text the most.
    """
    worker_growth_bytes: int = 3072 * MIB
    """A worker that has kept this much of it after a page is replaced.

    onnxruntime settles at 0.9 GB. OpenVINO keeps something for each size of bitmap, for ever.
    """
    documents: int = 4
    """Files read at the same time."""

    @property
    def bitmap_bytes(self) -> int:
        return self.bitmap_side * self.bitmap_side * 3
