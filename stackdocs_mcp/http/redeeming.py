"""Who stands behind a link, looked up again whenever it is used."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from starlette.types import Scope

from stackdocs_mcp.core.binding import Actor, Binding, Right
from stackdocs_mcp.core.ports import Store
from stackdocs_mcp.core.tenancy import Denial
from stackdocs_mcp.http.admission import Admission
from stackdocs_mcp.http.answers import not_found
from stackdocs_mcp.http.context import REQUEST
from stackdocs_mcp.http.journal import Journal
from stackdocs_mcp.http.links import Ticket
from stackdocs_mcp.workspace.auditing import keep


class Redeeming:
    """Turns what a link says into a binding, as the gate does for a token."""

    def __init__(
        self, store: Store, admission: Admission, journal: Journal, *, read_only: bool
    ) -> None:
        self._store = store
        self._journal = journal
        self._admission = admission
        self._most = frozenset({Right.READ}) if read_only else frozenset(Right)

    @asynccontextmanager
    async def binding(
        self, scope: Scope, ticket: Ticket[Any] | None, right: Right, what: str
    ) -> AsyncIterator[Binding]:
        """The binding of the link's user, who may still do what the link is for.

        It counts as a call of that user. Raises Answered: the same 404 for a link that was never
        made, one that has expired, and one whose user may no longer use it; 429 as for any call.
        """
        if ticket is None:
            raise not_found()
        user, stack = ticket.user, ticket.stack
        self._journal.asks(user, stack)
        await self._admission.rate(user)
        found = await self._store.membership(user, stack)
        rights = frozenset[Right]() if found is None else found.role.rights & self._most
        if found is None or right not in rights:
            await keep(self._store, Denial(user, stack, scope[REQUEST], what, "not_found"))
            raise not_found()
        async with self._admission.turn(user):
            yield Binding(user, stack, rights, Actor("agent"), owner=found.owner)
