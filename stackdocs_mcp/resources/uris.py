"""Addresses of resources: ``stackdocs://`` and a path. Which stack is meant, the binding says.

An address has one spelling. Nothing is decoded, normalised or taken apart before it is compared,
so that there is nothing to smuggle in.
"""

import re

SCHEME = "stackdocs://"
DOCUMENT = "{document_id}"

_ID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
"""The ids of documents are UUIDs as this program writes them."""


def pattern(template: str) -> re.Pattern[str]:
    """What matches the template's addresses in full, with the document's id as group 1."""
    return re.compile(_ID.join(("(", ")")).join(map(re.escape, template.split(DOCUMENT))))
