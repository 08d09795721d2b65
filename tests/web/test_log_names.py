"""From a line of log back to whom it was about; and what libraries may not say there."""

import io
import logging
import re
from pathlib import Path

import pytest
import uvicorn.server  # noqa: F401  makes its loggers

from stackdocs_mcp.logs import Formatter, JsonFormatter
from stackdocs_mcp.server.compose import local_user
from tests.cli.shell import Shell
from tests.web.site import call, headers_for, site
from tests.web.watching import watched

SECRET = "a word of somebody's"


@pytest.mark.anyio
@pytest.mark.requirement("AUDIT-24")
async def test_members_says_what_the_logs_call_a_user_and_the_stack(tmp_path: Path) -> None:
    sent = call("list_documents")
    with watched() as seen:
        async with site(tmp_path) as served:
            stack = await served.stack(local_user())
            headers = {**headers_for(sent), **served.bearer(local_user(), stack)}
            async with served.raw(headers) as http:
                await http.post(f"/stacks/{stack}/mcp", json=sent)
    (line,) = [line for line in seen.lines if "tool=list_documents" in line]

    listed = Shell(tmp_path / "data")("members", "--stack", "invoices")

    found = re.search(r"user=(\w+) stack=(\w+)", line)
    assert found is not None
    assert listed.rows[1][3] == found[1]
    assert f"stack={found[2]}" in listed.err


@pytest.mark.requirement("OPS-24")
@pytest.mark.parametrize("form", [Formatter(), JsonFormatter()])
@pytest.mark.parametrize(
    "name", ["uvicorn", "uvicorn.error", "mcp.server.lowlevel.server", "asyncio"]
)
def test_a_librarys_logger_is_named_and_never_quoted(name: str, form: logging.Formatter) -> None:
    logger, into = logging.getLogger(name), io.StringIO()
    assert logger.handlers == [], "all go to ours"
    ours = logging.StreamHandler(into)
    ours.setFormatter(form)
    logger.addHandler(ours)
    try:
        raise ValueError(SECRET)  # noqa: TRY301
    except ValueError:
        logger.exception("said %s", SECRET, stack_info=True, extra={"fields": {"a": SECRET}})
    finally:
        logger.removeHandler(ours)

    assert "ValueError" in into.getvalue()
    assert name in into.getvalue()
    assert SECRET not in into.getvalue()
    assert len(into.getvalue().splitlines()) == 1
