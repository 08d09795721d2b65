"""Where a bearer token may stand, what a client without a good one is told, and who sees it."""

from pathlib import Path
from typing import Any

import httpx2
import pytest
from starlette.types import Receive, Scope, Send

from stackdocs_mcp.auth.local import LocalVerifier
from stackdocs_mcp.core.binding import Right, StackId, UserId
from stackdocs_mcp.http.admission import Admission
from stackdocs_mcp.http.answers import not_found, send_json
from stackdocs_mcp.http.brake import Brake
from stackdocs_mcp.http.context import BINDING, Admitted
from stackdocs_mcp.http.gate import Doors, Gate
from stackdocs_mcp.http.journal import Journal
from stackdocs_mcp.http.places import Addresses
from stackdocs_mcp.server.operations import needs
from stackdocs_mcp.tools import TOOLS
from tests.server.harness import Era
from tests.web.site import ALICE, BOB, Site, call, headers_for, message, site

pytestmark = pytest.mark.anyio

UNKNOWN = StackId("00000000-0000-4000-8000-000000000000")


async def asked(
    served: Site, stack: StackId, headers: Any = (), *, query: str = "", **more: Any
) -> httpx2.Response:
    """What a listing is answered with these headers, as pairs or by name."""
    sent = call("list_documents")
    given = [*headers_for(sent).items(), *(headers.items() if headers else ())]
    async with served.raw() as http:
        return await http.post(f"/stacks/{stack}/mcp{query}", json={**sent, **more}, headers=given)


@pytest.mark.requirement("GATE-11")
async def test_without_a_token_the_way_to_one_is_told_and_no_error(served: Site) -> None:
    stack = await served.stack(ALICE)

    answer = await asked(served, stack)

    assert answer.status_code == 401
    said = answer.headers["www-authenticate"]
    assert said.startswith("Bearer ")
    assert "error" not in said
    assert 'scope="stack:read"' in said
    where = f"{served.url}/.well-known/oauth-protected-resource/stacks/{stack}/mcp"
    assert f'resource_metadata="{where}"' in said


@pytest.mark.requirement("GATE-12")
@pytest.mark.parametrize(
    "spoilt",
    [
        *("Bearer", "Bearer x", "Bearer TOKEN, Bearer TOKEN"),
        *("Bearer TOKEN,x", "Bearer TOKEN TOKEN", "Bearer TOKEN=", "Bearer TOKEN.", "Bearer .."),
        *("Bearer null", "Bearer \u00e9", "Bearer TOKEN\u00a0", f"Bearer {'x' * 8_186}"),
        *(f"Bearer {'x' * 15_000}", f"Bearer TOKEN{' ' * 8_192}x", 'Bearer "TOKEN"'),
    ],
)
async def test_what_is_not_one_good_token_is_challenged_alike(served: Site, spoilt: str) -> None:
    stack = await served.stack(ALICE)
    given = spoilt.replace("TOKEN", served.token(ALICE, stack))

    answer = await asked(served, stack, {"Authorization": given.encode()})
    plain = await asked(served, stack, {"Authorization": "Bearer x"})

    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]
    assert answer.content == plain.content
    assert answer.headers["www-authenticate"] == plain.headers["www-authenticate"]


@pytest.mark.requirement("GATE-11")
@pytest.mark.parametrize(
    "other",
    [
        *("Basic TOKEN", "Token TOKEN", "TOKEN", "BearerTOKEN", "Bearer\tTOKEN", ""),
        *("Negotiate TOKEN, Bearer TOKEN", f"Basic {'x' * 15_000}"),
    ],
)
async def test_another_scheme_is_no_token(served: Site, other: str) -> None:
    stack = await served.stack(ALICE)
    given = {"Authorization": other.replace("TOKEN", served.token(ALICE, stack))}

    answer, bare = await asked(served, stack, given), await asked(served, stack)

    assert answer.status_code == 401
    assert answer.content == bare.content
    assert answer.headers["www-authenticate"] == bare.headers["www-authenticate"]


@pytest.mark.requirement("GATE-12")
@pytest.mark.parametrize("first", ["Basic x", "Bearer x", ""])
async def test_a_token_beside_another_authorization_is_none_that_is_good(
    served: Site, first: str
) -> None:
    stack = await served.stack(ALICE)
    good = f"Bearer {served.token(ALICE, stack)}"
    for pair in ((first, good), (good, first)):
        sent = [("authorization", one) for one in pair]
        async with served.raw() as http:
            answer = await http.post(f"/stacks/{stack}/mcp", headers=sent)

        assert answer.status_code == 401
        assert 'error="invalid_token"' in answer.headers["www-authenticate"]


@pytest.mark.requirement("GATE-12")
@pytest.mark.parametrize("scheme", ["bearer", "BEARER", "Bearer", "bEaReR"])
async def test_the_scheme_is_read_in_any_case(served: Site, scheme: str) -> None:
    stack = await served.stack(ALICE)

    answer = await asked(served, stack, {"authorization": f"{scheme} {served.token(ALICE, stack)}"})

    assert answer.status_code == 200


@pytest.mark.requirement("GATE-13")
async def test_a_token_anywhere_else_is_no_token(served: Site) -> None:
    stack = await served.stack(ALICE)
    token = served.token(ALICE, stack)
    answers = [
        await asked(served, stack, query=f"?access_token={token}"),
        await asked(served, stack, query=f"?token={token}&authorization=Bearer%20{token}"),
        await asked(served, stack, {"Cookie": f"access_token={token}; Authorization={token}"}),
        await asked(served, stack, {"X-Authorization": f"Bearer {token}"}),
        await asked(served, stack, {"Proxy-Authorization": f"Bearer {token}"}),
        await asked(served, stack, {"X-Api-Key": token}),
        await asked(served, stack, access_token=token, authorization=f"Bearer {token}"),
    ]

    assert {one.status_code for one in answers} == {401}
    assert len({one.content for one in answers}) == 1
    assert all(token not in one.text + str(one.headers) for one in answers)


@pytest.mark.requirement("GATE-14")
async def test_what_is_behind_the_gate_gets_a_binding_and_no_token(served: Site) -> None:
    seen: list[Scope] = []

    async def behind(scope: Scope, _receive: Receive, send: Send) -> None:
        seen.append(scope)
        await send_json(send, 200, {})

    async def beside(scope: Scope, receive: Receive, send: Send, _admitted: Admitted) -> None:
        await behind(scope, receive, send)

    async def linked(_scope: Scope, _receive: Receive, _send: Send, _link: str) -> None:
        raise not_found()

    async def ready() -> bool:
        return True

    gate = Gate(
        Doors(behind, beside, linked, linked, ready, needs(TOOLS)),
        store=served.app.store,
        verifier=LocalVerifier(served.issuer),
        admission=Admission(Free(), 1),
        addresses=Addresses(served.url),
        hosts=frozenset({"here"}),
        origins=frozenset(),
        journal=Journal(b"key", TOOLS),
        brake=Brake(400),
    )
    stack = await served.stack(ALICE)
    token = served.token(ALICE, stack)
    given = {"Host": "here", "Authorization": f"Bearer {token}", "X-Other": "kept"}
    transport = httpx2.ASGITransport(app=gate)
    async with httpx2.AsyncClient(transport=transport, base_url=served.url) as http:
        for path in ("mcp", "documents"):
            sent = call("list_documents")
            assert (await http.post(f"/stacks/{stack}/{path}", json=sent, headers=given)).is_success

    assert len(seen) == 2
    for scope in seen:
        assert (scope[BINDING].user, scope[BINDING].stack) == (ALICE, stack)
        assert (b"x-other", b"kept") in scope["headers"]
        assert not [name for name, _ in scope["headers"] if b"auth" in name.lower()]
        assert token.rsplit(".", 1)[1] not in repr(scope)


class Free:
    """Nobody asks too often."""

    async def spend(self, _user: UserId) -> float | None:
        return None


@pytest.mark.requirement("GATE-15")
@pytest.mark.parametrize(
    "path",
    [
        *("/", "/mcp", "/stacks", "/stacks/", "/stacks/x", "/stacks//mcp", "/stacks/x/mcp/"),
        *("/stacks/x/mcp/y", "/stacks/x/y", "/stacks/..%2fx/mcp", "/stacks/x%00/mcp"),
        *("/stacks/" + "x" * 65 + "/mcp", "/Stacks/x/mcp", "/stacks/x/MCP", "/healthz/"),
        *("/.well-known/oauth-protected-resource", "/.well-known/openid-configuration", "/docs"),
        *("/.well-known/oauth-protected-resource/stacks/x", "/openapi.json", "/%2e%2e/healthz"),
        *("/stacks/x.y/mcp", "/stacks/x y/mcp", "/stacks/\u00e9/mcp", "/stacks/x/mcp%0a"),
        *("/uploads/", "/uploads/x/y", "/exports/", "/exports/" + "x" * 4_097, "/metrics"),
    ],
)
async def test_every_other_path_is_nothing_with_a_token_and_without(
    served: Site, path: str
) -> None:
    bearer = served.bearer(ALICE, await served.stack(ALICE))
    async with served.raw() as http:
        answers = [await http.request(m, path) for m in ("GET", "POST", "DELETE")]
        answers += [await http.post(path, headers=bearer)]

    assert {one.status_code for one in answers} == {404}
    assert len({one.content for one in answers}) == 1


@pytest.mark.requirement("GATE-15")
async def test_a_path_in_other_letters_is_nothing(served: Site) -> None:
    stack = await served.stack(ALICE)
    bearer = served.bearer(ALICE, stack)
    escaped = f"%{ord(stack[0]):02x}{stack[1:]}"
    async with served.raw() as http:
        there = await http.post(f"/stacks/{stack}/mcp?%20", json=call("x"), headers=bearer)
        answers = [
            await http.post(path, json=call("x"), headers=bearer)
            for path in (
                *(f"/stacks/{escaped}/mcp", f"/stacks/{stack}/%6dcp", f"/%73tacks/{stack}/mcp"),
                *(f"/stacks%2f{stack}/mcp", f"/stacks/{stack}/mc%70", "/%68ealthz", "/readyz%"),
            )
        ]

    assert there.status_code != 404
    assert {one.status_code for one in answers} == {404}


@pytest.mark.requirement("GATE-16")
async def test_no_stream_is_opened_and_no_session_ended(served: Site) -> None:
    stack = await served.stack(ALICE)
    bearer = served.bearer(ALICE, stack)
    path = f"/stacks/{stack}/mcp"
    legacy = {"MCP-Protocol-Version": "2025-11-25", "Mcp-Session-Id": "x"}
    async with served.raw({"Accept": "text/event-stream"}) as http:
        for method in ("GET", "DELETE", "PUT", "PATCH", "HEAD"):
            answer = await http.request(method, path, headers={**bearer, **legacy})
            assert answer.status_code == 405, method
            assert answer.headers["allow"] == "POST"
            if method != "HEAD":
                assert answer.json()["error"]["data"]["code"] == "method_not_allowed"
            assert (await http.request(method, path)).status_code == 401, method


@pytest.mark.requirement("GATE-17")
async def test_metadata_tells_nothing_about_which_stacks_there_are(served: Site) -> None:
    stack = await served.stack(ALICE)
    place = "/.well-known/oauth-protected-resource/stacks/{}/mcp"
    async with served.raw() as http:
        there = await http.get(place.format(stack))
        nowhere = await http.get(place.format(UNKNOWN))

    assert there.status_code == nowhere.status_code == 200
    assert there.text.replace(stack, "ID") == nowhere.text.replace(UNKNOWN, "ID")
    assert set(there.json()) <= {
        *("resource", "authorization_servers", "scopes_supported", "bearer_methods_supported"),
    }


@pytest.mark.requirement("GATE-17")
async def test_health_says_one_word(served: Site) -> None:
    async with served.raw() as http:
        answers = [await http.get(path) for path in ("/healthz", "/readyz")]

    assert [one.json() for one in answers] == [{"ok": True}] * 2


@pytest.mark.requirement("GATE-17")
@pytest.mark.parametrize(
    "path", ["/healthz", "/readyz", "/.well-known/oauth-protected-resource/stacks/x/mcp"]
)
async def test_open_addresses_are_read_and_nothing_else(served: Site, path: str) -> None:
    async with served.raw() as http:
        found, head = await http.get(path), await http.head(path)
        others = ("POST", "DELETE", "PUT", "PATCH", "OPTIONS")
        answers = [await http.request(method, path) for method in others]

    assert (found.status_code, head.status_code, head.content) == (200, 200, b"")
    assert head.headers["content-length"] == found.headers["content-length"]
    for answer in answers:
        assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")
        assert answer.json()["error"]["code"] == "method_not_allowed"


@pytest.mark.requirement("GATE-17")
async def test_without_a_token_no_stack_can_be_told_from_none(served: Site) -> None:
    stack = await served.stack(ALICE)
    for headers in ({}, {"Authorization": "Bearer x"}):
        there, nowhere = [await asked(served, one, headers) for one in (stack, UNKNOWN)]
        assert there.status_code == nowhere.status_code == 401
        assert there.text.replace(stack, "ID") == nowhere.text.replace(UNKNOWN, "ID")
        said = [
            one.headers["www-authenticate"].replace(name, "ID")
            for one, name in ((there, stack), (nowhere, UNKNOWN))
        ]
        assert said[0] == said[1]


@pytest.mark.requirement("GATE-18")
async def test_every_answer_is_kept_by_nobody_and_names_no_software(served: Site, era: Era) -> None:
    stack, other = await served.stack(ALICE), await served.stack(BOB)
    bearer = served.bearer(ALICE, stack)
    path = f"/stacks/{stack}/mcp"
    sent = call("list_documents", era=era)
    unknown = message("nothing/there", era=era)
    async with served.raw(headers_for(sent, era)) as http:
        answers = [
            await http.post(path, json=sent, headers=bearer),
            await http.post(path, json=unknown, headers={**bearer, **headers_for(unknown, era)}),
            await http.post(path, json=sent, headers={**bearer, "MCP-Protocol-Version": "1999"}),
            await http.post(path, json=sent, headers={**bearer, "Accept": "text/html"}),
            await http.post(path, json=sent, headers={**bearer, "Content-Type": "text/plain"}),
            await http.post(path, json=sent, headers=served.bearer(ALICE, stack, Right.WRITE)),
            await http.post(path, content=b"{", headers=bearer),
            await http.post(path, json=sent),
            await http.post(f"/stacks/{other}/mcp", json=sent, headers=bearer),
            await http.get(path, headers=bearer),
            await http.get("/healthz"),
            await http.get("/readyz"),
            await http.get("/nowhere"),
            await http.get(f"/.well-known/oauth-protected-resource{path}"),
            await http.get("/healthz", headers={"Host": "evil"}),
        ]

    for answer in answers:
        assert "no-store" in answer.headers["cache-control"], answer.status_code
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert len(answer.headers.get_list("x-request-id")) == 1
        assert "server" not in answer.headers
        assert "x-powered-by" not in answer.headers
    assert len({one.headers["x-request-id"] for one in answers}) == len(answers)


@pytest.mark.requirement("GATE-19")
@pytest.mark.parametrize("name", ["no_such_tool", "set_field ", "SET_FIELD", "", "x" * 5_000])
async def test_no_scope_is_asked_for_an_unknown_tool(served: Site, era: Era, name: str) -> None:
    """A client would ask its user for rights that change nothing."""
    stack = await served.stack(ALICE)
    sent = call(name, era=era, document_id="x")
    async with served.raw(headers_for(call(name.strip()), era)) as http:
        bearer = served.bearer(ALICE, stack, Right.READ)
        answer = await http.post(f"/stacks/{stack}/mcp", json=sent, headers=bearer)

    assert answer.status_code in {200, 400}
    assert "www-authenticate" not in answer.headers
    assert '"error"' in answer.text
    assert '"result"' not in answer.text


@pytest.mark.requirement("GATE-19")
async def test_a_tool_that_is_not_offered_is_like_one_that_there_is_not(
    tmp_path: Path, era: Era
) -> None:
    async with site(tmp_path, read_only=True) as served:
        stack = await served.stack(ALICE)
        answers = []
        for name in ("set_field", "set_schema", "no_such_tool"):
            sent = call(name, era=era)
            async with served.raw(headers_for(sent, era)) as http:
                bearer = served.bearer(ALICE, stack, Right.READ)
                answer = await http.post(f"/stacks/{stack}/mcp", json=sent, headers=bearer)
            answers.append((answer.status_code, answer.text.replace(name, "NAME")))

    assert len(set(answers)) == 1
    assert "Unknown tool" in answers[0][1]


@pytest.mark.requirement("GATE-19")
async def test_more_scopes_than_needed_are_enough(served: Site, era: Era) -> None:
    stack = await served.stack(ALICE)
    sent = call("list_documents", era=era)
    async with served.raw(headers_for(sent, era)) as http:
        for scopes in ((Right.READ,), (Right.READ, Right.ADMIN), tuple(Right)):
            answer = await http.post(
                f"/stacks/{stack}/mcp", json=sent, headers=served.bearer(ALICE, stack, *scopes)
            )
            assert answer.status_code == 200
        answer = await http.post(
            f"/stacks/{stack}/mcp", json=sent, headers=served.bearer(ALICE, stack, Right.ADMIN)
        )
        assert answer.status_code == 403
