"""What every program here shares: lines of JSON to and from the run that has started it.

A program runs in its client's own environment, where nothing of ours is installed. It connects,
says which tools it was offered, and then does what it is asked: a call after the other, with the
answer as this client hands it to its model.
"""

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

JSON = dict[str, Any]
Answer = tuple[str, bool]
"""What the model is given of a tool's answer, and whether it is told that the call has failed."""
Call = Callable[[str, JSON], Awaitable[Answer]]


class Line:
    """The way to the run.

    ``job`` says how to connect: ``url`` and ``headers``, with what a user is told to type or to
    configure; or ``command`` and ``environment``.
    """

    def __init__(self) -> None:
        # Libraries print; what they print must not stand between the lines.
        self._out = os.fdopen(os.dup(1), "w", encoding="utf-8")
        os.dup2(2, 1)
        self.job: JSON = json.loads(sys.stdin.readline())

    async def ready(self, tools: list[str]) -> JSON | None:
        """Say which tools there are. The first call that is wanted."""
        return await self._exchange({"tools": tools})

    async def answer(self, seen: str, failed: bool) -> JSON | None:
        """Say what came of the last call. The next one; None when there is no more."""
        return await self._exchange({"seen": seen, "failed": failed})

    async def work(self, tools: list[str], call: Call) -> None:
        """Do all that is asked, for a client that calls tools itself."""
        asked = await self.ready(tools)
        while asked is not None:
            seen, failed = await call(asked["tool"], asked["arguments"])
            asked = await self.answer(seen, failed)

    async def _exchange(self, said: JSON) -> JSON | None:
        return await asyncio.to_thread(self.exchange, said)

    def exchange(self, said: JSON) -> JSON | None:
        """One line there and one back."""
        print(json.dumps(said), file=self._out, flush=True)
        line = sys.stdin.readline()
        return json.loads(line) if line.strip() else None


def run(program: Callable[[Line], Coroutine[Any, Any, None]]) -> None:
    """The whole life of a program."""
    asyncio.run(program(Line()))


def texts(content: list[Any]) -> str:
    """The text of content blocks, as most clients hand them on."""
    return "\n".join(block.text for block in content if getattr(block, "text", None) is not None)
