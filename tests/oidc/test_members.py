"""An operator lets a person of the provider in while the server runs, and out again."""

from pathlib import Path

import anyio.to_thread
import httpx2
import pytest

from tests.cli.shell import Ran, Shell
from tests.oidc.provider import Provider
from tests.oidc.stacks import READ
from tests.oidc.test_command import Command
from tests.oidc.tokens import tokens
from tests.web.site import call, headers_for

pytestmark = pytest.mark.anyio

LIST = call("list_documents")


@pytest.mark.requirement("OIDC-11")
async def test_an_operator_adds_a_person_by_the_subject_and_takes_the_membership_away_again(
    provider: Provider, tmp_path: Path
) -> None:
    shell = Shell(tmp_path)
    paper = tmp_path / "paper.txt"
    paper.write_text("Total due 52.20\n")

    async with Command(tmp_path, provider.issuer).running() as url:
        known = {"STACKDOCS_AUTH_ISSUER": provider.issuer, "STACKDOCS_PUBLIC_URL": url}

        async def typed(*words: str) -> Ran:
            return await anyio.to_thread.run_sync(lambda: shell(*words, env=known))

        await typed("add", str(paper))
        added = await typed("members", "add", "grace", "--role", "viewer")
        listed = await typed("members")
        endpoint = next(one for one in listed.err.split() if one.startswith(url))
        given = await tokens(provider, "grace", endpoint, [READ])
        headers = {**headers_for(LIST), **given.bearer}
        async with httpx2.AsyncClient(headers=headers) as http:
            during = await http.post(endpoint, json=LIST)
            await typed("members", "remove", "grace")
            after = await http.post(endpoint, json=LIST)

    assert added.code == 0
    assert [row[:2] for row in listed.rows[2:]] == [[f"{provider.issuer}#grace", "viewer"]]
    assert [during.status_code, after.status_code] == [200, 404]
