"""Every way in which a file can fail, in our words. The processes only name the reason."""

from stackdocs_mcp.core.errors import ExtractionFailed
from stackdocs_mcp.ocr.formats import NAMES
from stackdocs_mcp.ocr.limits import MIB, Limits

_WORKS = f"These work: {NAMES}."
_MOST = Limits()
LARGEST = f"{_MOST.file_bytes // MIB} MB"
"""What a file may have, and the files attached to a mail together."""
_AGAIN = "Open it in its usual program and save or print it anew as PDF, then add that."

SAID: dict[str, tuple[str, str, str]] = {
    "unsupported": ("unsupported", "files of this kind cannot be read", _WORKS),
    "legacy_office": (
        "unsupported",
        "this is an office document of the old binary kind",
        f"Save it as DOCX or PDF. {_WORKS}",
    ),
    "outlook_mail": (
        "unsupported",
        "this is a mail as Outlook keeps it (MSG)",
        f"Save the mail as EML, or forward it to a program that does. {_WORKS}",
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
    "wrong_password": (
        "encrypted",
        "the file is protected with a password, and none of the passwords given opens it",
        (
            "Put the right one in the file that --password-file or STACKDOCS_PASSWORD_FILE names, "
            "or save a copy without a password and add that."
        ),
    ),
    "encrypted_office": (
        "encrypted",
        "the office document is protected with a password",
        "Open it in its usual program, save a copy without the password, and add that.",
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
    "file_too_large": (
        "too_large",
        f"the file has more than {LARGEST}",
        "Split it into smaller files.",
    ),
    "too_many_pages": (
        "too_large",
        f"the document has more than {_MOST.pages:,} pages",
        "Split it into smaller documents.",
    ),
    "too_many_frames": (
        "too_large",
        f"the file has more than {_MOST.image_frames:,} pictures",
        "Split it into smaller files.",
    ),
    "picture_too_large": (
        "too_large",
        f"a picture in the file has more than {_MOST.image_pixels // 1_000_000} megapixels",
        "Save it with fewer pixels; 300 dots per inch are plenty.",
    ),
    "unpacks_too_large": (
        "too_large",
        (
            f"the file unpacks to more than {_MOST.unpacked_bytes // MIB} MB, "
            f"or to more than {_MOST.unpacked_ratio} times its size"
        ),
        _AGAIN,
    ),
    "too_many_cells": (
        "too_large",
        f"a sheet has more than {_MOST.sheet_cells:,} cells with content",
        "Save the part that matters as a workbook of its own.",
    ),
    "entities": (
        "unsupported",
        "the file defines entities of its own, which are not expanded",
        "Save it without its document type declaration.",
    ),
    "memory": (
        "too_large",
        f"reading the file takes more than {_MOST.memory_bytes // MIB:,} MB of memory",
        _AGAIN,
    ),
    "timed_out": (
        "timed_out",
        (
            f"reading the file takes too long: more than {_MOST.step_seconds:.0f} seconds "
            f"for a page, or {_MOST.cpu_seconds} for all of it"
        ),
        _AGAIN,
    ),
    "crashed": ("crashed", "the file made its parser fail", _AGAIN),
    "unopened": (
        "crashed",
        "the server could not open its copy of the file; nothing is known to be wrong with yours",
        "Let whoever runs the server see whether its data folder can be read.",
    ),
    "program_incomplete": (
        "crashed",
        "the server's installation lacks something that reads files of this kind",
        "Let whoever runs the server install stackdocs-mcp anew.",
    ),
    "ocr_timed_out": (
        "timed_out",
        f"recognising the text of a page takes more than {_MOST.ocr_seconds:.0f} seconds",
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
