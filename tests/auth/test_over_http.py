"""The same tokens through the gate of a server that listens."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from stackdocs_mcp.core.binding import Role, StackId, UserId
from tests.auth.cases import GOOD, TABLE
from tests.auth.provider import JWKS
from tests.auth.signing import signer
from tests.auth.site import STACK, Site
from tests.web import site as web

pytestmark = pytest.mark.anyio

PUBLIC = "https://stackdocs.example"


@dataclass(frozen=True)
class Served:
    """A server that takes the tokens of a provider."""

    web: web.Site
    tokens: Site
    http: httpx2.AsyncClient

    async def answer(self, token: str, stack: str = STACK) -> httpx2.Response:
        sent = web.call("list_documents")
        headers = {**web.headers_for(sent), "Authorization": f"Bearer {token}"}
        return await self.http.post(f"/stacks/{stack}/mcp", json=sent, headers=headers)


@pytest.fixture
async def served(plain: Site, tmp_path: Path) -> AsyncIterator[Served]:
    async with (
        web.site(tmp_path, verifier=plain.verifier, public_url=PUBLIC) as running,
        running.raw() as http,
    ):
        yield Served(running, plain, http)


def _can_be_sent(token: str) -> bool:
    printable = token.isascii() and token.isprintable()
    return printable and token == token.strip() and 0 < len(token) < 16_000


@pytest.mark.requirement("AUTH-24")
async def test_every_refused_token_of_the_table_gets_one_and_the_same_answer(
    served: Served,
) -> None:
    rows = [(one, one.token(served.tokens)) for one in TABLE]
    sent = [(case, token) for case, token in rows if _can_be_sent(token)]
    refused = set()

    for case, token in sent:
        answer = await served.answer(token)
        assert answer.status_code == (404 if case.outcome == GOOD else 401), case.id
        if case.outcome != GOOD:
            refused.add((answer.content, answer.headers["www-authenticate"]))

    assert len(sent) > 100
    assert len(refused) == 1


@pytest.mark.requirement("AUTH-24")
async def test_a_member_by_a_provider_is_let_in_and_one_of_another_issuer_is_not(
    served: Served,
) -> None:
    known = UserId(f"{served.tokens.issuer}#user-1")
    stack = await served.web.stack(UserId("owner"), "invoices", **{known: Role.VIEWER})
    audience = f"{PUBLIC}/stacks/{stack}/mcp"

    async def status(sub: str) -> int:
        token = served.tokens.token(aud=audience, sub=sub)
        return (await served.answer(token, StackId(stack))).status_code

    assert await status("user-1") == 200
    assert await status("user-2") == 404
    assert await status(known) == 404
    assert await status("owner") == 404


@pytest.mark.requirement("AUTH-24")
async def test_an_issuer_that_cannot_be_reached_is_503_and_a_bad_token_still_401(
    served: Served,
) -> None:
    served.tokens.provider.fail()

    unknown = await served.answer(served.tokens.token())
    expired = await served.answer(served.tokens.token(iat=0, exp=1))

    assert unknown.status_code == 503
    assert unknown.json()["error"]["data"]["code"] == "issuer_unavailable"
    assert "www-authenticate" not in unknown.headers
    assert expired.status_code == 401
    assert served.tokens.provider.hits[JWKS] == 0


@pytest.mark.requirement("AUTH-24")
async def test_a_client_that_knows_the_address_alone_is_led_to_the_provider(
    served: Served,
) -> None:
    found = await served.http.get(f"/.well-known/oauth-protected-resource/stacks/{STACK}/mcp")

    assert found.json()["authorization_servers"] == [served.tokens.issuer]
    assert found.json()["resource"] == f"{PUBLIC}/stacks/{STACK}/mcp"
    assert signer("ES256").kid not in found.text
