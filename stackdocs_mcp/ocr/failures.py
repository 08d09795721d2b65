"""Every way in which a file can fail, in our words. The processes only name the reason."""

from stackdocs_mcp.core.errors import ExtractionFailed
from stackdocs_mcp.ocr.formats import NAMES

_WORKS = f"These work: {NAMES}."
_AGAIN = "Open it in its usual program and save or print it anew as PDF, then add that."

SAID: dict[str, tuple[str, str, str]] = {
    "unsupported": ("unsupported", "files of this kind cannot be read", _WORKS),
    "legacy_office": (
        "unsupported",
        "this is an office document of the old binary kind",
        f"Save it as DOCX or PDF. {_WORKS}",
    ),
    "empty": ("damaged", "the file is empty", "Add the file again, with its content."),
    "damaged": ("damaged", "the file is damaged or incomplete", _AGAIN),
    "encrypted": (
        "encrypted",
        "the file is protected with a password",
        (
            "Give its password in a file, one to a line, with --password-file or "
            "STACKDOCS_PASSWORD_FILE, or save a copy without it and add that."
        ),
    ),
    "encrypted_mail": (
        "encrypted",
        "the mail is encrypted",
        "Open it in the mail program that has the key, and save what it shows as PDF.",
    ),
    "mailbox": (
        "unsupported",
        "this is a mailbox of several mails",
        f"Save each mail as a file of its own. {_WORKS}",
    ),
    "file_too_large": ("too_large", "the file is too large", "Split it into smaller files."),
    "too_many_pages": (
        "too_large",
        "the document has too many pages",
        "Split it into smaller documents.",
    ),
    "picture_too_large": (
        "too_large",
        "a picture in the file has too many pixels",
        "Save it with fewer pixels; 300 dots per inch are plenty.",
    ),
    "unpacks_too_large": (
        "too_large",
        "the file unpacks to far more than its size",
        _AGAIN,
    ),
    "too_many_cells": (
        "too_large",
        "a sheet has too many cells",
        "Save the part that matters as a workbook of its own.",
    ),
    "entities": (
        "unsupported",
        "the file defines entities of its own, which are not expanded",
        "Save it without its document type declaration.",
    ),
    "memory": ("too_large", "reading the file takes too much memory", _AGAIN),
    "timed_out": ("timed_out", "reading the file takes too long", _AGAIN),
    "crashed": ("crashed", "the file made its parser fail", _AGAIN),
    "ocr_timed_out": (
        "timed_out",
        "recognising the text of a page takes too long",
        "Try again when the machine is less busy.",
    ),
    "ocr_crashed": (
        "crashed",
        "recognising the text of a page failed twice",
        "Scan the page anew, or try again with more memory free.",
    ),
    "ocr_key_refused": (
        "ocr_refused",
        "the OCR service refused the key",
        "Set MISTRAL_API_KEY to a key of your account that is valid, then try again.",
    ),
    "ocr_refused": (
        "ocr_refused",
        "the OCR service refused the pages",
        "See whether the account's plan allows them, or read the stack with the local engine.",
    ),
    "ocr_busy": (
        "ocr_busy",
        "the OCR service is busy or cannot be reached",
        "Try again later; the pages that were read are kept.",
    ),
    "ocr_garbled": (
        "crashed",
        "the OCR service did not answer for every page in a way that can be read",
        "Try again later; the pages that were read are kept.",
    ),
    "ocr_unavailable": (
        "ocr_unavailable",
        "a page is a picture, and the libraries for recognising text are not installed",
        "Install them with `pip install rapidocr==3.10.0 onnxruntime`, then try again.",
    ),
}
"""By reason: code, message, advice."""


def failure(reason: str) -> ExtractionFailed:
    """The error for a reason; a reason nobody knows is a crash."""
    code, message, advice = SAID.get(reason, SAID["crashed"])
    return ExtractionFailed(code, message, advice)


class Unreadable(Exception):
    """Raised by a converter, in the child: the file cannot be read, for this reason of ``SAID``."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
