"""What breaks a schema, in our words: from the schema's own text, never from the value."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from stackdocs_mcp.core import exact
from stackdocs_mcp.core.filenames import UNSHOWN
from stackdocs_mcp.core.paths import FieldPath, dotted


@dataclass(frozen=True, slots=True)
class Violation:
    """One way in which a value breaks the schema, in our words."""

    code: Literal["missing_required", "schema"]
    path: FieldPath
    message: str


def missing(path: FieldPath) -> Violation:
    """A required place without a value."""
    return Violation("missing_required", path, f"{dotted(path)} is required and has no value")


def violations_of(error: Any, base: FieldPath) -> Iterator[Violation]:
    """One of jsonschema_rs's errors at ``base``, as ours."""
    path = (*base, *error.instance_path)
    keyword, limit = error.kind.name, error.kind.value
    if keyword == "required":
        yield missing((*path, limit))
        return
    yield Violation("schema", path, f"{dotted(path) or 'the extraction'} {_rule(keyword, limit)}")


_BOUNDS = frozenset(
    (
        *("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum", "multipleOf"),
        *("minLength", "maxLength", "minItems", "maxItems"),
    )
)
# Times as printed seldom name a zone, which RFC 3339 asks for; none is made up for them.
_TIME = r"([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d+)?)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)?"
FORMATS: Mapping[str, Callable[[str], bool]] = {
    "time": lambda text: bool(re.fullmatch(_TIME, text)),
    "date-time": lambda text: bool(re.fullmatch(rf"\d{{4}}-\d\d-\d\d[T ]{_TIME}", text)),
}
_LONGEST = 500


def _rule(keyword: str, limit: object) -> str:
    """What the schema asks, from the schema's own words: never from the value."""
    if keyword in _BOUNDS:
        return f"breaks {keyword} {limit}"
    match keyword:
        case "enum" if isinstance(limit, list):
            return f"must be one of {_shown(limit)}"
        case "const":
            return f"must be {_shown(limit)}"
        case "type":
            named = limit if isinstance(limit, list) else [limit]
            return f"must be of type {' or '.join(map(str, named))}"
        case "format" | "pattern":
            return f"must match the {keyword} {limit!r}"
        case _:
            return f"does not match the schema ({keyword})"


def _shown(limit: object) -> str:
    """The schema's own value, as far as it can be shown in a sentence."""
    text = "".join(one if one.isprintable() else UNSHOWN for one in exact.dumps(limit))
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
