"""Everybody in whose name the matrix makes statements, and the stacks that they are about.

Side A is alice's stack, B bob's, and D was deleted; whoever has no home of their own is tried on A.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Side = Literal["A", "B", "D"]
TABLE_OWNER = "matrix_table_owner"


@dataclass(frozen=True)
class Actor:
    """Whom a statement is made as; on ``home`` the table says what it may do."""

    role: str
    claims: Mapping[str, Any]
    home: Side = "A"
    calling: bool = True
    """Whether the statement is one of a function's of the program, or made without any."""


def _side(letter: str, owner: str, number: int) -> dict[str, str]:
    digit = letter.lower()
    return {
        "stack": f"{digit}0000000-0000-4000-8000-000000000001",
        "document": f"{digit}0000000-0000-4000-8000-000000000002",
        "extraction": f"{digit}0000000-0000-4000-8000-000000000003",
        "change": f"{digit}0000000-0000-4000-8000-000000000004",
        "sha256": f"{digit * 64}",
        "owner": owner,
        "editor": f"{owner}-editor",
        "viewer": f"{owner}-viewer",
        "n": str(number),
    }


SIDES: dict[Side, dict[str, str]] = {
    "A": _side("A", "alice", 1),
    "B": _side("B", "bob", 2),
    "D": _side("D", "dora", 3),
}
ELSEWHERE = "c0000000-0000-4000-8000-000000000001"
OURS = {"stackdocs": 1}
"""What every token has that the program mints, and none of the project's own sign-in."""
_READ = ["stack:read"]
_WRITE = ["stack:read", "stack:write"]
_ALL = ["stack:admin", "stack:read", "stack:write"]


def _bound(user: str, stack: str, rights: list[str]) -> dict[str, Any]:
    return {**OURS, "sub": user, "stack_id": stack, "rights": rights}


_A, _B, _D = (SIDES[one]["stack"] for one in ("A", "B", "D"))
ACTORS = {
    "anon": Actor("anon", {}),
    "own": Actor("authenticated", {**OURS, "sub": "alice"}),
    "own_directly": Actor("authenticated", {**OURS, "sub": "alice"}, calling=False),
    "signed_in": Actor("authenticated", {"sub": "alice"}),
    "viewer": Actor("authenticated", _bound("alice-viewer", _A, _READ)),
    "editor": Actor("authenticated", _bound("alice-editor", _A, _WRITE)),
    "owner": Actor("authenticated", _bound("alice", _A, _ALL)),
    "directly": Actor("authenticated", _bound("alice", _A, _ALL), calling=False),
    "signed_in_to": Actor("authenticated", {**_bound("alice", _A, _ALL), "stackdocs": 0}),
    "unnamed": Actor("authenticated", {**_bound("alice", "no id", _ALL)}),
    "powerless": Actor("authenticated", _bound("alice", _A, [])),
    "elsewhere": Actor("authenticated", _bound("alice", ELSEWHERE, _ALL)),
    "misbound": Actor("authenticated", _bound("alice", _B, _ALL)),
    "intruder": Actor("authenticated", _bound("carol", _A, _ALL)),
    "stranger": Actor("authenticated", _bound("bob", _B, _ALL), home="B"),
    "worker": Actor("stackdocs_worker", _bound("alice", _A, _WRITE)),
    "worker_directly": Actor("stackdocs_worker", _bound("alice", _A, _WRITE), calling=False),
    "worker_elsewhere": Actor("stackdocs_worker", _bound("bob", _B, _WRITE), home="B"),
    "server": Actor("stackdocs_server", {}),
    "service": Actor("service_role", {}),
    "gone": Actor("authenticated", _bound("dora", _D, _ALL), home="D"),
    "table_owner": Actor(TABLE_OWNER, {}),
}
SAME_AS = {"stranger": "owner", "worker_elsewhere": "worker"}
"""Whoever is at home elsewhere may there what these may in A."""
PASSES_BY = frozenset({"service"})
"""Row-level security does not hold these; that nothing is granted to them does."""
OWNERS = frozenset({"table_owner"})
"""These have every right on the table, and only row-level security holds them."""
