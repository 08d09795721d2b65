"""``token --revoke`` beside a server that runs, and what clients are told then."""

from pathlib import Path

import anyio
import httpx2
import pytest

from stackdocs_mcp.core.binding import Right, StackId
from stackdocs_mcp.http.challenges import insufficient, unauthorized
from stackdocs_mcp.http.places import Addresses
from tests.cli.shell import Shell
from tests.web.process import serving, stack_in
from tests.web.site import call, headers_for

ISSUER = "https://id.example"


@pytest.mark.anyio
@pytest.mark.requirement("TOKEN-01")
async def test_a_running_server_refuses_the_next_call_with_a_revoked_token(tmp_path: Path) -> None:
    data = tmp_path / "data"
    shell = Shell(data)
    stack = await stack_in(data)
    sent = call("list_documents")

    async def made() -> str:
        made = await anyio.to_thread.run_sync(
            lambda: shell("token", "--as", "token", "--stack", "invoices")
        )
        return made.out.strip()

    with serving(data) as server:
        url = server.endpoint(stack)

        async def status(token: str) -> httpx2.Response:
            headers = {**headers_for(sent), "Authorization": f"Bearer {token}"}
            async with httpx2.AsyncClient(headers=headers) as http:
                return await http.post(url, json=sent)

        old = await made()
        assert [(await status(old)).status_code for _ in range(2)] == [200, 200]

        ended = await anyio.to_thread.run_sync(lambda: shell("token", "--revoke", "--yes"))

        assert (ended.code, ended.out) == (0, "")
        refused = await status(old)
        assert refused.status_code == 401
        assert "`stackdocs-mcp token`" in refused.text
        assert "resource_metadata" not in refused.text
        assert (await status(await made())).status_code == 200


@pytest.mark.requirement("TOKEN-03")
def test_a_client_is_sent_to_whoever_issues_the_tokens() -> None:
    addresses, stack = Addresses("https://x.example"), StackId("a")
    said = {
        issuers: [
            unauthorized(addresses, stack, {Right.READ}, issuers, sent=True).body,
            insufficient(addresses, stack, {Right.READ}, issuers).body,
        ]
        for issuers in ((), (ISSUER,))
    }

    assert all("`stackdocs-mcp token`" in str(one) for one in said[()])
    assert all("authorization server" not in str(one) for one in said[()])
    assert all("authorization server" in str(one) for one in said[(ISSUER,)])
    assert all("stackdocs-mcp token" not in str(one) for one in said[(ISSUER,)])


@pytest.mark.requirement("TOKEN-08")
def test_a_server_says_where_it_listens_and_what_its_clients_call_that(tmp_path: Path) -> None:
    variables = {"STACKDOCS_AUTH_ISSUER": ISSUER}
    with serving(tmp_path, "--public-url", "https://x.example", **variables) as server:
        said = server.said[-1]
    assert said.rstrip().endswith(
        f"HTTP on http://127.0.0.1:{server.port} for clients of https://x.example"
    )

    with serving(tmp_path) as server:
        assert server.said[-1].rstrip().endswith(f"HTTP on http://127.0.0.1:{server.port}")
