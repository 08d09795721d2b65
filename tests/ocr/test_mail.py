"""Mail, and what is attached to it."""

from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from pathlib import Path

import pytest

from stackdocs_mcp.core.errors import ExtractionFailed
from stackdocs_mcp.ocr.local import LocalEngine
from tests.ocr.conftest import read_all, texts
from tests.ocr.documents import lines, pdf
from tests.ocr.mails import attach, attached, letter, picture, shown

pytestmark = pytest.mark.anyio


@pytest.mark.requirement("OCR-MAIL-01")
async def test_a_mail_reads_as_its_header_and_its_text(engine: LocalEngine, tmp_path: Path) -> None:
    mail = (
        b"Received: from somewhere\r\n by elsewhere\r\n"
        b"Subject: =?utf-8?B?UsOkY2hudW5n?= =?iso-8859-1?Q?_f=FCr?=\r\n =?nonsense?q?_Mai?=\r\n"
        b'From: =?utf-8?q?J=C3=BCrgen?= <j@example.org>\r\nto: "A, B" <ab@example.org>\r\n'
        b"CC: K\xc3\xb6nig <k@example.org>\r\nDate: Tue, 01 Oct 2024 12:34:56 -0500\r\n"
        b"Content-Type: text/plain; charset=windows-1252\r\n"
        b"Content-Transfer-Encoding: quoted-printable\r\n\r\n"
        b"Total: 10,00 =80 f=FCr=\r\n alles\r\n\r\n=20 Danke\r\n"
    )

    assert await shown(engine, tmp_path, mail) == [
        "From: Jürgen <j@example.org>",
        'To: "A, B" <ab@example.org>',
        "Cc: König <k@example.org>",
        "Date: Tue, 01 Oct 2024 12:34:56 -0500",
        "Subject: Rächnung für Mai",
        "Total: 10,00 € für alles",
        "Danke",
    ]


@pytest.mark.requirement("OCR-MAIL-01")
@pytest.mark.parametrize("date", ["Mon, 1 Jan 2026 10:00:00 +0000", "1.1.26 (?)", "soon"])
async def test_a_date_is_shown_as_it_stands_in_the_mail(
    engine: LocalEngine, tmp_path: Path, date: str
) -> None:
    inner = f"From: a@example.org\nDate: {date}\n\nHello"
    mail = f"Date: {date}\nFrom: a@b.org\nContent-Type: message/rfc822\n\n{inner}"

    said = await shown(engine, tmp_path, mail.encode())
    (forwarded,) = await attached(engine, tmp_path, mail.encode())

    assert said[:2] == ["From: a@b.org", f"Date: {date}"]
    assert f"Date: {date}\n".encode() in forwarded.content


@pytest.mark.requirement("OCR-MAIL-01")
@pytest.mark.parametrize("declared", ["utf-8", "us-ascii", "iso-8859-1", "none-of-these", ""])
@pytest.mark.parametrize("encoding", ["utf-8", "cp1252"])
async def test_a_text_is_read_whatever_encoding_it_declares(
    engine: LocalEngine, tmp_path: Path, declared: str, encoding: str
) -> None:
    written = "Größe und Übermaß für den König der Bäder: schöne Grüße"
    kind = f'text/plain; charset="{declared}"' if declared else "text/plain"
    head = f"From: a@example.org\nMIME-Version: 1.0\nContent-Type: {kind}\n\n"

    found = await shown(engine, tmp_path, head.encode() + written.encode(encoding))

    assert found == ["From: a@example.org", written]


@pytest.mark.requirement("OCR-MAIL-01")
async def test_flowed_text_is_put_together(engine: LocalEngine, tmp_path: Path) -> None:
    body = (
        "The sum is due \nat once.\n>> You \n>> wrote \n> this \n From us\n-- \nAnn\nand the end "
    )
    head = "From: a@example.org\nContent-Type: text/plain; format=flowed\n\n"

    assert (await shown(engine, tmp_path, (head + body).encode()))[1:] == [
        "The sum is due at once.",
        ">> You wrote",
        "> this",
        "From us",
        "--",
        "Ann",
        "and the end",
    ]


@pytest.mark.requirement("OCR-MAIL-03")
async def test_attachments_come_by_their_content_with_clean_names(
    engine: LocalEngine, tmp_path: Path
) -> None:
    paper = pdf(tmp_path / "p.pdf", lines("An invoice")).read_bytes()
    mail = letter()
    mail.add_attachment(paper, "image", "gif", filename="../../Rech\u202enung Mär.pdf")
    attach(mail, paper[:-1])
    forwarded = letter("inner")
    forwarded.replace_header("Subject", "Re: invoice/118")
    mail.add_attachment(forwarded)
    mail.add_attachment("a;b\n1;2\n", filename="x" * 4_000 + ".csv")

    found = await attached(engine, tmp_path, mail.as_bytes())
    said = await shown(engine, tmp_path, mail.as_bytes())

    names = [one.name for one in found]
    assert names == [
        "Rechnung Mär.pdf",
        "attachment-2.pdf",
        "Re invoice 118.eml",
        "x" * 196 + ".csv",
    ]
    assert [one.content for one in found[:2]] == [paper, paper[:-1]]
    assert b"inner" in found[2].content
    assert said[3:] == [*(f"Attachment: {name}" for name in names), "See below."]


@pytest.mark.requirement("OCR-MAIL-03")
async def test_attachments_between_texts_and_in_the_second_alternative_are_kept(
    engine: LocalEngine, tmp_path: Path
) -> None:
    paper = MIMEText("a;b\n1;2\n", "csv")
    paper.add_header("Content-Disposition", "inline", filename="table.csv")
    rich = MIMEMultipart("mixed", None, [MIMEText("<p>Look", "html"), paper])
    mail = MIMEMultipart("alternative", None, [MIMEText("Look"), rich])
    whole = MIMEMultipart("mixed", None, [mail, MIMEText("And on")])
    whole["From"] = "ann@example.org"

    said = await shown(engine, tmp_path, whole.as_bytes())

    assert said[1:] == ["Attachment: table.csv", "Look", "And on"]


@pytest.mark.requirement("OCR-MAIL-03")
async def test_what_is_signed_is_read_without_its_signature(
    engine: LocalEngine, tmp_path: Path
) -> None:
    mail = MIMEMultipart("signed", None, [MIMEText("Truly"), MIMEText("key", "pgp")])
    mail["From"] = "ann@example.org"

    assert await shown(engine, tmp_path, mail.as_bytes()) == ["From: ann@example.org", "Truly"]


@pytest.mark.requirement("OCR-MAIL-04")
@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"PK\x03\x04" + bytes(40), "damaged"),
        (b"\x78\x9f\x3e\x22" + bytes(40), "Outlook"),
        (b"\x7fELF" + bytes(40), "of this kind"),
        (b"", "empty"),
    ],
)
async def test_an_attachment_that_cannot_be_read_is_named_with_the_reason(
    engine: LocalEngine, tmp_path: Path, content: bytes, reason: str
) -> None:
    mail = letter()
    mail.add_attachment(content, "application", "pdf", filename="paper.pdf")

    (line,) = (await shown(engine, tmp_path, mail.as_bytes()))[3:-1]

    assert line.startswith("Attachment not read: paper.pdf (")
    assert reason in line
    assert await attached(engine, tmp_path, mail.as_bytes()) == []


@pytest.mark.requirement("OCR-MAIL-05")
async def test_a_page_within_the_text_is_a_file_and_a_logo_is_none(
    engine: LocalEngine, tmp_path: Path
) -> None:
    named = picture(20, 20)
    named.add_header("Content-Disposition", "attachment", filename="sent.png")
    parts = [MIMEText("<p>Look <img src=cid:1>", "html"), picture(900, 80), picture(600, 800)]
    mail = MIMEMultipart("related", None, [*parts, named])
    mail["From"] = "ann@example.org"

    names = [one.name for one in await attached(engine, tmp_path, mail.as_bytes())]

    assert names == ["attachment-1.png", "sent.png"]


@pytest.mark.requirement("OCR-MAIL-05")
async def test_a_small_picture_is_a_file_or_named_by_whether_the_web_page_shows_it(
    engine: LocalEngine, tmp_path: Path
) -> None:
    logo, receipt = picture(90, 30), picture(400, 300)
    for part, name, number in ((logo, "logo.png", "a+1@x"), (receipt, "receipt.png", "b")):
        part.add_header("Content-Disposition", "inline", filename=name)
        part.add_header("Content-ID", f"<{number}>")
    page = MIMEText('<p>Look <img src="cid:a%2B1@x">', "html")
    mail = MIMEMultipart("related", None, [page, logo, receipt, picture(1, 1)])
    mail["From"] = "ann@example.org"

    said = await shown(engine, tmp_path, mail.as_bytes())

    assert said[1:] == [
        "Attachment: receipt.png",
        "Inline picture not read: logo.png (too small: 90 x 30 pixels)",
        "Inline picture not read: unnamed (too small: 1 x 1 pixels)",
        "Look",
    ]
    assert [one.name for one in await attached(engine, tmp_path, mail.as_bytes())] == [
        "receipt.png"
    ]


LOCKED = [
    b"From: a@b.org\nContent-Type: application/pkcs7-mime; smime-type=enveloped-data\n\nMIIB\n",
    b"From: a@b.org\nContent-Type: multipart/encrypted; boundary=x\n\n--x\n\nsecret\n--x--\n",
    b"From: a@b.org\nMIME-Version: 1.0\n\n-----BEGIN PGP MESSAGE-----\n\nsecret\n",
]
MAILBOX = b"From a@b.org Mon Oct  1 12:00:00 2024\nFrom: a@b.org\nTo: c@d.org\n\nHello\n\n"


@pytest.mark.requirement("OCR-MAIL-06")
@pytest.mark.parametrize(
    ("mail", "code", "word"),
    [
        *((mail, "encrypted", "encrypted") for mail in LOCKED),
        (2 * MAILBOX, "unsupported", "mailbox"),
    ],
)
async def test_what_cannot_be_opened_is_refused(
    engine: LocalEngine, tmp_path: Path, mail: bytes, code: str, word: str
) -> None:
    with pytest.raises(ExtractionFailed) as failure:
        await shown(engine, tmp_path, mail)

    assert failure.value.code == code
    assert word in str(failure.value)


def nested(depth: int) -> bytes:
    opening = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (level, level)
        for level in range(depth)
    )
    return b"From: a@b.org\n" + opening + b"Content-Type: text/plain\n\nat the bottom\n"


@pytest.mark.requirement("OCR-MAIL-07")
async def test_a_mail_nested_without_end_fails_alone(engine: LocalEngine, tmp_path: Path) -> None:
    assert (await shown(engine, tmp_path, nested(20)))[1:] == ["at the bottom"]

    with pytest.raises(ExtractionFailed) as failure:
        await shown(engine, tmp_path, nested(3_000))

    assert failure.value.code == "damaged"


@pytest.mark.requirement("OCR-MAIL-07")
async def test_of_many_files_the_first_hundred_are_taken(
    engine: LocalEngine, tmp_path: Path
) -> None:
    mail = letter()
    for number in range(102):
        mail.add_attachment(f"file {number}", filename=f"{number}.txt")

    found = await attached(engine, tmp_path, mail.as_bytes())
    said = await shown(engine, tmp_path, mail.as_bytes())

    assert [one.name for one in found] == [f"{number}.txt" for number in range(100)]
    assert [text for text in said if "not read" in text] == [
        "Attachment not read: 100.txt (only 100 files are read)",
        "Attachment not read: 101.txt (only 100 files are read)",
    ]


@pytest.mark.requirement("OCR-MAIL-08")
@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        ("From: Ann\nTo: Bob\nSubject: Tea\n\nAt five", "message/rfc822"),
        ("From a@b.org Mon\nReceived: now\n\nAt five", "message/rfc822"),
        ("From: Ann\nContent-Type: text/plain\n\nAt five", "message/rfc822"),
        ("From: Ann\nTo: Bob\nInvoice: 12\n\nAt five", "text/plain"),
        ("From: Ann\nTo: Bob\nand at five", "text/plain"),
        ("Dear Bob,\nReceived: 12 boxes\n", "text/plain"),
    ],
)
async def test_a_mail_is_known_by_its_header(
    engine: LocalEngine, tmp_path: Path, content: str, media_type: str
) -> None:
    file = tmp_path / "a.eml"
    file.write_text(content)

    outline, (page,) = await read_all(engine, file)

    assert outline.media_type == media_type
    assert "five" in texts(page)[-1] or "boxes" in texts(page)[-1]


@pytest.mark.requirement("OCR-MAIL-01")
async def test_a_report_on_delivery_is_read(engine: LocalEngine, tmp_path: Path) -> None:
    mail = (
        b"From: a@b.org\nContent-Type: multipart/report; boundary=x\n\n"
        b"--x\n\nSorry\n--x\nContent-Type: message/delivery-status\n\n"
        b"Reporting-MTA: dns; b.org\n\nStatus: 5.1.1\n--x--\n"
    )

    found = await shown(engine, tmp_path, mail)

    assert found[1:] == ["Sorry", "Reporting-MTA: dns; b.org", "Status: 5.1.1"]
