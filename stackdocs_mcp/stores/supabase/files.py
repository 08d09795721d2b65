"""The bytes of one stack's documents, in the project's Storage, and on this machine to be read."""

import io
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import BinaryIO, TypeVar

import anyio
import anyio.to_thread

from stackdocs_mcp.core.binding import Binding
from stackdocs_mcp.core.model import Sha256
from stackdocs_mcp.stores.spooling import Arriving, Settle, Spooled, not_copied, opened, spooled
from stackdocs_mcp.stores.supabase.kept import Kept
from stackdocs_mcp.stores.supabase.objects import Again, Objects, key_of
from stackdocs_mcp.stores.supabase.project import Caller, PgRole
from stackdocs_mcp.stores.supabase.storage_errors import damaged, missing

LARGEST = 1 << 40
"""Whatever the limit was when a file was added, it is let out again."""

_T = TypeVar("_T")
_HASH = re.compile("[0-9a-f]{64}")


class SupabaseFiles:
    """``core.ports.Files`` for one binding; the sentences of the port hold."""

    def __init__(
        self,
        objects: Objects,
        kept: Kept,
        binding: Binding,
        turns: anyio.CapacityLimiter,
        role: PgRole = "authenticated",
    ) -> None:
        self._objects = objects
        self._kept = kept
        self._caller = Caller.of(binding, role)
        self._stack = binding.stack
        self._turns = turns
        self.owner = binding.owner

    async def put(self, source: Path, limit: int) -> tuple[Sha256, int]:
        return await self._sent(partial(self._spool_file, source, limit))

    async def put_bytes(self, content: bytes, limit: int) -> tuple[Sha256, int]:
        return await self._sent(partial(self._spool, io.BytesIO(content), limit))

    @asynccontextmanager
    async def incoming(self, limit: int) -> AsyncIterator[Arriving]:
        async with self._arriving(self._settle, limit) as arriving:
            yield arriving

    async def local(self, sha256: Sha256) -> Path:
        if not _HASH.fullmatch(sha256):
            raise missing()
        key = key_of(self._stack, sha256)
        async with self._kept.alone(key):
            found = await anyio.to_thread.run_sync(self._kept.find, key)
            if found is not None:
                return found
            return await self._objects.fetch(
                self._caller, key, partial(self._received, key, sha256)
            )

    async def _received(self, key: str, sha256: Sha256, pieces: AsyncIterator[bytes]) -> Path:
        """The bytes as a file of this machine. Raises Again for others than were asked for."""
        taken: list[Path] = []

        async def settle(arrived: Path, _sha256: Sha256, size: int) -> None:
            taken.append(await self._blocking(partial(self._kept.take, key, arrived, size)))

        async with self._arriving(settle, LARGEST) as arriving:
            async for piece in pieces:
                await arriving.write(piece)
            if await arriving.sha256() != sha256:
                raise Again(damaged())
            await arriving.keep()
        return taken[0]

    @asynccontextmanager
    async def _arriving(self, settle: Settle, limit: int) -> AsyncIterator[Arriving]:
        arriving = Arriving(self._kept.arrival, settle, limit, self._turns)
        try:
            yield arriving
        finally:
            with anyio.CancelScope(shield=True):
                await arriving.drop()

    async def _sent(self, spool: Callable[[], Spooled]) -> tuple[Sha256, int]:
        arrived, sha256, size = await self._blocking(spool)
        try:
            await self._settle(arrived, sha256, size)
        finally:
            with suppress(OSError):
                arrived.unlink(missing_ok=True)
        return sha256, size

    async def _settle(self, arrived: Path, sha256: Sha256, size: int) -> None:
        """Send what has arrived; and keep it here, where it will be read next."""
        key = key_of(self._stack, sha256)
        await self._objects.send(self._caller, key, arrived, size)
        await self._blocking(partial(self._kept.take, key, arrived, size))

    def _spool_file(self, source: Path, limit: int) -> Spooled:
        with opened(source) as file:
            return self._spool(file, limit)

    def _spool(self, source: BinaryIO, limit: int) -> Spooled:
        return spooled(source, self._kept.arrival, limit)

    async def _blocking(self, work: Callable[[], _T]) -> _T:
        try:
            return await anyio.to_thread.run_sync(work, limiter=self._turns)
        except OSError as error:
            raise not_copied(error) from error
