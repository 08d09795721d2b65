"""A till receipt as a cheap scanner sees it: grey paper, a little crooked, a little noisy."""

import random
from decimal import Decimal
from pathlib import Path

import reportlab
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont

FONTS = Path(reportlab.__file__).parent / "fonts"
SIZE = 640, 1_090
MARGIN = 56
PAPER, INK = 232, 38
ANGLE = -0.7
"""Degrees; the paper was laid in slightly turned clockwise."""
ITEMS = [
    ("2 x Cappuccino", "7.60"),
    ("1 x Flat White", "4.20"),
    ("1 x Fresh Orange Juice", "4.90"),
    ("2 x Butter Croissant", "5.40"),
    ("1 x Carrot Cake", "4.80"),
    ("1 x Sourdough Loaf 750 g", "6.20"),
]
TOTAL = sum((Decimal(price) for _, price in ITEMS), Decimal(0))
VAT = (TOTAL * 7 / 107).quantize(Decimal("0.01"))
PAID = Decimal("40.00")


def write_receipt(file: Path) -> None:
    paper = Image.new("L", SIZE, PAPER)
    _print(ImageDraw.Draw(paper))
    turned = paper.rotate(ANGLE, Image.Resampling.BICUBIC, fillcolor=PAPER)
    scanned = _noisy(turned.filter(ImageFilter.GaussianBlur(0.7)))
    scanned.save(file, optimize=True, dpi=(200, 200))


def _print(draw: ImageDraw.ImageDraw) -> None:
    y = _centred(draw, 52, "Bakery & Café Lindenhof", 34, bold=True)
    for line in ("Marktplatz 3 · 24943 Flensburg", "Tel. 0461 555 0199", "VAT ID DE 999 999 263"):
        y = _centred(draw, y + 6, line, 22)

    y = _rule(draw, y + 26)
    y = _pair(draw, y, "Receipt no. 004512", "Till 2")
    y = _pair(draw, y, "09.10.2026", "08:47")
    y = _rule(draw, y + 14)
    for name, price in ITEMS:
        y = _pair(draw, y, name, price)

    y = _rule(draw, y + 14)
    y = _pair(draw, y, "TOTAL EUR", f"{TOTAL}", 32, bold=True)
    y = _pair(draw, y + 8, "Cash", f"{PAID}")
    y = _pair(draw, y, "Change", f"{PAID - TOTAL}")
    y = _rule(draw, y + 14)
    y = _pair(draw, y, "Net 7 %", f"{TOTAL - VAT}")
    y = _pair(draw, y, "VAT 7 %", f"{VAT}")
    y = _centred(draw, y + 40, "You were served by Mette.", 22)
    _centred(draw, y + 8, "Thank you and see you soon!", 22)


def _noisy(image: Image.Image) -> Image.Image:
    """Uneven light and grain, in few enough shades to compress."""
    chance = random.Random(7)
    grain = Image.frombytes("L", image.size, chance.randbytes(image.width * image.height))
    grain = grain.point(lambda level: 118 + level // 12).filter(ImageFilter.GaussianBlur(0.6))
    shade = Image.linear_gradient("L").resize(image.size).point(lambda level: 120 + level // 16)
    uneven = ImageChops.add(image, grain, offset=-128)
    return ImageChops.add(uneven, shade, offset=-128).point(lambda level: level // 8 * 8)


def _centred(
    draw: ImageDraw.ImageDraw, y: float, text: str, size: int, *, bold: bool = False
) -> float:
    font = _font(size, bold=bold)
    draw.text((SIZE[0] / 2, y), text, INK, font, anchor="ma")
    return y + size * 1.25


def _pair(
    draw: ImageDraw.ImageDraw,
    y: float,
    left: str,
    right: str,
    size: int = 24,
    *,
    bold: bool = False,
) -> float:
    font = _font(size, bold=bold)
    draw.text((MARGIN, y), left, INK, font)
    draw.text((SIZE[0] - MARGIN, y), right, INK, font, anchor="ra")
    return y + size * 1.5


def _rule(draw: ImageDraw.ImageDraw, y: float) -> float:
    for x in range(MARGIN, SIZE[0] - MARGIN, 14):
        draw.line((x, y, x + 8, y), INK, 2)
    return y + 18


def _font(size: int, *, bold: bool) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(FONTS / ("VeraBd.ttf" if bold else "Vera.ttf"), size)
