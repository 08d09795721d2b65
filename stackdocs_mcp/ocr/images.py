"""PNG, JPEG, WebP and TIFF to pages: one page per frame, upright as the camera held it.

Without a resolution in the file one pixel is one point, so that boxes are pixels.
"""

import warnings
from collections.abc import Iterator
from pathlib import Path

from PIL import Image, ImageOps, JpegImagePlugin, PngImagePlugin, TiffImagePlugin, WebPImagePlugin

from stackdocs_mcp.core.model import PageSource
from stackdocs_mcp.ocr.failures import Unreadable
from stackdocs_mcp.ocr.formats import JPEG, PNG, TIFF, WEBP
from stackdocs_mcp.ocr.pixels import is_blank
from stackdocs_mcp.ocr.task import Task
from stackdocs_mcp.ocr.wire import Outline, Picture, Read, unrecognised

_POINTS = 72
_BELIEVABLE = range(36, 2_401)
"""Dots per inch; others are a default that some program wrote."""
_READ = {
    PngImagePlugin.PngImageFile.format: PNG,
    JpegImagePlugin.JpegImageFile.format: JPEG,
    TiffImagePlugin.TiffImageFile.format: TIFF,
    WebPImagePlugin.WebPImageFile.format: WEBP,
}
FORMATS = tuple(_READ)
_SIXTEEN_BIT = 256

Converted = Outline | Read | tuple[Picture, bytes]


def pages(file: Path, task: Task) -> Iterator[Converted]:
    """The outline, then each frame that is asked for. Raises Unreadable."""
    Image.MAX_IMAGE_PIXELS = task.limits.image_pixels
    warnings.simplefilter("ignore")
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    try:
        with Image.open(file, formats=FORMATS) as image:
            frames = _frames(image, task.limits.image_frames)
            kind = _READ.get(
                str(image.format), JPEG
            )  # some cameras write a JPEG that Pillow calls MPO
            yield Outline(media_type=kind.media_type, pages=frames)
            for number in range(1, frames + 1):
                if number not in task.skip:
                    image.seek(number - 1)
                    yield page(image, number, task)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise Unreadable("picture_too_large") from error
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise Unreadable("damaged") from error


def _frames(image: Image.Image, most: int) -> int:
    """Of a TIFF; the second picture of a camera's JPEG is the first in another size."""
    if image.format != "TIFF":
        return 1
    for count in range(1, most + 1):  # Pillow's own count takes ever longer for each
        try:
            image.seek(count)
        except EOFError:
            image.seek(0)
            return count
    raise Unreadable("too_many_frames")


def page(image: Image.Image, number: int, task: Task) -> Read | tuple[Picture, bytes]:
    """The frame that the picture stands at, as a page. Raises Unreadable, and what Pillow does."""
    if image.width * image.height > task.limits.image_pixels:  # a later frame may be larger
        raise Unreadable("picture_too_large")
    side = task.limits.bitmap_side
    width, height = _points(image)
    if not getattr(image, "is_animated", False):
        image.draft("RGB", (side, side))
    upright = ImageOps.exif_transpose(_bounded(image, side))
    if (upright.width > upright.height) != (image.width > image.height):
        width, height = height, width
    pixels = _rgb(upright).tobytes("raw", "BGR")
    columns, rows = upright.size
    if is_blank(columns, rows, pixels):
        return Read(number=number, width=width, height=height, source=PageSource.BLANK)

    if task.mode == "never":
        return unrecognised(number, width, height)
    region = 0.0, 0.0, width, height
    picture = Picture(
        number=number, width=width, height=height, columns=columns, rows=rows, region=region
    )
    return picture, pixels


def _points(image: Image.Image) -> tuple[float, float]:
    """The frame's size as it is stored, by its own resolution where that can be true."""
    across, down = image.info.get("dpi", (0, 0))
    if round(across) not in _BELIEVABLE or round(down) not in _BELIEVABLE:
        across = down = _POINTS
    return image.width * _POINTS / float(across), image.height * _POINTS / float(down)


def _bounded(image: Image.Image, side: int) -> Image.Image:
    """A picture no larger than the OCR looks at, in shades rather than dots."""
    shades = image.convert("L") if image.mode == "1" else image
    longest = max(shades.size)
    if longest <= side:
        return shades.copy()
    if shades.mode not in ("L", "RGB"):
        shades = _rgb(shades)
    factor = side / longest
    smaller = max(1, round(image.width * factor)), max(1, round(image.height * factor))
    resized = shades.resize(smaller, Image.Resampling.LANCZOS, reducing_gap=2.0)
    resized.info, resized._exif = image.info, getattr(image, "_exif", None)  # noqa: SLF001
    return resized


def _rgb(image: Image.Image) -> Image.Image:
    """On white where it is transparent; sixteen bits brought down to eight."""
    if image.mode.startswith(("I", "F")):
        _, lightest = image.getextrema()
        assert isinstance(lightest, int | float)
        scale = 255 / max(lightest, 1) if lightest >= _SIXTEEN_BIT else 1.0
        image = image.convert("F").point(lambda level: level * scale).convert("L")
    if image.mode in ("LA", "PA", "RGBA", "La", "RGBa") or "transparency" in image.info:
        ground = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(ground, image.convert("RGBA"))
    return image.convert("RGB")
