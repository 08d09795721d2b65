"""What a client is told of its user's quota."""

from pathlib import Path

import pytest

from stackdocs_mcp.core.quota import Quotas
from tests.server.engines import PlainEngine, running_with
from tests.server.harness import client_of, settings, text_of

pytestmark = pytest.mark.anyio


@pytest.mark.requirement("QUOTA-30")
async def test_adding_says_what_is_left_and_when_it_begins_anew(tmp_path: Path) -> None:
    chosen = settings(tmp_path, quota_documents="3", quota_pages="10")
    async with running_with(chosen, PlainEngine()) as app, client_of(app) as session:
        (session.files / "a.txt").write_text("one\ftwo")

        result = await session.call("add_document", path="a.txt")

    data = result.structured_content
    assert data is not None
    quota = data["quota"]
    assert (quota["documents_left"], quota["pages_left"]) == (2, 8)
    assert "ocr_pages_left" not in quota
    assert quota["resets_at"].endswith("-01T00:00:00+00:00")
    said = f"left until {quota['resets_at']}: 2 documents, 8 pages"
    assert said in text_of(result)


@pytest.mark.requirement("QUOTA-30")
async def test_a_document_too_many_is_an_error_that_says_when_to_try_again(tmp_path: Path) -> None:
    chosen = settings(tmp_path, quota_documents=1)
    async with running_with(chosen, PlainEngine()) as app, client_of(app) as session:
        await session.add("a.txt", "one")
        (session.files / "b.txt").write_text("two")

        said = await session.refusal("add_document", path="b.txt")

    assert "the quota of 1 document a month has 0 left, and this needs 1" in said
    assert "-01T00:00:00+00:00" in said


@pytest.mark.requirement("QUOTA-31")
async def test_a_document_that_could_not_be_read_says_so_in_the_list(tmp_path: Path) -> None:
    chosen = settings(tmp_path, quota_pages=1)
    async with running_with(chosen, PlainEngine()) as app, client_of(app) as session:
        document = await session.add("a.txt", "one\ftwo")
        listed = await session.data("list_documents")

    (found,) = listed["documents"]
    assert (found["id"], found["status"]) == (document, "failed")
    assert "the quota of 1 page a month has 1 left, and this needs 2" in found["error"]


@pytest.mark.requirement("QUOTA-30")
async def test_without_a_quota_nothing_is_said_of_one(tmp_path: Path) -> None:
    async with running_with(settings(tmp_path), PlainEngine()) as app, client_of(app) as session:
        (session.files / "a.txt").write_text("one")
        data = await session.data("add_document", path="a.txt")

    assert app.settings.quotas == Quotas()
    assert "quota" not in data
