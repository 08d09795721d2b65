"""What all office files of the Office Open XML family share: a zip archive that may be a bomb."""

import zipfile
import zlib
from pathlib import Path

from lxml import etree

from stackdocs_mcp.ocr.failures import Unreadable
from stackdocs_mcp.ocr.limits import MIB, Limits

_ENCRYPTED = 0x1
BROKEN = (
    etree.LxmlError,
    zipfile.BadZipFile,
    zlib.error,
    KeyError,
    IndexError,
    ValueError,
    AttributeError,
    TypeError,
    NotImplementedError,
    SyntaxError,  # of xml.etree, and of lxml for a document that is cut
    OSError,
    RecursionError,
)
"""What the libraries for such files raise when one is not what it claims to be."""


def refuse_bombs(file: Path, limits: Limits) -> None:
    """Judge by the archive's own directory: zipfile never unpacks more than that says.

    Raises Unreadable, and what zipfile raises.
    """
    with zipfile.ZipFile(file) as archive:
        parts = archive.infolist()
    if any(part.flag_bits & _ENCRYPTED for part in parts):
        raise Unreadable("encrypted_office")
    unpacked = sum(part.file_size for part in parts)
    packed = sum(part.compress_size for part in parts)
    swells = unpacked > MIB and unpacked > limits.unpacked_ratio * packed
    if swells or unpacked > limits.unpacked_bytes:
        raise Unreadable("unpacks_too_large")
