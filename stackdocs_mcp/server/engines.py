"""Which engine reads a stack's documents: made when there is work, and shared by all stacks."""

from typing import TYPE_CHECKING

from stackdocs_mcp.core.engine import Engine
from stackdocs_mcp.core.errors import ExtractionFailed
from stackdocs_mcp.core.stack import Ocr
from stackdocs_mcp.settings import KEY, Settings

if TYPE_CHECKING:
    from stackdocs_mcp.ocr.local import LocalEngine
    from stackdocs_mcp.ocr.mistral import MistralEngine


class Engines:
    """The engines of a process, by what stacks choose; one set of processes behind them."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._passwords = [one.get_secret_value() for one in settings.passwords]
        self._local: LocalEngine | None = None
        self._mistral: MistralEngine | None = None
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
        for one in (self._local, self._mistral):
            if one is not None:
                await one.close()

    def _make(self, wanted: Ocr) -> Engine:
        engine = self._of_mistral() if wanted.engine == "mistral" else self._of_this_machine()
        return engine.variant(wanted.mode or "auto", wanted.languages or ())

    def _of_this_machine(self) -> "LocalEngine":
        from stackdocs_mcp.ocr.local import LocalEngine  # noqa: PLC0415  when there is work

        if self._local is None:
            workers = self._settings.ocr_workers
            self._local = LocalEngine(workers=workers, passwords=self._passwords)
        return self._local

    def _of_mistral(self) -> "MistralEngine":
        key = self._settings.mistral_key
        if key is None:
            raise ExtractionFailed(
                "ocr_refused",
                "the stack's documents are read by Mistral OCR, and this server has no key for it",
                f"Set {KEY} where the server is started, or choose the local engine with "
                "`stackdocs-mcp ocr set local`; then try again.",
            )

        from stackdocs_mcp.ocr.mistral import MistralEngine  # noqa: PLC0415  when there is work

        if self._mistral is None:
            self._mistral = MistralEngine(
                key.get_secret_value(), url=self._settings.mistral_url, passwords=self._passwords
            )
        return self._mistral
