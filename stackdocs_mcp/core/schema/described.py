"""A schema from one text: a template's name, a list of fields, or JSON."""

import difflib
from typing import Any

from stackdocs_mcp.core import strict
from stackdocs_mcp.core.errors import InvalidSchema
from stackdocs_mcp.core.schema import templates
from stackdocs_mcp.core.schema.fieldlist import schema_of


def described(text: str) -> dict[str, Any]:
    """The schema that the text names, lists or is; not checked yet.

    Raises InvalidSchema where it is none of them, and for a name that is almost a template's.
    """
    if text.lstrip().startswith("{"):
        return _read(text)
    if name := templates.named(text):
        return templates.template(name)
    word = "_".join(text.casefold().split())
    if near := difflib.get_close_matches(word, templates.NAMES, n=1, cutoff=0.8):
        raise InvalidSchema(
            f"there is no template {word[:64]!r}",
            f"Did you mean {near[0]!r}? A single field is written with its type, `name: text`.",
        )
    return schema_of(text)


def _read(text: str) -> dict[str, Any]:
    try:
        found: dict[str, Any] = strict.read(text)
    except strict.NotStrict as error:
        raise InvalidSchema(f"the schema cannot be read: {error}") from error
    return found
