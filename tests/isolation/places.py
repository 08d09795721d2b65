"""Where the data of a world is: each store there is, and how what is in it can be seen."""

import hashlib
import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from tests.supabase import shared

Name = Literal["embedded", "supabase"]
PLACES: tuple[Name, ...] = ("embedded", "supabase")
_UNSEEN = {"denials", "sqlite_sequence"}


@dataclass(frozen=True)
class Place:
    """A store, by the settings that name it."""

    name: Name
    settings: dict[str, Any] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)

    def digest(self, data: Path) -> str:
        """Of every row of the store, but for the record of refusals and how often was asked."""
        if self.name == "supabase":
            return shared.digest()
        found = hashlib.sha256()
        with closing(sqlite3.connect(data / "stackdocs.db")) as connection:
            tables = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
            for name in sorted({name for (name,) in tables} - _UNSEEN):
                found.update(name.encode())
                for row in connection.execute(f"SELECT * FROM {name}"):
                    found.update(repr(row).encode())
        return found.hexdigest()

    def forget_denials(self, data: Path) -> None:
        """Begin the record anew: of so many a minute it keeps only the number."""
        if self.name == "supabase":
            shared.sql("delete from stackdocs.denials")
            return
        with closing(sqlite3.connect(data / "stackdocs.db", isolation_level=None)) as connection:
            connection.execute("PRAGMA synchronous = OFF")
            connection.execute("DELETE FROM denials")


async def empty(name: Name) -> Place:
    """The place with nothing in it; an embedded one is a folder that is yet to be made."""
    if name == "embedded":
        return Place(name)
    await shared.rig().clean()
    return Place(name, shared.settings(), shared.variables())
