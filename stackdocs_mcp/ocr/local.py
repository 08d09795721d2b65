"""The engine that needs no network: parsers and PP-OCR, each in a process.

In the server process nothing is parsed, and waiting is done by threads of the engine's own.
"""

import os
from collections.abc import AsyncGenerator, Callable, Collection, Sequence
from copy import copy
from pathlib import Path
from typing import Self, TypeVar

import anyio
import anyio.to_thread

from stackdocs_mcp.core.engine import Extracted
from stackdocs_mcp.core.stack import OcrMode
from stackdocs_mcp.ocr import versions
from stackdocs_mcp.ocr.limits import Limits
from stackdocs_mcp.ocr.reading import Reading
from stackdocs_mcp.ocr.recognising import Pool
from stackdocs_mcp.ocr.task import Task

REVISION = 3
"""Counted up when the same libraries give other lines because of a change here."""
Result = TypeVar("Result")


class LocalEngine:
    """Implements ``core.ports.Engine``. One for the process; costs nothing until it is used."""

    def __init__(
        self,
        limits: Limits | None = None,
        workers: int | None = None,
        *,
        mode: OcrMode = "auto",
        languages: Sequence[str] = (),
        passwords: Sequence[str] = (),
    ) -> None:
        """``workers`` OCR processes, by default as many as there are processors, at most two.

        Each takes nearly a gigabyte once a scan has been read. ``languages`` are ISO 639-1 codes,
        a hint; ``passwords`` are tried on encrypted PDFs.
        """
        self._limits = limits or Limits()
        self._passwords = tuple(passwords)
        self._pool = Pool(workers or min(2, os.cpu_count() or 1), self._limits)
        self._documents = anyio.Semaphore(self._limits.documents)
        self._threads = anyio.CapacityLimiter(2 * self._limits.documents)
        self._readings: set[Reading] = set()
        self.ask(mode, languages)

    def variant(self, mode: OcrMode, languages: Sequence[str]) -> Self:
        """An engine that reads in another way, with the same processes; close either of them."""
        other = copy(self)
        other.ask(mode, languages)
        return other

    def ask(self, mode: OcrMode, languages: Sequence[str]) -> None:
        """Read in this way from the next file on."""
        self._mode: OcrMode = mode
        self._languages = tuple(sorted(set(languages)))
        parameters = f"local-{REVISION} ocr={mode} languages={','.join(self._languages) or 'any'} "
        self._identity = parameters + versions.of(*versions.PARSERS, "rapidocr")

    @property
    def identity(self) -> str:
        return self._identity

    async def read(self, file: Path, have: Collection[int] = ()) -> AsyncGenerator[Extracted, None]:
        """See ``core.ports.Engine.read``. Pages come as they become ready, so not always in order.

        At most ``Limits.documents`` files are read at once; a file counts until its iterator is
        closed.
        """
        async with self._documents:
            task = Task(frozenset(have), self._limits, self._mode, self._passwords, self._languages)
            reading = Reading(file, task, self._pool)
            self._readings.add(reading)
            try:
                while (item := await self._in_thread(reading.next)) is not None:
                    yield item
            finally:
                self._readings.discard(reading)
                reading.stop()
                with anyio.CancelScope(shield=True):
                    await self._in_thread(reading.close)

    async def close(self) -> None:
        """Stop all processes; files that are being read end early. Harmless twice."""
        for reading in self._readings:
            reading.stop()
        await self._in_thread(self._pool.close)

    async def _in_thread(self, work: Callable[[], Result]) -> Result:
        return await anyio.to_thread.run_sync(work, abandon_on_cancel=True, limiter=self._threads)
