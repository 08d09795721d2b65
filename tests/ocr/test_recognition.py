"""What the models say of a strip of text, and what is made of it."""
# ruff: noqa: RUF001 - letters of several scripts that look alike are what is tested

import random
import re
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from stackdocs_mcp.core.model import PageSource
from stackdocs_mcp.ocr import languages, strips
from stackdocs_mcp.ocr.local import LocalEngine
from stackdocs_mcp.ocr.models import LEAST_WIDTH, STRIP_HEIGHT
from tests.ocr.conftest import first_page, read_all, texts
from tests.ocr.documents import FONT, scan

pytestmark = pytest.mark.anyio

RUSSIAN = (
    "Счёт на оплату от 4 мая",
    "Поставщик: Северный ветер",
    "Покупатель обязан оплатить",
    "Директор Иванова Мария",
)
WORDS = [
    *("Invoice", "Number", "Total", "amount", "due", "payable", "within", "thirty"),
    *("days", "of", "delivery", "Goods"),
]
SCRIPTED = re.findall("..", "endefresitplcshurotrsvfiltmtzhja")
UNKNOWN = re.findall("..", "ruukbgsrarfahekohithelvika")
SIGNS = ("", *"0123456789abc,.:", "：", "中", "Ω", " ")


def roboto(size: int) -> ImageFont.FreeTypeFont:
    found = find_spec("font_roboto")
    assert found is not None
    assert found.origin is not None
    return ImageFont.truetype(Path(found.origin).parent / "files" / "Roboto-Regular.ttf", size)


def drawn(*lines: str, font: ImageFont.FreeTypeFont, size: tuple[int, int]) -> Image.Image:
    picture = Image.new("L", size, 244)
    pen = ImageDraw.Draw(picture)
    for index, line in enumerate(lines):
        pen.text((30, 24 + 60 * index), line, 20, font)
    return picture


def spans(line: str, font: ImageFont.FreeTypeFont) -> list[tuple[float, float]]:
    """Where the ink of each word is on a line that begins at 30."""
    found, words = [], line.split()
    for index, word in enumerate(words):
        before = font.getlength(" ".join(words[:index]) + " ") if index else 0.0
        left, _, right, _ = font.getbbox(word)
        found.append((30 + before + left, 30 + before + right))
    return found


def shared(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Intersection over union."""
    both = min(one[1], other[1]) - max(one[0], other[0])
    return max(0.0, both) / (max(one[1], other[1]) - min(one[0], other[0]))


def strip_of(said: str, middles: Sequence[int], *ink: tuple[int, int]) -> strips.Reading:
    """What is read where the models see these signs at these places, and ink is there."""
    strip = np.full((STRIP_HEIGHT, LEAST_WIDTH, 3), 255, np.uint8)
    for left, right in ink:
        strip[10:38, left:right] = 0
    chances = np.zeros((LEAST_WIDTH // 8, len(SIGNS)), np.float32)
    chances[:, 0] = 0.5
    for sign, x in zip(said, middles, strict=True):
        chances[x // 8, SIGNS.index(sign)] = 0.9
    return strips.read(strip, chances, SIGNS)


@pytest.mark.requirement("OCR-SCAN-12")
@pytest.mark.parametrize("height", [18, 24, 34])
async def test_words_of_a_scan_stand_where_their_ink_is(
    engine: LocalEngine, tmp_path: Path, height: int
) -> None:
    chosen = random.Random(height)
    lines = [" ".join(chosen.sample(WORDS, 4)) for _ in range(5)]
    font = ImageFont.truetype(FONT, height)
    file = tmp_path / "scan.png"
    drawn(*lines, font=font, size=(1_000, 360)).save(file)

    page = await first_page(engine, file)

    assert texts(page) == lines
    overlaps = [
        shared(found, true)
        for line, said in zip(page.lines, lines, strict=True)
        for found, true in zip(line.words, spans(said, font), strict=True)
    ]
    assert min(overlaps) > 0.85


@pytest.mark.requirement("OCR-SCAN-12")
async def test_words_of_a_skewed_scan_and_of_joined_columns_follow_the_text(
    engine: LocalEngine, tmp_path: Path
) -> None:
    file = tmp_path / "scan.png"
    pictured = scan("Amount due           74.50", "Payable by 30 June", size=(760, 240))
    pictured.rotate(3, fillcolor=244, resample=Image.Resampling.BICUBIC).save(file)

    page = await first_page(engine, file)

    assert [line.text.split() for line in page.lines] == [
        ["Amount", "due", "74.50"],
        ["Payable", "by", "30", "June"],
    ]
    for line in page.lines:
        assert len(line.words) == len(line.text.split())
        edges = [edge for word in line.words for edge in word]
        assert edges == sorted(edges)
        assert line.box is not None
        assert line.box.x0 - 2 < edges[0]
        assert edges[-1] < line.box.x1 + 2


@pytest.mark.requirement("OCR-SCAN-13")
async def test_a_scan_in_letters_that_are_not_known_says_so_and_shows_none(
    engine: LocalEngine, tmp_path: Path
) -> None:
    file = tmp_path / "scan.png"
    drawn(*RUSSIAN, font=roboto(32), size=(620, 280)).save(file)

    page = await first_page(engine, file)

    assert (page.source, page.notes, page.lines) == (PageSource.NONE, ("unknown_script",), ())


@pytest.mark.requirement("OCR-SCAN-13")
async def test_known_letters_beside_unknown_ones_are_shown(
    engine: LocalEngine, tmp_path: Path
) -> None:
    file = tmp_path / "scan.png"
    latin = ("Invoice 118 of Northern Wind", "Amount due 74.50 EUR", "Payable by 30 June 2026")
    drawn(*RUSSIAN[:1], *latin, font=roboto(32), size=(620, 280)).save(file)

    page = await first_page(engine, file)

    assert texts(page) == list(latin)
    assert page.notes == ()


@pytest.mark.requirement("OCR-SCAN-14")
async def test_a_hint_rules_other_scripts_out(engine: LocalEngine, tmp_path: Path) -> None:
    file = tmp_path / "scan.png"
    drawn("ΔΣΩ 118", font=roboto(32), size=(320, 90)).save(file)

    _, in_greek = await read_all(engine.variant("auto", ["el"]), file)
    _, in_english = await read_all(engine.variant("auto", ["en", "de"]), file)

    assert set("".join(texts(in_greek[0]))) & set("ΔΣΩ")
    assert not set("".join(texts(in_english[0]))) & set("ΔΣΩ")


@pytest.mark.requirement("OCR-SCAN-14")
def test_a_hint_keeps_latin_letters_digits_and_punctuation() -> None:
    allowed = strips.columns(SIGNS, languages.scripts(["de"]))
    japanese = strips.columns(SIGNS, languages.scripts(["ja"]))

    assert allowed is not None
    assert japanese is not None
    assert {SIGNS[i] for i in allowed} == set(SIGNS) - {"中", "Ω"}
    assert {SIGNS[i] for i in japanese} == set(SIGNS) - {"Ω"}
    for nothing in ([], ["xx"]):
        assert strips.columns(SIGNS, languages.scripts(nothing)) is None


@pytest.mark.requirement("OCR-SCAN-15")
def test_languages_that_can_be_read_are_known() -> None:
    for code in SCRIPTED:
        assert languages.readable(code), code
    for code in UNKNOWN:
        assert not languages.readable(code), code
    for code in ("xx", "eng", "EN", ""):
        with pytest.raises(KeyError):
            languages.readable(code)
    assert len(languages.SCRIPTS) == 183


@pytest.mark.requirement("OCR-SCAN-16")
def test_a_gap_as_wide_as_a_space_is_one() -> None:
    reading = strip_of("a,b,c", (4, 20, 52, 68, 84), (0, 8), (16, 24), (44, 60), (64, 72), (80, 88))

    assert reading.text == "a, b,c"
    assert [round(share * LEAST_WIDTH) for word in reading.words for share in word] == [
        0,
        24,
        44,
        88,
    ]


@pytest.mark.requirement("OCR-SCAN-16")
@pytest.mark.parametrize("said", ["1.5", "1,5", "125", "中中中"])
def test_numbers_and_texts_without_spaces_are_not_parted(said: str) -> None:
    assert strip_of(said, (4, 36, 68), (0, 8), (32, 40), (64, 72)).text == said


@pytest.mark.requirement("OCR-SCAN-17")
def test_full_width_signs_are_plain_ones_among_latin_letters() -> None:
    ink = (0, 8), (16, 24), (32, 40)

    assert strip_of("a：b", (4, 20, 36), *ink).text == "a:b"
    assert strip_of("中：b", (4, 20, 36), *ink).text == "中：b"


@pytest.mark.requirement("OCR-SCAN-13")
def test_ink_without_a_sign_was_not_read() -> None:
    assert strip_of("a", (4,), (0, 8)).blind == 0
    assert strip_of("a", (4,), (0, 8), (100, 260)).blind > 0.9
