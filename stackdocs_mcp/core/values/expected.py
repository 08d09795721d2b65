"""What a field asks for, and what became of a value that was sent for it."""

from dataclasses import dataclass

from stackdocs_mcp.core.model import JsonValue, Warn


@dataclass(frozen=True, slots=True)
class Expected:
    """What the schema says of one place. All empty: anything goes, and stays what it is."""

    types: frozenset[str] = frozenset()
    """JSON Schema types: string, number, integer, boolean, object, array, null."""
    format: str | None = None
    """``date``, ``date-time``, ``time`` and ``iso-4217``, a code of money, are read as printed; the
    rest is left to the schema."""
    enum: tuple[JsonValue, ...] | None = None


@dataclass(frozen=True, slots=True)
class Typed:
    """The canonical value, and what was done to make it one."""

    value: JsonValue
    notes: tuple[Warn, ...] = ()
