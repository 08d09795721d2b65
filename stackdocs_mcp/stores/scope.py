"""One transaction of one binding: every statement is given the bound owner and stack."""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from stackdocs_mcp.core.binding import Actor, StackId, UserId
from stackdocs_mcp.core.quota import UNLIMITED, Quotas

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def stamp(moment: datetime) -> int:
    """Microseconds since 1970 in UTC: sorts, and loses nothing."""
    return (moment - _EPOCH) // _MICROSECOND


def moment(stamped: int) -> datetime:
    """The time that ``stamp`` made this of."""
    return _EPOCH + stamped * _MICROSECOND


@dataclass(frozen=True, slots=True)
class Scope:
    """What a repository's function works with; ``:owner`` and ``:stack`` are always bound.

    ``user`` is who acts, ``owner`` whose stack it is.
    """

    connection: sqlite3.Connection
    user: UserId
    owner: UserId
    stack: StackId
    actor: Actor
    now: int
    quotas: Quotas = UNLIMITED

    def one(self, sql: str, **values: object) -> sqlite3.Row | None:
        """The first row, if there is one."""
        row: sqlite3.Row | None = self.connection.execute(sql, self._bound(values)).fetchone()
        return row

    def rows(self, sql: str, **values: object) -> list[sqlite3.Row]:
        """All rows."""
        return self.connection.execute(sql, self._bound(values)).fetchall()

    def stream(self, sql: str, **values: object) -> Iterator[sqlite3.Row]:
        """The rows one by one, for as long as the transaction lasts."""
        yield from self.connection.execute(sql, self._bound(values))

    def run(self, sql: str, **values: object) -> int:
        """How many rows the statement changed."""
        return self.connection.execute(sql, self._bound(values)).rowcount

    def each(self, sql: str, many: Iterable[Mapping[str, object]]) -> None:
        """Run the statement for each set of values."""
        self.connection.executemany(sql, (self._bound(values) for values in many))

    def _bound(self, values: Mapping[str, object]) -> dict[str, object]:
        return {**values, "owner": self.owner, "stack": self.stack}
