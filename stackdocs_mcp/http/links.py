"""One-time links: sealed, so that nobody can make, read or change one, in whatever replica.

What is in a link says who may do what until when; whether it was used, the store knows.
"""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Generic, Literal, TypeVar

from stackdocs_mcp.core.binding import Binding, StackId, UserId
from stackdocs_mcp.core.errors import InvalidCursor
from stackdocs_mcp.core.links import Download, Link, Upload
from stackdocs_mcp.core.ports import Clock
from stackdocs_mcp.http.places import LONGEST_LINK, Addresses
from stackdocs_mcp.workspace.cursors import Cursors

UPLOAD_LIFE = timedelta(minutes=15)
DOWNLOAD_LIFE = timedelta(minutes=10)
_NONCE_BYTES = 16

_T = TypeVar("_T")
_Kind = Literal["upload", "export"]


@dataclass(frozen=True, slots=True)
class Ticket(Generic[_T]):
    """What a link permits, to whom, and until when. Nothing in it says that it still holds."""

    user: UserId
    stack: StackId
    nonce: str
    expires_at: datetime
    what: _T


class SealedLinks:
    """``core.links.Links`` as addresses of this server, and what such an address says."""

    def __init__(self, seals: Cursors, addresses: Addresses, clock: Clock) -> None:
        self._seals = seals
        self._addresses = addresses
        self._clock = clock

    def upload(self, binding: Binding, upload: Upload) -> Link:
        """A link that takes this file once, within a quarter of an hour."""
        sealed, ends = self._sealed("upload", binding, UPLOAD_LIFE, [upload.filename, upload.size])
        return Link(self._addresses.upload(sealed), ends)

    def download(self, binding: Binding, download: Download) -> Link:
        """A link that gives this export once, within ten minutes."""
        what: list[int | str] = [download.format, int(download.evidence)]
        sealed, ends = self._sealed("export", binding, DOWNLOAD_LIFE, what)
        return Link(self._addresses.export(sealed), ends)

    def opened_upload(self, link: str) -> Ticket[Upload] | None:
        """What an upload link says; None for one that is not from here, or that has expired."""
        found = self._opened("upload", link)
        if found is None:
            return None
        (filename, size), ticket = found
        return Ticket(*ticket, Upload(str(filename), int(size)))

    def opened_download(self, link: str) -> Ticket[Download] | None:
        """The same for an export link."""
        found = self._opened("export", link)
        if found is None:
            return None
        (format_, evidence), ticket = found
        return Ticket(*ticket, Download(str(format_), bool(evidence)))

    def _sealed(
        self, kind: _Kind, binding: Binding, life: timedelta, what: list[int | str]
    ) -> tuple[str, datetime]:
        ends = int((self._clock() + life).timestamp())
        nonce = secrets.token_urlsafe(_NONCE_BYTES)
        said = [binding.user, binding.stack, nonce, ends, *what]
        return self._seals.seal(said, kind), datetime.fromtimestamp(ends, UTC)

    def _opened(
        self, kind: _Kind, link: str
    ) -> tuple[list[int | str], tuple[UserId, StackId, str, datetime]] | None:
        try:
            user, stack, nonce, ends, *what = self._seals.open(link, kind, LONGEST_LINK)
        except InvalidCursor:
            return None
        expires_at = datetime.fromtimestamp(int(ends), UTC)
        if self._clock() >= expires_at:
            return None
        return what, (UserId(str(user)), StackId(str(stack)), str(nonce), expires_at)
