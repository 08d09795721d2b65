"""Documents to try things on: an invoice, a receipt and a letter. All names are made up."""

from importlib.resources import files
from pathlib import Path

NAMES = ("invoice.pdf", "receipt.png", "letter.docx")


def paths() -> list[Path]:
    """Where the sample documents are."""
    return [Path(str(files(__name__) / name)) for name in NAMES]
