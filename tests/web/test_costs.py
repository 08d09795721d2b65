"""What a request over HTTP asks of the store, beside the work itself."""

import sqlite3
from pathlib import Path

import pytest

from stackdocs_mcp.stores import members, sqlite
from stackdocs_mcp.workspace.browsing import list_documents
from tests.server.harness import Era
from tests.web.site import ALICE, call, headers_for, site

pytestmark = pytest.mark.anyio


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every statement on every connection from here on, without its values."""
    found: list[str] = []
    connect = sqlite.connect

    def traced(path: Path) -> sqlite3.Connection:
        connection = connect(path)
        connection.set_trace_callback(lambda said: found.append(" ".join(said.split())))
        return connection

    monkeypatch.setattr(sqlite, "connect", traced)
    monkeypatch.setattr("stackdocs_mcp.stores.embedded.connect", traced)
    return found


@pytest.mark.requirement("OPS-11")
async def test_the_gate_adds_one_look_up_by_its_key_to_the_work_of_a_call(
    tmp_path: Path, era: Era, asked: list[str]
) -> None:
    async with site(tmp_path) as served:
        stack = await served.stack(ALICE)
        workspace = served.workspace(ALICE, stack)
        sent = call("list_documents", era=era)
        async with served.raw(headers_for(sent, era) | served.bearer(ALICE, stack)) as http:

            async def over_http() -> None:
                assert (await http.post(f"/stacks/{stack}/mcp", json=sent)).is_success

            await over_http()  # whatever is opened is open now
            await list_documents(workspace)
            asked.clear()
            await list_documents(workspace)
            work, asked[:] = [*asked], []
            await over_http()
            request = [*asked]
            plan = await served.app.store._database.read(  # type: ignore[attr-defined]
                lambda connection: connection.execute(
                    f"EXPLAIN QUERY PLAN {members._FIND}", {"user": ALICE, "stack": stack}
                ).fetchall()
            )

    assert len([one for one in work if "FROM members" in one]) == 1
    (look_up,) = [one for one in work if "FROM members" in one]
    assert request == ["BEGIN", look_up, "COMMIT", *work]
    assert all(row["detail"].startswith("SEARCH") for row in plan)
