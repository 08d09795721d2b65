"""Pages that are pictures: recognised, turned upright, and put back into points."""

from pathlib import Path

import pytest
from PIL import Image

from stackdocs_mcp.core.errors import ExtractionFailed
from stackdocs_mcp.core.model import PageSource
from stackdocs_mcp.ocr.local import LocalEngine
from tests.ocr.conftest import first_page, read_all, texts
from tests.ocr.documents import SCANNED, both, lines, pdf, picture_at, scan, tiff

pytestmark = pytest.mark.anyio


@pytest.mark.requirement("OCR-SCAN-01")
@pytest.mark.parametrize("turned", [0, 90, 180, 270])
async def test_a_scan_is_read_whichever_way_it_was_laid_in(
    engine: LocalEngine, tmp_path: Path, turned: int
) -> None:
    file = tmp_path / "scan"
    scan(*SCANNED, turned=turned).save(file, "PNG", dpi=(144, 144))

    page = await first_page(engine, file)

    assert texts(page) == list(SCANNED)
    assert (page.source, page.rotation) == (PageSource.OCR, -turned % 360)
    assert (page.width, page.height) == pytest.approx((260, 120), abs=0.1)
    assert all(line.score and line.score > 0.8 for line in page.lines)
    box = page.lines[0].box
    assert box is not None
    assert (box.x0, box.y0) == pytest.approx((15, 17), abs=4)


@pytest.mark.requirement("OCR-SCAN-02")
async def test_a_pdf_mixes_pages_of_text_and_scans(engine: LocalEngine, tmp_path: Path) -> None:
    scanned = picture_at(scan(*SCANNED), 0, 0, 300, 138)
    file = pdf(tmp_path / "a", lines("A page of text"), scanned)

    _, pages = await read_all(engine, file)

    assert [page.source for page in pages] == [PageSource.TEXT, PageSource.OCR]
    assert texts(pages[1]) == list(SCANNED)
    box = pages[1].lines[0].box
    assert box is not None
    assert 262 < box.y0 < 290  # the picture fills the lower third of a page of 400 points


@pytest.mark.requirement("OCR-SCAN-03")
async def test_a_picture_beside_text_is_read_too(engine: LocalEngine, tmp_path: Path) -> None:
    beside = both(
        lines("The stamp says when it came:", "Below the stamp", top=370),
        picture_at(scan("Received 4 May", size=(400, 100)), 30, 100, 200, 50),
    )

    page = await first_page(engine, pdf(tmp_path / "a", beside))

    assert page.source is PageSource.HYBRID
    assert texts(page) == ["The stamp says when it came:", "Below the stamp", "Received 4 May"]
    box = page.lines[2].box
    assert box is not None
    assert 30 < box.x0 < 60
    assert 250 < box.y0 < box.y1 < 300


@pytest.mark.requirement("OCR-SCAN-04")
async def test_every_frame_of_a_tiff_is_a_page(engine: LocalEngine, tmp_path: Path) -> None:
    frames = [scan(f"Sheet number {n}", size=(420, 100)) for n in (1, 2, 3)]

    outline, pages = await read_all(engine, tiff(tmp_path / "fax", frames))

    assert outline.media_type == "image/tiff"
    assert [texts(page) for page in pages] == [[f"Sheet number {n}"] for n in (1, 2, 3)]


@pytest.mark.requirement("OCR-SCAN-05")
async def test_a_photo_is_turned_as_the_camera_says(engine: LocalEngine, tmp_path: Path) -> None:
    file = tmp_path / "photo"
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise
    scan(*SCANNED, turned=270).save(file, "JPEG", quality=92, exif=exif)

    page = await first_page(engine, file)

    assert texts(page) == list(SCANNED)
    assert (page.width, page.height, page.rotation) == (520, 240, 0)


@pytest.mark.requirement("OCR-SCAN-06")
async def test_a_picture_of_nothing_is_blank_and_one_without_text_says_so(
    engine: LocalEngine, tmp_path: Path
) -> None:
    blank, noise = tmp_path / "blank", tmp_path / "noise"
    Image.new("RGB", (200, 100), "white").save(blank, "PNG")
    Image.linear_gradient("L").save(noise, "PNG")

    sources = [(await first_page(engine, file)).source for file in (blank, noise)]

    assert sources == [PageSource.BLANK, PageSource.NONE]


@pytest.mark.requirement("OCR-SCAN-07")
@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "RGBA", "I;16", "CMYK"])
async def test_pictures_of_every_colour_mode_are_read(
    engine: LocalEngine, tmp_path: Path, mode: str
) -> None:
    file = tmp_path / "picture"
    picture = scan("Amount due 74.50", size=(420, 100))
    if mode == "I;16":
        picture = picture.convert("I").point(lambda level: level * 256).convert("I;16")
    else:
        picture = picture.convert("RGB").convert(mode)
    picture.save(file, "TIFF")

    page = await first_page(engine, file)

    assert texts(page) == ["Amount due 74.50"]


@pytest.mark.requirement("OCR-SCAN-08")
async def test_a_picture_with_too_many_pixels_is_refused_before_it_is_decoded(
    engine: LocalEngine, tmp_path: Path
) -> None:
    file = tmp_path / "huge"
    Image.new("1", (12_000, 12_000)).save(file, "PNG")

    with pytest.raises(ExtractionFailed) as failure:
        await read_all(engine, file)

    assert failure.value.code == "too_large"
