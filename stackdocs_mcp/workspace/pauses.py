"""Letting others run during work of many steps."""

import time

import anyio
import anyio.lowlevel

_WORK_SECONDS = 0.01
_PAUSE_SECONDS = 0.002


class Pauses:
    """The pauses of one call, which must not hold others up however much it does."""

    def __init__(self) -> None:
        self._paused = time.monotonic()

    async def give_way(self) -> None:
        """Let others run, now and then.

        A pause, and not only a turn of the event loop: the store's threads need the interpreter.
        """
        if time.monotonic() - self._paused < _WORK_SECONDS:
            await anyio.lowlevel.checkpoint()
            return
        await anyio.sleep(_PAUSE_SECONDS)
        self._paused = time.monotonic()
