"""Hosts and origins: exact lists, looked at before anything else; pages of the list really call."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from tests.web.site import ALICE, Site, call, headers_for, site

pytestmark = pytest.mark.anyio

APP = "https://app.example"
ROUTES = ["/healthz", "/readyz", "/nowhere", "/uploads/x", "/stacks/x/mcp", "/stacks/x/documents"]
ASKS = {
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "authorization,mcp-method",
}


@pytest.fixture
async def shown(tmp_path: Path) -> AsyncIterator[Site]:
    async with site(tmp_path, allowed_origins=(APP,), public_url="https://mcp.example") as running:
        yield running


@pytest.mark.requirement("GATE-05")
@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize(
    "host",
    [
        *("evil.example", "127.0.0.1", "127.0.0.1:1", "localhost", "127.0.0.1.evil.example", ""),
        *("mcp.example.evil.example", "mcp.example:443", "user@mcp.example", "mcp.example."),
    ],
)
async def test_a_host_that_is_not_exactly_one_of_ours_reaches_nothing(
    shown: Site, route: str, host: str
) -> None:
    async with shown.raw({"Host": host, **shown.bearer(ALICE, await shown.stack(ALICE))}) as http:
        answer = await http.post(route)

    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "host_refused"


@pytest.mark.requirement("GATE-05")
async def test_our_own_hosts_are_served(shown: Site) -> None:
    async with shown.raw() as http:
        for host in ("mcp.example", "MCP.example", f"localhost:{shown.port}"):
            assert (await http.get("/healthz", headers={"Host": host})).status_code == 200


@pytest.mark.requirement("GATE-06")
@pytest.mark.parametrize(
    "origin",
    [
        *("null", "https://evil.example", "http://app.example", "https://app.example:444", "*"),
        *("https://app.example.evil.example", "https://app.example/", "https://app.example@x", ""),
    ],
)
async def test_a_page_of_another_origin_reaches_nothing_and_may_read_nothing(
    shown: Site, origin: str
) -> None:
    async with shown.raw({"Origin": origin}) as http:
        answers = [await http.post(route) for route in ROUTES]
        answers += [await http.options(route, headers=ASKS) for route in ROUTES]

    for answer in answers:
        assert answer.status_code == 403
        assert answer.json()["error"]["code"] == "origin_refused"
        assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.requirement("GATE-07")
async def test_a_page_of_an_allowed_origin_is_told_what_it_may_send(shown: Site) -> None:
    stack = await shown.stack(ALICE)
    async with shown.raw({"Origin": APP}) as http:
        answer = await http.options(f"/stacks/{stack}/mcp", headers=ASKS)
        nowhere = await http.options("/nowhere", headers=ASKS)

    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == APP
    assert "POST" in answer.headers["access-control-allow-methods"]
    sent = answer.headers["access-control-allow-headers"].lower().split(", ")
    needed = {"authorization", "content-type", "mcp-protocol-version", "mcp-method", "mcp-name"}
    assert needed <= set(sent)
    assert "*" not in sent
    assert "access-control-allow-credentials" not in answer.headers
    assert nowhere.status_code == 404


@pytest.mark.requirement("GATE-07")
async def test_a_page_of_an_allowed_origin_calls_and_reads_challenges(shown: Site) -> None:
    stack = await shown.stack(ALICE)
    sent = call("list_documents")
    async with shown.raw({"Origin": APP, **headers_for(sent)}) as http:
        good = await http.post(
            f"/stacks/{stack}/mcp", json=sent, headers=shown.bearer(ALICE, stack)
        )
        challenged = await http.post(f"/stacks/{stack}/mcp", json=sent)

    assert (good.status_code, challenged.status_code) == (200, 401)
    for answer in (good, challenged):
        assert answer.headers["access-control-allow-origin"] == APP
        assert answer.headers["vary"] == "Origin"
        exposed = answer.headers["access-control-expose-headers"]
        assert exposed == "WWW-Authenticate, Retry-After, Mcp-Session-Id, X-Request-Id"


@pytest.mark.requirement("GATE-07")
async def test_a_preflight_is_no_way_past_the_token(shown: Site) -> None:
    stack = await shown.stack(ALICE)
    async with shown.raw({"Origin": APP}) as http:
        bare = await http.options(f"/stacks/{stack}/mcp")
        known = await http.options(f"/stacks/{stack}/mcp", headers=ASKS)
        unknown = await http.options("/stacks/unknown/mcp", headers=ASKS)

    assert bare.status_code == 401
    assert _without_id(known) == _without_id(unknown)


@pytest.mark.requirement("GATE-08")
async def test_addresses_come_from_the_settings_and_never_from_a_request(shown: Site) -> None:
    stack = await shown.stack(ALICE)
    well_known = f"/.well-known/oauth-protected-resource/stacks/{stack}/mcp"
    forged = {
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Proto": "ftp",
        "X-Forwarded-Prefix": "/evil",
        "Forwarded": "host=evil.example;proto=ftp",
        "X-Original-Host": "evil.example",
    }
    async with shown.raw({"Host": f"localhost:{shown.port}", **forged}) as http:
        metadata = await http.get(well_known)
        challenged = await http.post(f"/stacks/{stack}/mcp")

    assert metadata.json()["resource"] == f"https://mcp.example/stacks/{stack}/mcp"
    named = f'resource_metadata="https://mcp.example{well_known}"'
    assert named in challenged.headers["www-authenticate"]
    for answer in (metadata, challenged):
        assert "evil" not in answer.text + str(answer.headers)


def _without_id(answer: httpx2.Response) -> tuple[int, bytes, list[tuple[str, str]]]:
    kept = [(k, v) for k, v in answer.headers.multi_items() if k not in {"date", "x-request-id"}]
    return answer.status_code, answer.content, kept
