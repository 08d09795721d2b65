"""A change as the domain knows it, made of its row and those of its leaves."""

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from stackdocs_mcp.core.binding import Actor
from stackdocs_mcp.core.model import Action, Change, ChangeId, DocumentId, Leaf
from stackdocs_mcp.core.paths import PathKey, from_key
from stackdocs_mcp.stores.leaves import leaf_from
from stackdocs_mcp.stores.scope import moment

Row = Mapping[str, Any] | sqlite3.Row


def change_of(row: Row, leaves: Sequence[Row]) -> Change:
    """The change of a row, with its leaves in key order."""
    undone = row["undoes_revision"]
    return Change(
        id=ChangeId(f"{row['revision']}-{row['ordinal']}"),
        document=DocumentId(row["document_id"]),
        revision=row["revision"],
        action=Action(row["action"]),
        path=from_key(PathKey(row["path"])),
        before=tuple(_leaves((leaf["key"], leaf["before"]) for leaf in leaves)),
        after=tuple(
            _leaves(
                (leaf["key"], leaf["after"] if leaf["touched"] else leaf["before"])
                for leaf in leaves
            )
        ),
        user=row["user_id"],
        actor=Actor(row["actor_kind"], row["actor_client"]),
        at=moment(row["at"]),
        digest=row["digest"],
        sequence=row["sequence"],
        extraction=row["number"],
        undoes=None if undone is None else ChangeId(f"{undone}-{row['undoes_ordinal']}"),
        reason=row["reason"],
        acknowledged=tuple(json.loads(row["acknowledged"])),
    )


def _leaves(kept: Iterable[tuple[str, str | None]]) -> Iterable[Leaf]:
    return (leaf_from(stored, text) for stored, text in kept if text is not None)
