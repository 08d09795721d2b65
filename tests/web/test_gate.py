"""What the gate lets through, what it answers itself, and in which order."""

import pytest
from mcp.shared.exceptions import MCPError

from stackdocs_mcp.core.binding import Right, Role, StackId
from tests.server.harness import Era
from tests.server.papers import INVOICE, SCHEMA
from tests.web.site import ALICE, BOB, Site, call, headers_for

pytestmark = pytest.mark.anyio


@pytest.mark.requirement("GATE-01")
async def test_the_official_client_works_over_http_in_both_eras(served: Site, era: Era) -> None:
    stack = await served.stack(ALICE)
    path = served.files / "invoice.txt"
    path.write_text(INVOICE)
    shared = served.app.shared
    workspace = served.workspace(ALICE, stack)
    document, _ = await shared.intake.add(
        workspace.store, workspace.files, path, "invoice.txt", 10_000
    )
    async with served.client(ALICE, stack, era) as session:
        await session.data("set_schema", schema=SCHEMA)
        (listed,) = (await session.data("list_documents"))["documents"]

    assert listed["id"] == document.id


@pytest.mark.requirement("GATE-02")
async def test_a_stack_of_others_looks_like_none(served: Site) -> None:
    mine, theirs = await served.stack(ALICE), await served.stack(BOB)
    sent = call("list_documents")
    async with served.raw(headers_for(sent)) as http:
        answers = [
            await http.post(f"/stacks/{stack}/mcp", json=sent, headers=served.bearer(ALICE, stack))
            for stack in (mine, theirs, StackId("00000000-0000-4000-8000-000000000000"))
        ]

    assert [one.status_code for one in answers] == [200, 404, 404]
    assert answers[1].content == answers[2].content


@pytest.mark.requirement("GATE-03")
async def test_an_operation_beyond_the_tokens_scopes_is_challenged_with_all_it_needs(
    served: Site, era: Era
) -> None:
    stack = await served.stack(ALICE)
    sent = call("set_field", era=era, document_id="x", path="a", value=1)
    async with served.raw(headers_for(sent, era)) as http:
        answer = await http.post(
            f"/stacks/{stack}/mcp", json=sent, headers=served.bearer(ALICE, stack, Right.READ)
        )

    assert answer.status_code == 403
    said = answer.headers["www-authenticate"]
    assert 'error="insufficient_scope"' in said
    assert 'scope="stack:read stack:write"' in said
    assert f'/.well-known/oauth-protected-resource/stacks/{stack}/mcp"' in said


@pytest.mark.requirement("GATE-04")
async def test_a_viewer_reads_and_the_tool_refuses_a_write(served: Site, era: Era) -> None:
    stack = await served.stack(ALICE, bob=Role.VIEWER)
    async with served.client(BOB, stack, era) as session:
        assert await session.data("list_documents") == {"documents": []}
        said = await session.refusal("set_field", document_id="x", path="a", value=1)

    assert "stack:write" in said


@pytest.mark.requirement("GATE-95")
async def test_what_the_gate_refuses_reaches_the_person_at_the_official_client(
    served: Site, era: Era
) -> None:
    stack = await served.stack(ALICE)
    async with served.client(ALICE, stack, era, Right.READ) as session:
        with pytest.raises(MCPError) as refused:
            await session.call("set_field", document_id="x", path="a", value=1)

    assert "needs the scopes stack:read stack:write" in refused.value.error.message
    assert refused.value.error.data["code"] == "insufficient_scope"
    assert "`stackdocs-mcp token`" in refused.value.error.data["advice"]
