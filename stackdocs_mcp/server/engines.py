"""Which engine reads a stack's documents: made when there is work, and shared by all stacks."""

from typing import TYPE_CHECKING

from stackdocs_mcp.core.errors import ExtractionFailed
from stackdocs_mcp.core.ports import Engine
from stackdocs_mcp.core.stack import Ocr
from stackdocs_mcp.settings import KEY, Settings

if TYPE_CHECKING:
    from stackdocs_mcp.ocr.local import LocalEngine


class Engines:
    """The engines of a process, by what stacks choose; one set of processes behind them."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._local: LocalEngine | None = None
        self._made: dict[Ocr, Engine] = {}

    def engine(self, choice: Ocr) -> Engine:
        """The engine for a stack's choice; what it leaves open is the server's.

        Raises ExtractionFailed for one that cannot be used here.
        """
        wanted = choice.over(self._settings.reading)
        if wanted not in self._made:
            self._made[wanted] = self._make(wanted)
        return self._made[wanted]

    async def close(self) -> None:
        """Stop all of them. Harmless twice."""
        if self._local is not None:
            await self._local.close()

    def _make(self, wanted: Ocr) -> Engine:
        if wanted.engine == "mistral":
            raise ExtractionFailed(
                "ocr_refused",
                "the stack's documents are read by Mistral OCR, and this server has no key for it",
                f"Set {KEY} where the server is started, or choose the local engine with "
                "`stackdocs-mcp ocr set local`; then try again.",
            )

        from stackdocs_mcp.ocr.local import LocalEngine  # noqa: PLC0415  when there is work

        if self._local is None:
            self._local = LocalEngine(
                workers=self._settings.ocr_workers,
                passwords=[one.get_secret_value() for one in self._settings.passwords],
            )
        return self._local.variant(wanted.mode or "auto", wanted.languages or ())
