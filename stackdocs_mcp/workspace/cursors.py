"""Opaque cursors: sealed, so that they tell nothing, and good only for the call they came from."""

import base64
import binascii
import json
import os

from stackdocs_mcp.core.errors import InvalidCursor

MAX_CURSOR = 1_024
_NONCE = 12


class Cursors:
    """Seals and opens positions with AES-GCM; the scope is authenticated but not carried."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def seal(self, position: list[int | str], scope: str) -> str:
        """A cursor to go on at ``position`` in a call of the same scope."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415  on demand

        nonce = os.urandom(_NONCE)
        text = json.dumps(position, ensure_ascii=False).encode()
        sealed = nonce + AESGCM(self._key).encrypt(nonce, text, scope.encode())
        return _text(sealed)

    def open(self, cursor: str, scope: str, longest: int = MAX_CURSOR) -> list[int | str]:
        """The position that was sealed. Raises InvalidCursor, without a reason, for all else."""
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415  on demand
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415  on demand

        if not cursor or len(cursor) > longest:
            raise InvalidCursor
        try:
            sealed = base64.b64decode(
                cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True
            )
            if _text(sealed) != cursor:  # the same bytes, written in another way
                raise InvalidCursor
            text = AESGCM(self._key).decrypt(sealed[:_NONCE], sealed[_NONCE:], scope.encode())
        except (InvalidTag, binascii.Error, ValueError) as error:
            raise InvalidCursor from error

        position: list[int | str] = json.loads(text)
        return position


def _text(sealed: bytes) -> str:
    return base64.urlsafe_b64encode(sealed).decode().rstrip("=")
