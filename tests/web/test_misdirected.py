"""Tokens that are good, and for another stack: nothing is told, and the operator can see whose."""

from pathlib import Path

import pytest

from stackdocs_mcp.core.tenancy import Denial
from tests.web.site import ALICE, BOB, call, headers_for, site

pytestmark = pytest.mark.anyio


@pytest.mark.requirement("AUDIT-20")
async def test_who_came_with_a_token_for_another_stack_is_recorded_and_told_nothing(
    tmp_path: Path,
) -> None:
    sent = call("list_documents")
    async with site(tmp_path) as served, served.raw(headers_for(sent)) as http:
        asked, own = await served.stack(ALICE), await served.stack(BOB)
        token = served.token(BOB, own)
        head, claims, signature = token.split(".")
        forged = f"{head}.{claims}.{'A' * len(signature)}"

        async def answer(given: str) -> tuple[int, bytes, str, str]:
            found = await http.post(
                f"/stacks/{asked}/mcp", json=sent, headers={"Authorization": f"Bearer {given}"}
            )
            said = found.headers["www-authenticate"]
            return found.status_code, found.content, said, found.headers["x-request-id"]

        garbled, wrong, unsigned = [await answer(one) for one in ("x.y.z", token, forged)]
        rows = await served.app.store.denials(limit=9)

    assert garbled[:3] == wrong[:3] == unsigned[:3]
    assert wrong[0] == 401
    assert [row.denial for row in rows] == [Denial(BOB, asked, wrong[3], "mcp", "wrong_audience")]


@pytest.mark.requirement("AUDIT-20")
async def test_tokens_for_another_stack_above_the_rate_are_answered_alike_and_cost_no_write(
    tmp_path: Path,
) -> None:
    sent = call("list_documents")
    async with site(tmp_path, rate_per_second=0.01, rate_burst=3) as served:
        asked, own = await served.stack(ALICE), await served.stack(BOB)
        async with served.raw({**headers_for(sent), **served.bearer(BOB, own)}) as http:
            answers = [await http.post(f"/stacks/{asked}/mcp", json=sent) for _ in range(9)]
        rows = await served.app.store.denials(limit=99)

    assert {one.status_code for one in answers} == {401}
    assert len({one.content for one in answers}) == 1
    assert len(rows) == 3
