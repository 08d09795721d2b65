"""Files that cannot be read fail alone, with a code and our own words."""

import zipfile
from pathlib import Path

import pytest
from PIL import Image

from stackdocs_mcp.core.errors import ExtractionFailed
from stackdocs_mcp.ocr.failures import SAID
from stackdocs_mcp.ocr.formats import KINDS, SUFFIXES
from stackdocs_mcp.ocr.limits import Limits
from stackdocs_mcp.ocr.local import LocalEngine
from tests.ocr.conftest import first_page, read_all, texts
from tests.ocr.documents import flate_bomb, lines, pdf, scan, tiff

pytestmark = pytest.mark.anyio

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)


async def refusal(engine: LocalEngine, file: Path) -> ExtractionFailed:
    with pytest.raises(ExtractionFailed) as failure:
        await read_all(engine, file)
    return failure.value


@pytest.mark.requirement("OCR-REFUSE-01")
@pytest.mark.parametrize(
    ("content", "code"),
    [
        pytest.param(b"", "damaged", id="empty"),
        pytest.param(b"\x7fELF\x02\x01\x01" + bytes(99), "unsupported", id="program"),
        pytest.param(b"<svg xmlns='http://www.w3.org/2000/svg'/>", "unsupported", id="drawing"),
        pytest.param(b"{\\rtf1 Hello}", "unsupported", id="rich text"),
        pytest.param(b"RIFF\x00\x10\x00\x00WEBPVP8 " + bytes(99), "damaged", id="cut webp"),
        pytest.param(b"<?xml version='1.0'?><a><b>1</a>", "damaged", id="cut xml"),
        pytest.param(OLE, "unsupported", id="old office"),
        pytest.param(OLE + "EncryptedPackage".encode("utf-16-le"), "encrypted", id="locked office"),
        pytest.param(b"%PDF-1.7\n1 0 obj\n<<", "damaged", id="cut pdf"),
        pytest.param(b"\x89PNG\r\n\x1a\n\x00\x00", "damaged", id="cut png"),
        pytest.param(b"PK\x03\x04" + bytes(50), "damaged", id="cut zip"),
    ],
)
async def test_a_file_is_refused_by_its_content(
    engine: LocalEngine, tmp_path: Path, content: bytes, code: str
) -> None:
    file = tmp_path / "named.pdf"
    file.write_bytes(content)

    assert (await refusal(engine, file)).code == code


@pytest.mark.requirement("OCR-REFUSE-02")
async def test_a_refusal_says_what_works(engine: LocalEngine, tmp_path: Path) -> None:
    file = tmp_path / "a.zip"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("inside.txt", "text")

    advice = (await refusal(engine, file)).advice

    assert [kind.name for kind in KINDS if kind.name not in advice] == []


@pytest.mark.requirement("OCR-REFUSE-03")
async def test_a_wrong_name_does_not_matter(engine: LocalEngine, tmp_path: Path) -> None:
    page = await first_page(engine, pdf(tmp_path / "photo.jpg", lines("A PDF all the same")))

    assert texts(page) == ["A PDF all the same"]


@pytest.mark.requirement("OCR-REFUSE-04")
async def test_half_a_picture_is_damaged(engine: LocalEngine, tmp_path: Path) -> None:
    file = tmp_path / "a"
    scan("Half of this is missing", size=(500, 400)).save(file, "JPEG")
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])

    assert (await refusal(engine, file)).code == "damaged"


@pytest.mark.requirement("OCR-REFUSE-05")
async def test_a_document_above_a_limit_is_too_large(tmp_path: Path) -> None:
    small = LocalEngine(
        Limits(pages=2, image_frames=2, file_bytes=50_000, unpacked_bytes=20_000), workers=1
    )
    long = pdf(tmp_path / "long", *(lines(f"This is page {n}") for n in range(3)))
    fax = tiff(tmp_path / "fax", [Image.new("1", (40, 40))] * 3)
    heavy = tmp_path / "heavy"
    heavy.write_bytes(b"text " * 20_000)
    swollen = tmp_path / "swollen"
    with zipfile.ZipFile(swollen, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "wordprocessingml.document.main+xml")
        archive.writestr("word/document.xml", " " * 30_000)

    codes = [(await refusal(small, file)).code for file in (long, fax, heavy, swollen)]
    await small.close()

    assert codes == ["too_large"] * 4


@pytest.mark.requirement("OCR-REFUSE-06")
async def test_a_bomb_fails_alone(tmp_path: Path) -> None:
    tight = LocalEngine(Limits(memory_bytes=400_000_000), workers=1)
    bomb = flate_bomb(tmp_path / "bomb", 600)

    failure = await refusal(tight, bomb)
    page = await first_page(tight, pdf(tmp_path / "good", lines("The next one is fine")))
    await tight.close()

    assert failure.code in ("too_large", "crashed")
    assert texts(page) == ["The next one is fine"]


@pytest.mark.requirement("OCR-REFUSE-07")
def test_every_failure_has_a_known_code_and_sentences() -> None:
    codes = {code for code, _, _ in SAID.values()}

    assert codes == {
        "unsupported",
        "damaged",
        "encrypted",
        "too_large",
        "timed_out",
        "crashed",
        "ocr_unavailable",
        "ocr_refused",
        "ocr_busy",
    }
    assert [
        reason for reason, (_, message, advice) in SAID.items() if not message or not advice
    ] == []


@pytest.mark.requirement("PGU-10")
async def test_a_mail_as_outlook_keeps_it_is_to_be_saved_as_eml(
    engine: LocalEngine, tmp_path: Path
) -> None:
    file = tmp_path / "mail.msg"
    file.write_bytes(OLE + "__nameid_version1.0".encode("utf-16-le"))

    failure = await refusal(engine, file)

    assert failure.code == "unsupported"
    assert failure.advice.startswith("Save the mail as EML")


@pytest.mark.requirement("OCR-REFUSE-09")
async def test_a_locked_office_document_needs_a_copy(engine: LocalEngine, tmp_path: Path) -> None:
    wrapped, zipped = tmp_path / "wrapped", tmp_path / "zipped"
    wrapped.write_bytes(OLE + "EncryptedPackage".encode("utf-16-le"))
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("[Content_Types].xml", "wordprocessingml.document.main+xml")
        archive.writestr("word/document.xml", "locked")
    content = bytearray(zipped.read_bytes())
    content[content.rindex(b"PK\x01\x02") + 8] |= 1  # the flag of the last part in the directory
    zipped.write_bytes(content)

    for file in (wrapped, zipped):
        failure = await refusal(engine, file)
        assert failure.code == "encrypted"
        assert "save a copy without the password" in failure.advice
        assert "--password-file" not in failure.advice


@pytest.mark.requirement("OCR-REFUSE-10")
@pytest.mark.parametrize(
    ("reason", "number"),
    [
        ("file_too_large", "200 MB"),
        ("too_many_pages", "2,000 pages"),
        ("too_many_frames", "200 pictures"),
        ("picture_too_large", "50 megapixels"),
        ("unpacks_too_large", "200 times"),
        ("too_many_cells", "300,000 cells"),
        ("memory", "1,024 MB"),
        ("timed_out", "15 seconds"),
        ("ocr_timed_out", "90 seconds"),
    ],
)
def test_a_limit_is_told_with_its_number(reason: str, number: str) -> None:
    assert f"more than {number}" in SAID[reason][1]


@pytest.mark.requirement("OCR-REFUSE-10")
async def test_pictures_and_pages_are_counted_apart(tmp_path: Path) -> None:
    small = LocalEngine(Limits(pages=2, image_frames=2), workers=1)
    fax = tiff(tmp_path / "fax", [Image.new("1", (40, 40))] * 3)
    long = pdf(tmp_path / "long", *(lines(f"This is page {n}") for n in range(3)))

    said = [str(await refusal(small, file)) for file in (fax, long)]
    await small.close()

    assert "200 pictures" in said[0]
    assert "2,000 pages" in said[1]


@pytest.mark.requirement("OCR-REFUSE-08")
def test_the_suffixes_to_look_for_are_known() -> None:
    pictures = {".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".tif", ".tiff"}
    texts = {".eml", ".txt", ".md", ".csv", ".tsv", ".html", ".htm", ".xml"}

    assert {".pdf", ".docx", ".xlsx", ".pptx"} | pictures | texts == SUFFIXES
