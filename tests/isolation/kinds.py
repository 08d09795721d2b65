"""Every parameter that a client can fill in, and what it is: the table of the isolation matrix.

A new parameter that is not in here fails ``test_matrix.py``. Say what it is, and if it is an id the
matrix tests it from then on: own, of another stack, of another user, unknown, malformed.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from tests.server.papers import FIELDS


class Kind(StrEnum):
    """What a value of a parameter means to the server."""

    DOCUMENT = "the id of a document"
    CHANGE = "the id of a change of the document"
    CURSOR = "a position that the server has sealed"
    FILE = "a file on the server's machine"
    FIELD = "a path within the document's own fields"
    TEXT = "text that is searched or stored, and looked up nowhere"
    CHOICE = "one of a list that is the same for everybody"
    NUMBER = "a number within the document, or a limit"
    FLAG = "yes or no"
    VALUE = "a JSON value that is stored"
    GROUP = "an object or a list of other parameters, which stand behind it"


IDS = frozenset({Kind.DOCUMENT, Kind.CHANGE})
"""What names a thing that may be somebody else's."""

KINDS: dict[str, Kind] = {
    "add_document.filename": Kind.TEXT,
    "add_document.path": Kind.FILE,
    "add_document.size": Kind.NUMBER,
    "complete.acknowledge": Kind.GROUP,
    "complete.acknowledge[]": Kind.CHOICE,
    "complete.document_id": Kind.DOCUMENT,
    "complete.reason": Kind.TEXT,
    "delete_field.document_id": Kind.DOCUMENT,
    "delete_field.path": Kind.FIELD,
    "export.evidence": Kind.FLAG,
    "export.format": Kind.CHOICE,
    "list_documents.cursor": Kind.CURSOR,
    "list_documents.limit": Kind.NUMBER,
    "list_documents.query": Kind.TEXT,
    "list_documents.status": Kind.CHOICE,
    "read_extraction.cursor": Kind.CURSOR,
    "read_extraction.document_id": Kind.DOCUMENT,
    "read_extraction.extraction": Kind.NUMBER,
    "read_extraction.only": Kind.CHOICE,
    "read_ocr.cursor": Kind.CURSOR,
    "read_ocr.document_id": Kind.DOCUMENT,
    "read_ocr.max_chars": Kind.NUMBER,
    "read_ocr.pages": Kind.NUMBER,
    "search_documents.cursor": Kind.CURSOR,
    "search_documents.document_id": Kind.DOCUMENT,
    "search_documents.limit": Kind.NUMBER,
    "search_documents.query": Kind.TEXT,
    "set_field.confidence": Kind.NUMBER,
    "set_field.document_id": Kind.DOCUMENT,
    "set_field.evidence": Kind.GROUP,
    "set_field.evidence.lines": Kind.NUMBER,
    "set_field.evidence.lines[]": Kind.NUMBER,
    "set_field.evidence.page": Kind.NUMBER,
    "set_field.evidence.quote": Kind.TEXT,
    "set_field.expected_revision": Kind.NUMBER,
    "set_field.path": Kind.FIELD,
    "set_field.value": Kind.VALUE,
    "set_fields.document_id": Kind.DOCUMENT,
    "set_fields.dry_run": Kind.FLAG,
    "set_fields.fields": Kind.GROUP,
    "set_fields.fields[]": Kind.GROUP,
    "set_fields.fields[].confidence": Kind.NUMBER,
    "set_fields.fields[].evidence": Kind.GROUP,
    "set_fields.fields[].evidence.lines": Kind.NUMBER,
    "set_fields.fields[].evidence.lines[]": Kind.NUMBER,
    "set_fields.fields[].evidence.page": Kind.NUMBER,
    "set_fields.fields[].evidence.quote": Kind.TEXT,
    "set_fields.fields[].expected_revision": Kind.NUMBER,
    "set_fields.fields[].path": Kind.FIELD,
    "set_fields.fields[].value": Kind.VALUE,
    "set_schema.instructions": Kind.TEXT,
    "set_schema.policy": Kind.GROUP,
    "set_schema.policy.acknowledgeable": Kind.GROUP,
    "set_schema.policy.acknowledgeable[]": Kind.CHOICE,
    "set_schema.policy.evidence": Kind.CHOICE,
    "set_schema.policy.min_confidence": Kind.NUMBER,
    "set_schema.schema": Kind.VALUE,
    "undo.change_id": Kind.CHANGE,
    "undo.document_id": Kind.DOCUMENT,
    "undo.redo": Kind.FLAG,
    # prompts
    "prompt extract_document.document_id": Kind.DOCUMENT,
    "prompt review_extraction.document_id": Kind.DOCUMENT,
    # templates of resources
    "resource stackdocs://documents/{document_id}.document_id": Kind.DOCUMENT,
    "resource stackdocs://documents/{document_id}/extraction.document_id": Kind.DOCUMENT,
}

FORBIDDEN = {"user", "user_id", "stack", "stack_id", "owner", "tenant", "account", "role"}
"""No parameter has one of these names: who a call acts for is decided before."""


def samples(
    document: str, tools: Mapping[str, Mapping[str, Any]] = MappingProxyType({})
) -> dict[str, dict[str, Any]]:
    """For every tool: arguments of a call that would work on one's own document.

    Of those that only some transports have, what is in the input schemas of ``tools``.
    """
    found: dict[str, dict[str, Any]] = {
        "list_documents": {},
        "read_ocr": {"document_id": document},
        "search_documents": {"document_id": document, "query": "Northwind"},
        "add_document": {"path": "invoice.txt", "filename": "invoice.txt", "size": 9},
        "get_schema": {},
        "set_schema": {"schema": {"type": "object"}},
        "set_field": {"document_id": document, **FIELDS[0]},
        "set_fields": {"document_id": document, "fields": FIELDS},
        "delete_field": {"document_id": document, "path": "number"},
        "read_extraction": {"document_id": document},
        "undo": {"document_id": document},
        "complete": {"document_id": document},
        "export": {"format": "json"},
    }
    for name, schema in tools.items():
        known = schema.get("properties", {})
        found[name] = {key: value for key, value in found[name].items() if key in known}
    return found
