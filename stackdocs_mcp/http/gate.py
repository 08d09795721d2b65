"""The one gate that every HTTP request passes before any MCP code runs. Cheapest checks first.

Host and Origin, path, one Authorization, token, membership, rate, body, strict JSON, the scopes
that the operation needs (from the body, never from a header), and then a frozen Binding. What is
behind the gate gets the Binding and no token. Nothing here outlives a request.
"""

import logging
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from stackdocs_mcp.core.binding import Actor, Binding, Right, UserId
from stackdocs_mcp.core.errors import StackdocsError, StoreFailed
from stackdocs_mcp.core.identity import Identity, TokenRefused, Verifier
from stackdocs_mcp.core.ports import Store
from stackdocs_mcp.core.tenancy import Denial, Membership
from stackdocs_mcp.http import body, challenges, headers, origins
from stackdocs_mcp.http.admission import Admission
from stackdocs_mcp.http.answers import (
    ALWAYS,
    Answered,
    Headers,
    as_rpc,
    not_allowed,
    not_found,
    refusal,
    send_json,
)
from stackdocs_mcp.http.brake import Brake
from stackdocs_mcp.http.context import REQUEST, Admitted, put
from stackdocs_mcp.http.journal import Entry, Journal
from stackdocs_mcp.http.methods import check_method
from stackdocs_mcp.http.places import Addresses, Place, place
from stackdocs_mcp.http.statuses import answer_to
from stackdocs_mcp.workspace.auditing import cut, keep

log = logging.getLogger(__name__)

LISTEN = "subscriptions/listen"
MISDIRECTED = "wrong_audience"
"""Recorded of a token that is good for another stack alone."""
_READS = frozenset({Right.READ})
_SENDS = frozenset({Right.READ, Right.WRITE})
"""What a file needs, by whatever method its path is asked."""

Needs = Callable[[Mapping[str, Any]], Collection[Right]]
"""All rights that a JSON-RPC message needs."""
Beside = Callable[[Scope, Receive, Send, Admitted], Awaitable[None]]
"""A route beside MCP, for a request that has passed the gate."""
Linked = Callable[[Scope, Receive, Send, str], Awaitable[None]]
"""A route whose address is its own permission: a one-time link."""


@dataclass(frozen=True, slots=True)
class Doors:
    """What lies behind the gate."""

    mcp: ASGIApp
    documents: Beside
    upload: Linked
    export: Linked
    ready: Callable[[], Awaitable[bool]]
    needs: Needs


class Gate:
    """A pure ASGI application. Whatever happens is answered; what breaks after that has begun is
    raised, so that the connection ends and the client sees that the rest is missing.
    """

    def __init__(
        self,
        doors: Doors,
        *,
        store: Store,
        verifier: Verifier,
        admission: Admission,
        addresses: Addresses,
        hosts: frozenset[str],
        origins: frozenset[str],
        journal: Journal,
        brake: Brake,
        read_only: bool = False,
    ) -> None:
        self._doors = doors
        self._store = store
        self._verifier = verifier
        self._admission = admission
        self._addresses = addresses
        self._hosts = hosts
        self._origins = origins
        self._journal = journal
        self._brake = brake
        self._most = frozenset({Right.READ}) if read_only else frozenset(Right)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        entry, token = self._journal.begin()
        answering = _Answering(send, entry, origins.shared(scope, self._origins))
        try:
            await self._pass({**scope, REQUEST: entry.request}, receive, answering, entry)
        except body.Gone:
            return
        except Exception as error:  # the last barrier: whatever happens is answered, in our words
            answer = _answer(error, entry.request)
            if entry.route == "mcp":
                answer = as_rpc(answer)
            if answering.begun:
                raise
            if await self._brake.turn(scope, answer.status, entry.user):
                await send_json(answering, answer.status, answer.body, answer.headers)
        finally:
            self._journal.end(entry, token)

    async def _pass(self, scope: Scope, receive: Receive, send: Send, entry: Entry) -> None:
        headers.check_length(scope)
        headers.check_host_and_origin(scope, self._hosts, self._origins)
        where = place(scope["path"], scope.get("raw_path", b""))
        if where is None:
            raise not_found()
        entry.route = where.route
        if origins.asks_first(scope):  # before a token: a browser sends none with this
            await send_json(send, 200, None, origins.PREFLIGHT)
            return
        check_method(scope["method"], where.route)
        match where.route:
            case "health":
                await send_json(send, 200, {"ok": True})
            case "ready":
                ready = await self._doors.ready()
                await send_json(send, 200 if ready else 503, {"ok": ready})
            case "metadata":
                found = challenges.metadata(self._addresses, where.stack, self._verifier.issuers)
                await send_json(send, 200, found)
            case "upload":
                await self._doors.upload(scope, receive, send, where.link)
            case "export":
                await self._doors.export(scope, receive, send, where.link)
            case _:
                await self._bind(scope, receive, send, where, entry.request)

    async def _bind(
        self, scope: Scope, receive: Receive, send: Send, where: Place, request: str
    ) -> None:
        identity = await self._identify(scope, where, request)
        self._journal.asks(identity.user, where.stack)
        membership = await self._member(identity, where, request)
        await self._admission.rate(identity.user)
        rights = identity.scopes & membership.role.rights & self._most
        actor = Actor("agent", identity.client[:80])
        binding = Binding(identity.user, where.stack, rights, actor, owner=membership.owner)
        admitted = Admitted(binding, identity.expires_at, request)
        if where.route == "documents":
            async with self._admission.turn(identity.user):
                await self._allow(identity, admitted, _SENDS, where.route)
                await self._doors.documents(put(scope, admitted), receive, send, admitted)
            return
        if scope["method"] != "POST":
            # No session outlives a request, so there is no stream to open and none to end.
            raise not_allowed(["POST"])
        await self._serve(scope, receive, send, identity, admitted)

    async def _serve(
        self, scope: Scope, receive: Receive, send: Send, identity: Identity, admitted: Admitted
    ) -> None:
        listens, again = await self._taken(scope, receive, identity, admitted)
        behind = put(scope, admitted)
        if listens:  # held open for long, and counted where it is served
            await self._doors.mcp(behind, again, send)
            return
        async with self._admission.turn(identity.user):
            await self._doors.mcp(behind, again, send)

    async def _taken(
        self, scope: Scope, receive: Receive, identity: Identity, admitted: Admitted
    ) -> tuple[bool, Receive]:
        """Whether the call listens, and its body again, of which nothing is kept here.

        It is a method of its own so that neither body nor message lives as long as a stream.
        """
        async with self._admission.turn(identity.user):  # a slow body is one of the user's calls
            content = await body.whole(
                scope, receive, limit=body.MAX_BODY, seconds=body.BODY_SECONDS
            )
        message = body.message_of(content)
        self._journal.calls(message)
        listens = message.get("method") == LISTEN
        if listens:
            body.check_listening(content)
        needed = self._doors.needs(message)
        what, params = cut(str(message.get("method"))), message.get("params", {})
        await self._allow(identity, admitted, needed, what, cut(str(params.get("name", ""))))
        return listens, body.again(content, receive)

    async def _identify(self, scope: Scope, where: Place, request: str) -> Identity:
        needed = _SENDS if where.route == "documents" else _READS

        def unauthorized(*, sent: bool) -> Answered:
            issuers = self._verifier.issuers
            return challenges.unauthorized(self._addresses, where.stack, needed, issuers, sent=sent)

        try:
            token = headers.bearer(scope)
        except headers.BadAuthorization as error:
            raise unauthorized(sent=True) from error
        if token is None:
            raise unauthorized(sent=False)
        try:
            return await self._verifier.verify(token, self._addresses.endpoint(where.stack))
        except TokenRefused as error:
            log.info("a token was refused: %s", error.reason)
            if error.user is not None:
                await self._misdirected(error.user, where, request)
            raise unauthorized(sent=True) from error

    async def _misdirected(self, user: UserId, where: Place, request: str) -> None:
        """Record who came with a token for another stack; the answer is that of any bad token."""
        self._journal.asks(user, where.stack)
        with suppress(Answered):  # above the user's rate it is not worth a write
            await self._admission.rate(user)
            await keep(self._store, Denial(user, where.stack, request, where.route, MISDIRECTED))

    async def _member(self, identity: Identity, where: Place, request: str) -> Membership:
        found = await self._store.membership(identity.user, where.stack)
        if found is None:
            # The same for a stack of others and for none: only our own record knows who asked.
            denial = Denial(identity.user, where.stack, request, where.route, "not_found")
            await self._admission.rate(identity.user)
            await keep(self._store, denial)
            raise not_found()
        return found

    async def _allow(
        self,
        identity: Identity,
        admitted: Admitted,
        needed: Collection[Right],
        what: str,
        named: str = "",
    ) -> None:
        """The token's scopes suffice. What the role lacks no other token would give: tools say."""
        if identity.scopes.issuperset(needed):
            return
        stack, code = admitted.binding.stack, "insufficient_scope"
        denial = Denial(identity.user, stack, admitted.request, what, code, named)
        await keep(self._store, denial)
        raise challenges.insufficient(self._addresses, stack, needed, self._verifier.issuers)


class _Answering:
    """Answers that carry the request's id, and what must be on every answer."""

    def __init__(self, send: Send, entry: Entry, more: Headers) -> None:
        self._send = send
        self._entry = entry
        self._always = (*ALWAYS, (b"x-request-id", entry.request.encode()), *more)
        self.begun = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.begun = True
            self._entry.status = message["status"]
            given = [_unkept(*one) for one in message.get("headers", ())]
            has = {name.lower() for name, _ in given}
            given += [one for one in self._always if one[0] not in has]
            message = {**message, "headers": given}
        elif message["type"] == "http.response.body":
            self._entry.sent += len(message.get("body", b""))
        await self._send(message)


def _unkept(name: bytes, value: bytes) -> tuple[bytes, bytes]:
    """The header; what the SDK says of caches says no-store too."""
    if name.lower() == b"cache-control" and b"no-store" not in value:
        return name, value + b", no-store"
    return name, value


def _answer(error: Exception, request: str) -> Answered:
    """What the client is told."""
    match error:
        case Answered():
            return error
        case StackdocsError():
            if isinstance(error, StoreFailed):
                log.warning("the store: %s", error.code)
            return answer_to(error)
        case _:
            log.error("a request broke: %s", type(error).__name__)
            return refusal(
                500,
                "internal_error",
                f"a fault in this server ({request})",
                "If it happens again, report the reference.",
            )
