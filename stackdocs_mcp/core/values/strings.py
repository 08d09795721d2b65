"""Strings that can be stored, shown and sent everywhere."""

import re
import unicodedata

from stackdocs_mcp.core.errors import BadValue

MAX_CHARACTERS = 20_000
_BAD = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_SAFE_TO_SHOW = re.compile(r"[\d\s.,'\u2019+\-\u2212/:()%€$£¥]{1,40}")


def clean(text: str) -> str:
    """The text in NFC, line ends as line feeds. Raises BadValue for what no page can show."""
    if len(text) > MAX_CHARACTERS:
        raise BadValue(
            "text_too_long",
            f"the text has {len(text)} characters; a value has at most {MAX_CHARACTERS}",
            "Send what the field asks for, not the whole page.",
        )
    text = text.replace("\r\n", "\n")
    if bad := _BAD.search(text):
        raise BadValue(
            "bad_text",
            f"the text has the character U+{ord(bad[0]):04X}, which no page can show",
            "Send the text without control characters and lone surrogates.",
        )
    return unicodedata.normalize("NFC", text)


def matching_key(text: str) -> str:
    """Equal for texts that differ in case, width, spaces around and between words."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def shown(text: str) -> str:
    """The text for a message, when it is only digits and signs; words are never repeated.

    Messages are read as ours, so nothing that a document may have said can stand in them.
    """
    return repr(text) if _SAFE_TO_SHOW.fullmatch(text) else "the text that was sent"
