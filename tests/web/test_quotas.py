"""Quotas of those who send files over HTTP."""

from datetime import datetime, timedelta
from pathlib import Path

import anyio
import pytest

from stackdocs_mcp.core.binding import Role
from tests.server.harness import PATIENCE
from tests.web.sending import error_of
from tests.web.site import ALICE, BOB, site

pytestmark = pytest.mark.anyio


@pytest.mark.requirement("QUOTA-32")
async def test_a_file_that_is_sent_counts_and_one_too_many_is_told_when_to_come_again(
    tmp_path: Path,
) -> None:
    async with site(tmp_path, quota_documents=1) as served:
        stack = await served.stack(ALICE, **{BOB: Role.EDITOR})
        where = f"/stacks/{stack}/documents"
        async with served.raw(served.bearer(BOB, stack)) as http:
            first = await http.post(where, params={"filename": "a.txt"}, content=b"one")
            refused = await http.post(where, params={"filename": "b.txt"}, content=b"two")
            again = await http.post(where, params={"filename": "a.txt"}, content=b"one")
        async with served.raw(served.bearer(ALICE, stack)) as http:
            owners = await http.post(where, params={"filename": "c.txt"}, content=b"three")

    assert (first.status_code, again.status_code, owners.status_code) == (201, 200, 201)
    quota = first.json()["quota"]
    assert quota["documents_left"] == 0
    assert quota.keys() == {"documents_left", "resets_at"}
    assert refused.status_code == 429
    assert error_of(refused) == "quota_exceeded"
    begins_anew = datetime.fromisoformat(quota["resets_at"])
    assert 0 < int(refused.headers["retry-after"]) <= 31 * 86_400
    assert (begins_anew.day, begins_anew.utcoffset()) == (1, timedelta())


@pytest.mark.requirement("QUOTA-23")
async def test_what_a_former_member_sent_is_read_to_its_end(tmp_path: Path) -> None:
    async with site(tmp_path) as served:
        stack = await served.stack(ALICE, **{BOB: Role.EDITOR})
        where = f"/stacks/{stack}/documents?filename=a.txt"
        async with served.raw(served.bearer(BOB, stack)) as http:
            assert (await http.post(where, content=b"Acme Inc")).status_code == 201
        owner = served.workspace(ALICE, stack).store
        await owner.revoke(BOB)

        with anyio.fail_after(PATIENCE):
            while (await owner.documents(limit=9))[0].status == "processing":
                await anyio.lowlevel.checkpoint()

        assert (await owner.documents(limit=9))[0].status == "ocr_complete"
