"""How documents are to be read, as a person writes it: ``mistral,always``, ``de,en``, an address.

Each function raises an error that pydantic words as ours: it says what can be written.
"""

import re
from typing import Any, get_args
from urllib.parse import urlsplit

from pydantic_core import PydanticCustomError

from stackdocs_mcp.core.stack import EngineName, Ocr, OcrMode
from stackdocs_mcp.loopback import is_secure
from stackdocs_mcp.ocr.languages import SCRIPTS, readable

ENGINES: tuple[EngineName, ...] = get_args(EngineName)
MODES: tuple[OcrMode, ...] = get_args(OcrMode)
MAX_LANGUAGES = 20
_CODE = re.compile("[a-z]{2}")
_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://([a-z0-9._-]+|\[[0-9a-f:.]+\])(:[0-9]{1,5})?")


def ocr(value: Any) -> Any:
    """An engine, a mode, or both with a comma; of several texts the first that names a part."""
    if isinstance(value, str):
        return _ocr(value)
    if isinstance(value, tuple):
        first, *others = map(_ocr, value)
        for other in others:
            first = first.over(other)
        return first
    return value


def _ocr(text: str) -> Ocr:
    engine: EngineName | None = None
    mode: OcrMode | None = None
    for part in text.split(","):
        word = part.strip().lower()
        if word in ENGINES and engine is None:
            engine = word
        elif word in MODES and mode is None:
            mode = word
        else:
            raise PydanticCustomError(
                "ocr",
                f"must be an engine ({', '.join(ENGINES)}), a mode ({', '.join(MODES)}), "
                "or one of each with a comma between them",
            )
    return Ocr(engine, mode)


def languages(value: Any) -> Any:
    """ISO 639-1 codes with commas between them."""
    if not isinstance(value, str):
        return value
    codes = tuple(dict.fromkeys(one.strip().lower() for one in value.split(",")))
    unknown = [code for code in codes if code not in SCRIPTS]
    if len(codes) <= MAX_LANGUAGES and any(map(_CODE.fullmatch, unknown)):
        wrong = ", ".join(filter(_CODE.fullmatch, unknown))
        raise PydanticCustomError(
            "languages", f"must be codes of ISO 639-1, such as de,en; there is no language {wrong}"
        )
    if len(codes) > MAX_LANGUAGES or unknown:
        raise PydanticCustomError(
            "languages",
            f"must be at most {MAX_LANGUAGES} codes of two letters (ISO 639-1) with commas between "
            "them, such as de,en",
        )
    return codes


def unreadable(chosen: Ocr) -> str | None:
    """Why the languages do not go with the engine, and what to do; None where they do."""
    beyond = [code for code in chosen.languages or () if not readable(code)]
    if chosen.engine != "local" or not beyond:
        return None
    return (
        f"the local engine cannot read the script of {', '.join(beyond)}; choose mistral for "
        "scans, or leave them out: text that a file has itself is read in any script"
    )


def address(value: str | None) -> str | None:
    """Where a service is: with https, or on this machine; keys and documents go there."""
    if value is None:
        return None
    try:
        parts = urlsplit(value)
        host, _port = parts.hostname, parts.port
    except ValueError:
        host = None
    else:
        bare = not (parts.username or parts.password or parts.query or parts.fragment)
        if host and is_secure(parts) and bare:
            return value.rstrip("/")
    raise PydanticCustomError(
        "address", "must be an address that begins with https:// (or http://localhost)"
    )


def origins(value: tuple[str, ...]) -> tuple[str, ...]:
    """Origins as browsers send them (RFC 6454, 6.1): another text would never be met."""
    if all(map(_ORIGIN.fullmatch, value)):
        return value
    raise PydanticCustomError(
        "origins",
        "must be origins as browsers send them, with commas between them: scheme://host or "
        "scheme://host:port, in lower case and without a slash at the end, as in "
        "https://app.example.com",
    )
