"""Roles that are lowered while something is under way, and what is recorded of refusals."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import anyio
import pytest
from anyio.abc import SocketStream
from starlette.types import Message, Scope

from stackdocs_mcp.core.binding import Binding, Right, Role, StackId, UserId
from stackdocs_mcp.http.admission import Admission
from stackdocs_mcp.http.answers import Answered
from stackdocs_mcp.http.context import REQUEST
from stackdocs_mcp.http.exports import Exports
from stackdocs_mcp.http.journal import Journal
from stackdocs_mcp.http.links import SealedLinks, Ticket
from stackdocs_mcp.http.places import Addresses
from stackdocs_mcp.http.redeeming import Redeeming
from stackdocs_mcp.server.compose import now
from stackdocs_mcp.tools import TOOLS
from tests.server.harness import PATIENCE
from tests.web.sending import kept, raw_request, status_of
from tests.web.site import ALICE, CAROL, Site

pytestmark = pytest.mark.anyio


class Free:
    async def spend(self, _user: UserId) -> None:
        """Everybody may."""


class Interrupted(Redeeming):
    """Something happens between the look at the link's user and what the link is for."""

    def __init__(self, served: Site, between: Callable[[], Awaitable[Any]]) -> None:
        journal = Journal(b"key", TOOLS)
        super().__init__(served.app.store, Admission(Free(), 1), journal, read_only=False)
        journal.begin()
        self._between = between

    @asynccontextmanager
    async def binding(
        self, scope: Scope, ticket: Ticket[Any] | None, right: Right, what: str
    ) -> AsyncIterator[Binding]:
        async with super().binding(scope, ticket, right, what) as found:
            await self._between()
            yield found


async def begun(served: Site, head: str) -> SocketStream:
    """A request whose file is being waited for: everything that stands before it was passed."""
    stream = await raw_request(served.port, f"{head}\nExpect: 100-continue")
    with anyio.fail_after(PATIENCE):
        said = b""
        while b"\r\n\r\n" not in said:
            said += await stream.receive()
    assert said.startswith(b"HTTP/1.1 100")
    return stream


async def recorded(served: Site, user: UserId) -> list[tuple[str, str]]:
    found = await served.app.store.denials(user=user, limit=10)
    return [(one.denial.what, one.denial.code) for one in found]


@pytest.mark.requirement("KEYS-04")
@pytest.mark.parametrize("by", ["token", "link"])
@pytest.mark.parametrize(("then", "status"), [(Role.VIEWER, 403), (None, 404)])
async def test_a_role_that_is_lowered_while_a_file_comes_is_no_fault(
    served: Site, by: str, then: Role | None, status: int
) -> None:
    stack = await served.stack(ALICE, carol=Role.EDITOR)
    head = (
        f"POST /stacks/{stack}/documents?filename=a.txt HTTP/1.1\n"
        f"Authorization: {served.bearer(CAROL, stack)['Authorization']}"
    )
    if by == "link":
        async with served.client(CAROL, stack) as session:
            offered = await session.data("add_document", filename="a.txt", size=10)
        head = f"PUT {urlsplit(offered['upload']['url']).path} HTTP/1.1"
    stream = await begun(served, f"{head}\nContent-Length: 10\nConnection: close")
    store = served.workspace(ALICE, stack).store
    await (store.revoke(CAROL) if then is None else store.grant(CAROL, then))
    await stream.send(b"helloworld")

    assert await status_of(stream) == status
    what = "documents" if by == "token" else "upload"
    assert await recorded(served, CAROL) == [
        (what, "missing_right" if status == 403 else "not_found")
    ]
    assert kept(served) == []


@pytest.mark.requirement("KEYS-04")
@pytest.mark.parametrize(("then", "status"), [(Role.VIEWER, 403), (None, 404)])
async def test_a_role_that_is_lowered_while_an_export_is_made_is_no_fault(
    served: Site, then: Role | None, status: int
) -> None:
    stack = await served.stack(ALICE, carol=Role.EDITOR)
    async with served.client(CAROL, stack) as session:
        link = urlsplit((await session.data("export", format="json"))["link"]["url"]).path
    store = served.workspace(ALICE, stack).store
    shared = served.app.shared
    redeeming = Interrupted(
        served, lambda: store.revoke(CAROL) if then is None else store.grant(CAROL, then)
    )
    exports = Exports(shared, SealedLinks(shared.cursors, Addresses(served.url), now), redeeming)

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(_message: Message) -> None:
        pytest.fail("it was answered")

    with pytest.raises(Answered) as answered:
        await exports.get(
            {"method": "GET", REQUEST: "r1"}, receive, send, link.removeprefix("/exports/")
        )

    assert answered.value.status == status
    assert await recorded(served, CAROL) == [
        ("export", "missing_right" if status == 403 else "not_found")
    ]
    if then is not None:  # the link is not spent
        async with served.raw() as http:
            assert (await http.get(link)).status_code == 200


@pytest.mark.requirement("KEYS-06")
async def test_a_file_sent_with_too_few_scopes_is_in_the_audit(served: Site) -> None:
    stack = await served.stack(ALICE)
    async with served.raw(served.bearer(ALICE, stack, Right.READ)) as http:
        answer = await http.post(f"/stacks/{stack}/documents?filename=a.txt", content=b"x")

    assert answer.status_code == 403
    assert await recorded(served, ALICE) == [("documents", "insufficient_scope")]


@pytest.mark.requirement("KEYS-07")
@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer x"}, {"Authorization": "?"}])
async def test_a_challenge_names_all_scopes_that_the_path_shows(
    served: Site, headers: dict[str, str]
) -> None:
    stack = StackId("00000000-0000-4000-8000-000000000000")
    async with served.raw(headers) as http:
        files = await http.post(f"/stacks/{stack}/documents?filename=a.txt", content=b"x")
        other = await http.post(f"/stacks/{stack}/mcp", json={})

    assert {files.status_code, other.status_code} == {401}
    assert 'scope="stack:read stack:write"' in files.headers["www-authenticate"]
    assert 'scope="stack:read"' in other.headers["www-authenticate"]
