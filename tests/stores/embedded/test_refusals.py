"""Refusals in SQLite: what one costs does not depend on how many there are."""

import sqlite3

import pytest

from stackdocs_mcp.core.tenancy import Denial
from stackdocs_mcp.stores import refusals
from stackdocs_mcp.stores.embedded import EmbeddedStore
from tests.stores.builders import BOB

pytestmark = pytest.mark.anyio


@pytest.mark.requirement("AUDIT-07")
async def test_recording_and_listing_refusals_scan_no_table(writer: sqlite3.Connection) -> None:
    values = {"user": BOB, "since": 1, "most": 9, "oldest": 1, "limit": 9, "stack": None}
    for sql in (refusals._SINCE, refusals._PRUNE, refusals._OF_USER, refusals._OF_ALL):
        used = {name: value for name, value in values.items() if f":{name}" in sql}
        plan = [row["detail"] for row in writer.execute(f"EXPLAIN QUERY PLAN {sql}", used)]
        assert all("denials" not in step or "INDEX" in step or "PRIMARY" in step for step in plan)
        assert not any("TEMP B-TREE" in step for step in plan), plan


@pytest.mark.requirement("AUDIT-07")
async def test_a_flood_leaves_as_many_rows_as_a_user_may_have(
    store: EmbeddedStore, writer: sqlite3.Connection
) -> None:
    for _ in range(1_000):
        await store.record(Denial(BOB, "s", "r", "read_ocr", "not_found"))

    (rows,) = writer.execute("SELECT count(*) FROM denials").fetchone()
    assert rows <= 201
