"""Pages that become ready, told to somebody who may be slower than they are."""

import anyio

from stackdocs_mcp.workspace.context import Report


class PageCount:
    """Takes every count at once and passes on the newest; counts in between may be left out."""

    def __init__(self) -> None:
        self._newest = (0, 0)
        self._news = anyio.Event()
        self._ended = False

    def __call__(self, done: int, pages: int) -> None:
        """Pages done, and pages in all."""
        if not self._ended:
            self._newest = (done, pages)
            self._news.set()

    def end(self) -> None:
        """There is nothing more to tell than what is known now."""
        self._ended = True
        self._news.set()

    async def report(self, report: Report) -> None:
        """Tell every newer count until the end. What is told always grows."""
        told = 0
        while True:
            await self._news.wait()
            if not self._ended:
                self._news = anyio.Event()
            done, pages = self._newest
            if done > told:
                told = done
                await report(done, pages)
            elif self._ended:
                return
