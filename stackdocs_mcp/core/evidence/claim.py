"""What is claimed of a document, and what the server found of it."""

from dataclasses import dataclass, field
from functools import cached_property

from stackdocs_mcp.core.evidence.seen import Seen
from stackdocs_mcp.core.evidence.standing import Standing
from stackdocs_mcp.core.model import Citation, Evidence, JsonValue, Place, Warn
from stackdocs_mcp.core.values.expected import Expected
from stackdocs_mcp.core.values.signs import Signs


@dataclass(frozen=True)
class Claim:
    """A canonical value of a field, and where a client says that it stands.

    ``labels`` are what the page may call the field, the most telling first: its name, title,
    synonyms, description. ``near`` are places of its siblings in the same row or object, ``beside``
    the names of the fields that the schema has there.
    """

    value: JsonValue
    expected: Expected = field(default_factory=Expected)
    signs: Signs = field(default_factory=Signs)
    citation: Citation | None = None
    labels: tuple[str, ...] = ()
    near: tuple[Place, ...] = ()
    beside: tuple[str, ...] = ()
    seen: Seen = field(default_factory=Seen, compare=False, repr=False)
    """What the fields of one call share of what was found."""

    @cached_property
    def near_lines(self) -> dict[int, list[int]]:
        """The lines of ``near`` by page, in order."""
        lines: dict[int, set[int]] = {}
        for place in self.near:
            lines.setdefault(place.page, set()).update(place.lines)
        return {page: sorted(numbers) for page, numbers in lines.items()}

    @cached_property
    def is_nothing(self) -> bool:
        """Null and empty containers stand nowhere."""
        return self.value is None or self.value in ([], {})


@dataclass(frozen=True, slots=True)
class Finding:
    """The verdict with its place, what to warn about, and whether more pages could change it.

    ``standings`` are the places of a value that came without a citation, the likeliest first.
    """

    evidence: Evidence
    warnings: tuple[Warn, ...] = ()
    settled: bool = True
    standings: tuple[Standing, ...] = ()
