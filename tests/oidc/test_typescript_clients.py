"""The same path with the official TypeScript clients: the one of 2025-11-25, and of 2026-07-28."""

import json

import anyio
import pytest

from tests.oidc.conftest import Scripts
from tests.oidc.provider import Provider
from tests.oidc.stacks import READ, WRITE, document, stack_of
from tests.server.harness import PATIENCE
from tests.web.site import Site

pytestmark = pytest.mark.anyio


@pytest.mark.requirement("OIDC-02")
@pytest.mark.parametrize(("sdk", "spoken"), [("1", "2025-11-25"), ("2", "2026-07-28")])
async def test_typescript_clients_find_their_way_from_the_address_and_step_up_to_write(
    served: Site, provider: Provider, scripts: Scripts, sdk: str, spoken: str
) -> None:
    stack = await stack_of(served, provider)
    paper = await document(served, provider, stack)
    task = {
        "sdk": sdk,
        "url": served.endpoint(stack),
        "person": "ada",
        "document": paper,
        "path": "total",
        "value": "52.20",
    }

    with anyio.fail_after(PATIENCE):
        done = await anyio.run_process([*scripts("agent.mjs"), json.dumps(task)], check=False)
    assert done.returncode == 0, done.stderr.decode()
    told = json.loads(done.stdout)

    assert told["spoken"] == spoken
    assert "set_field" in told["tools"]
    assert (told["granted"].split(), sorted(told["stepped"].split())) == ([READ], [READ, WRITE])
    assert told["challenges"] == [[401, [READ]], [403, [READ, WRITE]]]
    assert [set(one) & {READ, WRITE} for one in told["asked"]] == [{READ}, {READ, WRITE}]
    assert told["written"]["structuredContent"]["outcome"] == "accepted"
