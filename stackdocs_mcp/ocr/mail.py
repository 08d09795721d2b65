"""Mail to pages of its header and text, and the files that came with it.

Each file is named below the header, those that cannot be read with the reason. What a mail points
to stays where it is: nothing is fetched.
"""

import email
import re
from collections.abc import Iterator, Sequence
from email.message import Message
from email.policy import compat32
from pathlib import Path

from stackdocs_mcp.ocr import charset, clean, mail_parts, mail_text, plain
from stackdocs_mcp.ocr.failures import LARGEST, SAID, Unreadable
from stackdocs_mcp.ocr.formats import EML
from stackdocs_mcp.ocr.mail_parts import File
from stackdocs_mcp.ocr.task import Task
from stackdocs_mcp.ocr.wire import Attached, Outline, Read, SentLine, unplaced

_SHOWN = ("From", "To", "Cc", "Date", "Subject")
_MOST_FILES = 100
_OUTLOOK = b"\x78\x9f\x3e\x22"
"""How the format begins that Outlook packs files in (TNEF)."""
_NEXT_MAIL = re.compile(rb"\r?\n\r?\nFrom \S+ [^\r\n]*\d\d:\d\d[^\r\n]*\r?\n[!-9;-~]+:")
"""In a mailbox of several (RFC 4155)."""


def pages(file: Path, task: Task) -> Iterator[Outline | Read | tuple[Attached, bytes]]:
    """The outline, what is attached, then each page that is asked for. Raises Unreadable."""
    try:
        mail = _parsed(file.read_bytes())
        found = mail_parts.contents(mail)
        files = mail_parts.files(found.files[:_MOST_FILES])
    except RecursionError as error:
        raise Unreadable("damaged") from error
    attached = _within(files, task.limits.file_bytes)
    if found.encrypted and not found.letters and not attached:
        raise Unreadable("encrypted_mail")

    lines = list(_header(mail, files, attached))
    lines += [
        unplaced(f"{file} (only {_MOST_FILES} files are read)") for file in _rest(found.files)
    ]
    lines += [unplaced(f"Inline picture not read: {logo}") for logo in found.logos]
    if found.encrypted:
        lines.append(unplaced("A part of this mail is encrypted and was not read"))
    sheets = plain.sheets(EML, lines + found.lines, task)
    if found.contradicted:
        sheets = map(_contradicted, sheets)
    yield next(sheets)
    for one in attached:
        yield Attached(name=one.name, size=len(one.content)), one.content
    yield from sheets


def _contradicted(sheet: Outline | Read) -> Outline | Read:
    """The page with a note, if it is one of those that the hidden lines stand on."""
    if isinstance(sheet, Read) and any(hidden for _, _, hidden, _ in sheet.lines):
        return sheet.model_copy(update={"notes": ("contradicted",)})
    return sheet


def _parsed(data: bytes) -> Message:
    if encoding := charset.marked(data):
        data = data.decode(encoding, "replace").encode()
    if data.startswith(b"From ") and _NEXT_MAIL.search(data):
        raise Unreadable("mailbox")
    return email.message_from_bytes(data, policy=compat32)


def _within(files: Sequence[File], bytes_: int) -> list[File]:
    """Those that can be read, up to so many bytes in all."""
    chosen: list[File] = []
    for file in files:
        if not isinstance(file.kind, str) and len(file.content) <= bytes_:
            bytes_ -= len(file.content)
            chosen.append(file)
    return chosen


def _header(mail: Message, files: Sequence[File], attached: Sequence[File]) -> Iterator[SentLine]:
    for name in _SHOWN:
        for line in clean.pieces(mail_text.field(mail, name)):
            yield unplaced(f"{name}: {line}")
    for file in files:
        if file in attached:
            yield unplaced(f"Attachment: {file.name}")
        else:
            yield unplaced(f"Attachment not read: {file.name} ({_why_not(file)})")


def _why_not(file: File) -> str:
    if file.content.startswith(_OUTLOOK):
        return "files that Outlook has packed in its own way cannot be read"
    if not isinstance(file.kind, str):
        return f"the files have more than {LARGEST} together"
    return SAID[file.kind][1]


def _rest(parts: Sequence[Message]) -> Iterator[str]:
    for number, part in enumerate(parts[_MOST_FILES:], _MOST_FILES + 1):
        name = clean.line(mail_text.file_name(part)) or f"attachment-{number}"
        yield f"Attachment not read: {clean.file_name(name)}"
