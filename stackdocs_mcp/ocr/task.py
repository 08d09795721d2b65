"""What a parsing child is asked to do with one file."""

from collections.abc import Collection
from dataclasses import dataclass, field

from stackdocs_mcp.core.stack import OcrMode
from stackdocs_mcp.ocr.limits import Limits


@dataclass(frozen=True, slots=True)
class Task:
    """The pages that are not in ``skip``, within the limits."""

    skip: Collection[int] = frozenset()
    limits: Limits = field(default_factory=Limits)
    mode: OcrMode = "auto"
    """Which pages become pictures to recognise: those that need it, all, or none."""
    passwords: tuple[str, ...] = field(default=(), repr=False)
    """To try on a file that is encrypted, in this order."""
    languages: tuple[str, ...] = ()
    """ISO 639-1 codes of what the document may be written in; empty when nothing is known."""
