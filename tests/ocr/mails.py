"""Mails that tests make, and what reading them gives."""

from contextlib import aclosing
from email.message import EmailMessage
from email.mime.image import MIMEImage
from io import BytesIO
from pathlib import Path

from PIL import Image

from stackdocs_mcp.core.engine import Attachment
from stackdocs_mcp.ocr.local import LocalEngine
from tests.ocr.conftest import read_all, texts


def letter(text: str = "See below.") -> EmailMessage:
    mail = EmailMessage()
    mail["From"] = "Ann <ann@example.org>"
    mail["To"] = "Bob <bob@example.org>"
    mail["Subject"] = "Invoice 118"
    mail.set_content(text)
    return mail


def attach(mail: EmailMessage, content: bytes, kind: str = "application/octet-stream") -> None:
    maintype, _, subtype = kind.partition("/")
    mail.add_attachment(content, maintype=maintype, subtype=subtype)


async def shown(engine: LocalEngine, folder: Path, mail: bytes) -> list[str]:
    file = folder / "a"
    file.write_bytes(mail)
    _, pages = await read_all(engine, file)
    return [text for page in pages for text in texts(page)]


async def attached(engine: LocalEngine, folder: Path, mail: bytes) -> list[Attachment]:
    file = folder / "a"
    file.write_bytes(mail)
    async with aclosing(engine.read(file, [1])) as stream:
        return [item async for item in stream if isinstance(item, Attachment)]


def picture(width: int, height: int) -> MIMEImage:
    data = BytesIO()
    Image.new("L", (width, height), 200).save(data, "PNG")
    return MIMEImage(data.getvalue())
