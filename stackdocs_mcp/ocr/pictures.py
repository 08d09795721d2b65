"""A page of an office document with nothing on it but pictures, such as a scan put into it."""

import warnings
from collections.abc import Iterable, Sequence
from io import BytesIO

from PIL import Image

from stackdocs_mcp.ocr import images
from stackdocs_mcp.ocr.failures import Unreadable
from stackdocs_mcp.ocr.task import Task
from stackdocs_mcp.ocr.wire import Picture, Read, SentLine, unrecognised

_BROKEN = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    Unreadable,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
)


def alone(
    number: int,
    pictures: Iterable[bytes],
    size: tuple[float, float],
    lines: Sequence[SentLine],
    task: Task,
) -> Read | tuple[Picture, bytes]:
    """The largest picture in place of the page; what can be read of the page is hidden text.

    If none is of a kind that is known here, the page says that it was not recognised.
    """
    Image.MAX_IMAGE_PIXELS = task.limits.image_pixels
    warnings.simplefilter("ignore")
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    largest = max(pictures, key=_pixels, default=b"")
    try:
        with Image.open(BytesIO(largest), formats=images.FORMATS) as image:
            page = images.page(image, number, task)
    except _BROKEN:
        return unrecognised(number, *size, lines)
    if isinstance(page, Read):
        return page.model_copy(update={"lines": [*page.lines, *lines]})
    picture, pixels = page
    return picture.model_copy(update={"lines": lines}), pixels


def _pixels(content: bytes) -> int:
    try:
        with Image.open(BytesIO(content), formats=images.FORMATS) as image:
            return image.width * image.height
    except _BROKEN:
        return 0
