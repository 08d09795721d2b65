"""Schemas ready to use, one JSON file for each kind of document.

Their descriptions tell a model what is meant; their ``x-synonyms`` are what such documents print
before a value, in English, German, French, Spanish, Italian, Dutch, Portuguese and Polish.
"""

from importlib.resources import files
from typing import Any

from stackdocs_mcp.core import strict

NAMES = (
    *("invoice", "receipt", "purchase_order", "bank_statement"),
    *("contract", "identity_document", "resume"),
)


def named(name: str) -> str | None:
    """The template that a person calls so: ``Purchase order`` -> ``purchase_order``."""
    found = "_".join(name.casefold().replace("-", " ").replace("_", " ").split())
    return found if found in NAMES else None


def template(name: str) -> dict[str, Any]:
    """The schema of a template in ``NAMES``."""
    text = files(__name__).joinpath(f"{name}.json").read_text("utf-8")
    schema: dict[str, Any] = strict.read(text)
    return schema
