"""A compact JWS (RFC 7515, 7.1) taken apart; refused where two readers could see two things."""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stackdocs_mcp.core.identity import TokenRefused
from stackdocs_mcp.core.strict import NotStrict, read

MAX_TOKEN = 8 * 1024
"""Bytes; what servers and proxies take as one header."""

_COMPACT = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)")


@dataclass(frozen=True, slots=True)
class Unverified:
    """What a token says; nothing of it is known to be true. ``signed`` is what is signed."""

    header: Mapping[str, Any]
    claims: Mapping[str, Any]
    signed: bytes
    signature: bytes


def take_apart(token: str) -> Unverified:
    """The parts of a token: three, base64url as RFC 7515 writes it, two of them JSON objects.

    Raises TokenRefused.
    """
    if len(token) > MAX_TOKEN:
        raise TokenRefused("size")
    parts = _COMPACT.fullmatch(token)
    if parts is None:
        raise TokenRefused("form")
    header, claims, signature = parts.groups()
    return Unverified(
        _object(header), _object(claims), f"{header}.{claims}".encode(), _bytes(signature)
    )


def _bytes(part: str) -> bytes:
    """Raises TokenRefused where the last character has bits that no encoder sets."""
    if len(part) % 4 == 1:
        raise TokenRefused("base64")
    found = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    if base64.urlsafe_b64encode(found).rstrip(b"=") != part.encode():
        raise TokenRefused("base64")
    return found


def _object(part: str) -> Mapping[str, Any]:
    try:
        found = read(_bytes(part).decode())
    except (UnicodeDecodeError, NotStrict):  # neither says anything of the content then
        raise TokenRefused("json") from None
    if not isinstance(found, dict):
        raise TokenRefused("json")
    return found
