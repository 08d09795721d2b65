"""Stacks: found by name or folder, described by schema and policy."""

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import asdict
from hashlib import sha256
from typing import Any
from uuid import uuid4

from stackdocs_mcp.core import exact
from stackdocs_mcp.core.binding import StackId, UserId
from stackdocs_mcp.core.errors import NotFound, StoreFailed
from stackdocs_mcp.core.model import DocumentStatus, JsonObject
from stackdocs_mcp.core.stack import Ocr, Policy, Stack, StackSummary
from stackdocs_mcp.stores.scope import Scope

_STACK = """
SELECT id, name, folder, field_schema, instructions, policy, ocr
FROM stacks WHERE id = :stack AND user_id = :owner
"""
_BY_NAME = """
SELECT id, name, folder, field_schema, instructions, policy, ocr
FROM stacks WHERE user_id = :user AND name = :name AND folder IS NULL AND deleted_at IS NULL
"""
_BY_FOLDER = """
SELECT id, name, folder, field_schema, instructions, policy, ocr
FROM stacks WHERE user_id = :user AND folder = :folder AND folder IS NOT NULL AND deleted_at IS NULL
"""
_BY_USER = """
SELECT id, name, folder, field_schema, instructions, policy, ocr
FROM stacks WHERE user_id = :user AND deleted_at IS NULL ORDER BY name, id
"""
# A trigger makes the owner a member, whatever program inserts the stack.
_INSERT = """
INSERT INTO stacks (id, user_id, name, folder, field_schema, instructions, policy, created_at)
VALUES (:id, :user, :name, :folder, NULL, '', :policy, :now)
"""
_SET_SCHEMA = """
UPDATE stacks SET field_schema = :schema, instructions = :instructions, policy = :policy
WHERE id = :stack AND user_id = :owner
"""
_SET_OCR = "UPDATE stacks SET ocr = :ocr WHERE id = :stack AND user_id = :owner"
_UNREAD = """
SELECT s.user_id, s.id
FROM (SELECT DISTINCT stack_id FROM documents WHERE status = 'processing') AS d
CROSS JOIN stacks AS s ON s.id = d.stack_id AND s.deleted_at IS NULL
"""
_COUNTS = """
SELECT status, count(*) AS documents, sum(billed_pages) AS billed
FROM documents WHERE stack_id = :stack GROUP BY status
"""


def unread(connection: sqlite3.Connection) -> list[tuple[UserId, StackId]]:
    """Stacks that have documents to be read, with their owners."""
    rows = connection.execute(_UNREAD).fetchall()
    return [(UserId(row["user_id"]), StackId(row["id"])) for row in rows]


def find(
    connection: sqlite3.Connection, user: UserId, name: str, folder: str | None
) -> Stack | None:
    """The user's stack of this folder, or without a folder the one of this name."""
    sql = _BY_NAME if folder is None else _BY_FOLDER
    row = connection.execute(sql, {"user": user, "name": name, "folder": folder}).fetchone()
    return None if row is None else stack_of(row)


def make(
    connection: sqlite3.Connection, user: UserId, name: str, folder: str | None, now: int
) -> Stack:
    """The stack that ``find`` finds, made if there is none."""
    if found := find(connection, user, name, folder):
        return found
    values = {
        "id": str(uuid4()),
        "user": user,
        "name": name,
        "folder": folder,
        "policy": Policy().model_dump_json(),
        "now": now,
    }
    connection.execute(_INSERT, values)
    made = find(connection, user, name, folder)
    assert made is not None
    return made


def summaries(connection: sqlite3.Connection, user: UserId) -> list[StackSummary]:
    """The user's stacks by name, with documents counted by status and pages that cost."""
    found: list[StackSummary] = []
    for row in connection.execute(_BY_USER, {"user": user}).fetchall():
        stack = stack_of(row)
        counts = connection.execute(_COUNTS, {"stack": stack.id}).fetchall()
        documents = {DocumentStatus(count["status"]): int(count["documents"]) for count in counts}
        found.append(StackSummary(stack, documents, sum(count["billed"] for count in counts)))

    return found


def bound(scope: Scope) -> Stack:
    """The bound stack. Raises NotFound when it is not there, or another owner's."""
    row = scope.one(_STACK)
    if row is None:
        raise gone()
    return stack_of(row)


def gone() -> NotFound:
    """For a stack that was deleted, never was, or that the user may not see: always the same."""
    return NotFound("the stack is no longer there", "Run `stackdocs-mcp stacks` to see which are.")


def set_schema(scope: Scope, schema: JsonObject | None, instructions: str, policy: Policy) -> Stack:
    """Replace all three; raises as ``bound`` does."""
    scope.run(
        _SET_SCHEMA,
        schema=None if schema is None else exact.dumps(schema),
        instructions=instructions,
        policy=policy.model_dump_json(),
    )
    return bound(scope)


def set_ocr(scope: Scope, ocr: Ocr) -> Stack:
    """Replace how documents are read; raises as ``bound`` does."""
    chosen = {name: part for name, part in asdict(ocr).items() if part is not None}
    scope.run(_SET_OCR, ocr=json.dumps(chosen))
    return bound(scope)


def _ocr(kept: dict[str, Any]) -> Ocr:
    languages = kept.get("languages")
    return Ocr(
        kept.get("engine"), kept.get("mode"), None if languages is None else tuple(languages)
    )


def stack_of(row: Mapping[str, Any] | sqlite3.Row) -> Stack:
    """The stack of a row. Raises StoreFailed for one that was changed behind the program's back."""
    try:
        return _read(row)
    except (ValueError, TypeError, AttributeError) as error:
        raise StoreFailed(
            f"schema, policy or ocr of the stack {row['name']!r} cannot be read",
            "The database was changed by another program; restore it from a copy.",
        ) from error


def _read(row: Mapping[str, Any] | sqlite3.Row) -> Stack:
    # A schema is read as plain JSON: validators know floats, not decimals.
    schema = row["field_schema"]
    return Stack(
        id=StackId(row["id"]),
        name=row["name"],
        schema=None if schema is None else json.loads(schema),
        instructions=row["instructions"],
        policy=Policy.model_validate_json(row["policy"]),
        folder=row["folder"],
        ocr=_ocr(json.loads(row["ocr"])),
        version=sha256(f"{row['policy']}\n{schema or ''}".encode()).hexdigest(),
    )
