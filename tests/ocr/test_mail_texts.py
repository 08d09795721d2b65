"""Mail that says the same in several ways: what is shown, and what nobody sees."""

from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from pathlib import Path

import pytest

from stackdocs_mcp.core.model import Page
from stackdocs_mcp.ocr.local import LocalEngine
from tests.ocr.conftest import read_all, texts
from tests.ocr.mails import letter, picture, shown

pytestmark = pytest.mark.anyio


async def of_both(engine: LocalEngine, folder: Path, plain: str, page: str) -> Page:
    """The page of a mail that says something in two ways."""
    mail = letter(plain)
    mail.add_alternative(page, subtype="html")
    file = folder / "a"
    file.write_bytes(mail.as_bytes())
    _, (read,) = await read_all(engine, file)
    return read


@pytest.mark.requirement("OCR-MAIL-02")
async def test_the_web_page_is_read_once_where_both_texts_say_the_same(
    engine: LocalEngine, tmp_path: Path
) -> None:
    page = await of_both(
        engine,
        tmp_path,
        "Dear Bob, the total is\n1.190,00 EUR [1], to DE11 2222.\n--\nSee <https://a.org/?id=77>",
        "<p>Dear <b>Bob</b>, the total is 1.190,00EUR, to DE112222.<p><a href=#>See</a>",
    )

    assert texts(page)[3:] == ["Dear Bob, the total is 1.190,00EUR, to DE112222.", "See"]
    assert (texts(page, hidden=True), page.notes) == ([], ())


@pytest.mark.requirement("OCR-MAIL-10")
@pytest.mark.parametrize(
    ("plain", "hidden", "notes"),
    [
        ("Total 119,00\nDE99 9999", ["Total 119,00", "DE99 9999"], ("contradicted",)),
        ("Total 90,00\nDE11 1111", ["Total 90,00"], ("contradicted",)),
        ("Please look at\nTotal 990,00", ["Please look at"], ()),
    ],
)
async def test_what_only_the_plain_text_says_is_hidden(
    engine: LocalEngine, tmp_path: Path, plain: str, hidden: list[str], notes: tuple[str, ...]
) -> None:
    page = await of_both(engine, tmp_path, plain, "<p>Total 990,00<p>DE11 1111")

    assert texts(page)[3:] == ["Total 990,00", "DE11 1111"]
    assert texts(page, hidden=True) == hidden
    assert page.notes == notes


@pytest.mark.requirement("OCR-MAIL-10")
async def test_only_pages_with_hidden_lines_are_noted(engine: LocalEngine, tmp_path: Path) -> None:
    mail = letter("Total 119,00")
    mail.add_alternative("<p>Hello" * 250, subtype="html")
    file = tmp_path / "a"
    file.write_bytes(mail.as_bytes())

    _, pages = await read_all(engine, file)

    assert [page.notes for page in pages] == [(), ("contradicted",)]


@pytest.mark.requirement("OCR-MAIL-02")
@pytest.mark.parametrize("plain", ["", "Please use a program that shows HTML."])
async def test_a_web_page_is_read_whatever_little_the_plain_text_says(
    engine: LocalEngine, tmp_path: Path, plain: str
) -> None:
    page = (
        "<html><meta charset=utf-8><p>Your order of the first of May was sent to you today."
        "<p>It will be there on <b>Monday</b><p style='display:none'>total 999.00</p>"
        "<table><tr><td>Total<td>10.00</table>"
    )
    mail = letter(plain)
    mail.add_alternative(page, subtype="html")

    file = tmp_path / "a.eml"
    file.write_bytes(mail.as_bytes())
    outline, (read,) = await read_all(engine, file)

    assert outline.media_type == "message/rfc822"
    assert texts(read)[3:] == [
        "Your order of the first of May was sent to you today.",
        "It will be there on Monday",
        "Total | 10.00",
    ]
    assert texts(read, hidden=True) == ["total 999.00", *([plain] if plain else [])]


@pytest.mark.requirement("OCR-MAIL-02")
async def test_a_page_in_an_alternative_is_kept_and_an_entry_for_a_calendar_is_not(
    engine: LocalEngine, tmp_path: Path
) -> None:
    pasted = MIMEMultipart("related", None, [MIMEText("<p>Look", "html"), picture(600, 800)])
    options = [MIMEText("Look"), pasted, MIMEText("BEGIN:VCALENDAR", "calendar")]
    mail = MIMEMultipart("alternative", None, options)
    mail["From"] = "ann@example.org"

    said = await shown(engine, tmp_path, mail.as_bytes())

    assert said[1:] == ["Attachment: attachment-1.png", "Look"]
