"""The engine that has pages recognised by Mistral's OCR service, for money, where they need it.

Files are parsed here, each in a process of its own, as the local engine does it. Pages whose own
text is good never leave the machine. Of the others, and only of those that are not there yet, our
own renderings are sent, as pictures in a bare PDF: never the file itself, so no hidden text, no
metadata and no page that was not needed. They are deleted at the service after use.
"""

from collections.abc import AsyncGenerator, Callable, Collection, Sequence
from copy import copy
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Self, TypeVar
from urllib.parse import urlsplit

import anyio
import anyio.to_thread

from stackdocs_mcp.core.engine import Extracted, Pages, Recognising
from stackdocs_mcp.core.stack import OcrMode
from stackdocs_mcp.loopback import is_secure
from stackdocs_mcp.ocr import versions
from stackdocs_mcp.ocr.failures import failure
from stackdocs_mcp.ocr.limits import Limits
from stackdocs_mcp.ocr.mistral_retries import Patience, Sleep
from stackdocs_mcp.ocr.mistral_sheets import Batch, BatchSize, Sheets, pdf
from stackdocs_mcp.ocr.task import Task

if TYPE_CHECKING:
    from stackdocs_mcp.ocr.mistral_client import Service

REVISION = 1
"""Counted up when the same answers give other lines because of a change here."""
MODEL = "mistral-ocr-4-1"
"""Named with its version, because pages are kept by it; the first with a score for each block."""
DPI = 200
SIDE = 2_600
Result = TypeVar("Result")


@dataclass(slots=True)
class _Account:
    """What all variants of an engine share: the key, and the calls that are under way."""

    key: str = field(repr=False)
    url: str | None
    patience: Patience
    sleep: Sleep
    service: "Service | None" = None
    connecting: anyio.Lock = field(default_factory=anyio.Lock)
    calls: dict[anyio.CancelScope, anyio.Event] = field(default_factory=dict)
    """Each with what is set when it is over."""
    reading: set[Sheets] = field(default_factory=set)


class MistralEngine:
    """Implements ``core.ports.Engine``. One for the process; costs nothing until it is used."""

    def __init__(
        self,
        key: str,
        *,
        url: str | None = None,
        model: str = MODEL,
        limits: Limits | None = None,
        mode: OcrMode = "auto",
        languages: Sequence[str] = (),
        passwords: Sequence[str] = (),
        size: BatchSize | None = None,
        patience: Patience | None = None,
        sleep: Sleep = anyio.sleep,
    ) -> None:
        """``url`` is another place where the service is, by https unless it is this machine.

        ``passwords`` are tried on encrypted PDFs. Raises ValueError for a key or an address that
        cannot be one, without quoting it.
        """
        self._account = _Account(
            _checked_key(key), _checked_url(url), patience or Patience(), sleep
        )
        self._model = model
        self._limits = limits or Limits(dpi=DPI, bitmap_side=SIDE)
        self._size = size or BatchSize()
        self._passwords = tuple(passwords)
        self._documents = anyio.Semaphore(self._limits.documents)
        self._threads = anyio.CapacityLimiter(2 * self._limits.documents)
        self.ask(mode, languages)

    def variant(self, mode: OcrMode, languages: Sequence[str]) -> Self:
        """An engine that reads in another way, with the same account; close either of them."""
        other = copy(self)
        other.ask(mode, languages)
        return other

    def ask(self, mode: OcrMode, languages: Sequence[str]) -> None:
        """Read in this way from the next file on. The service takes no hint of the languages."""
        del languages
        self._mode: OcrMode = mode
        self._identity = (
            f"mistral-{REVISION} model={self._model} dpi={self._limits.dpi} ocr={mode} "
            + versions.of(*versions.PARSERS)
        )

    @property
    def identity(self) -> str:
        return self._identity

    async def read(self, file: Path, have: Collection[int] = ()) -> AsyncGenerator[Extracted, None]:
        """See ``core.ports.Engine.read``. Recognised pages come in batches, so not in order.

        At most ``Limits.documents`` files are read at once, with one call for each; a file counts
        until its iterator is closed.
        """
        async with self._documents:
            task = Task(frozenset(have), self._limits, self._mode, self._passwords)
            sheets = Sheets(file, task, self._size)
            self._account.reading.add(sheets)
            try:
                while (item := await self._in_thread(sheets.next)) is not None:
                    if not isinstance(item, tuple):
                        yield item
                        continue
                    yield Recognising(tuple(sheet.picture.number for sheet in item))
                    answered = await self._recognised(item)
                    if answered is None:
                        return
                    yield answered
                    if len(answered.pages) < len(item):
                        raise failure("ocr_garbled")
            finally:
                self._account.reading.discard(sheets)
                sheets.stop()
                with anyio.CancelScope(shield=True):
                    await self._in_thread(sheets.close)

    async def close(self) -> None:
        """Stop all work; files that are being read end early. Harmless twice."""
        for sheets in self._account.reading:
            sheets.stop()
        for call, over in list(self._account.calls.items()):
            call.cancel()
            await over.wait()
        if self._account.service is not None:
            await self._account.service.close()
            self._account.service = None

    async def _recognised(self, batch: Batch) -> Pages | None:
        """The pages of a batch that were answered for; None when the engine was closed."""
        over = anyio.Event()
        with anyio.CancelScope() as call:
            self._account.calls[call] = over
            try:
                service = await self._connected()
                content = await self._in_thread(lambda: pdf(batch, self._limits.dpi))
                answer = await service.read(content, self._model)
                return await self._in_thread(lambda: service.pages(answer, batch))
            finally:
                del self._account.calls[call]
                over.set()
        return None

    async def _connected(self) -> "Service":
        account = self._account
        async with account.connecting:
            if account.service is None:
                account.service = await self._in_thread(lambda: _service(account))
            return account.service

    async def _in_thread(self, work: Callable[[], Result]) -> Result:
        return await anyio.to_thread.run_sync(work, abandon_on_cancel=True, limiter=self._threads)


def _service(account: _Account) -> "Service":
    from stackdocs_mcp.ocr.mistral_client import Service  # noqa: PLC0415 - with the first call

    return Service(account.key, account.url, account.patience, account.sleep)


def _checked_key(key: str) -> str:
    bare = key.strip()
    if not bare or not bare.isascii() or not bare.isprintable() or " " in bare:
        raise ValueError("the key of the OCR service is empty, or has characters that no key has")
    return bare


def _checked_url(url: str | None) -> str | None:
    if url is None:
        return None
    parts = urlsplit(url)
    if parts.username or parts.query or parts.fragment or not parts.hostname:
        raise ValueError("the address of the OCR service must be https://host, perhaps with a path")
    if is_secure(parts):
        return url
    raise ValueError("the address of the OCR service must start with https://")
