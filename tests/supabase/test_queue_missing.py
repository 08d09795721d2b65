"""A project whose queue is gone, or was never enabled: what is said, and what mends it."""

import pytest

from stackdocs_mcp.core.errors import StoreFailed
from stackdocs_mcp.core.model import DocumentId
from stackdocs_mcp.core.queue import Task
from tests.stores.builders import ALICE, binding, file
from tests.supabase.rig import running
from tests.supabase.test_queue import LEASE, opened

pytestmark = pytest.mark.anyio


@pytest.mark.requirement("PGQ-11")
async def test_a_missing_queue_is_said_and_is_made_again_by_one_call() -> None:
    with running() as project:
        store = await opened(project)
        stack = await store.open_stack(ALICE, "invoices")
        repo = store.bind(binding(ALICE, stack.id))
        task = Task(1, 1, stack.id, ALICE, DocumentId("x"))
        await project.sql("select pgmq.drop_queue('stackdocs_reading')")

        for call in (
            repo.add_document(file()),
            store.queue.take(LEASE),
            store.queue.extend(task, LEASE),
            store.queue.done(task),
            store.queue.release(task),
            store.queue.mend(),
            store.queue.depth(),
        ):
            with pytest.raises(StoreFailed) as failed:
                await call
            assert "enable queues under integrations" in failed.value.advice.lower()
        await project.sql("call stackdocs.make_queue()")
        await repo.add_document(file())
        assert await store.queue.depth() == 1
        await store.close()


@pytest.mark.requirement("PGQ-11")
async def test_a_project_without_queues_is_told_to_enable_them() -> None:
    with running() as project:
        await project.sql("drop schema pgmq cascade")
        with pytest.raises(Exception, match="enable Queues under Integrations in the Supabase"):
            await project.sql("call stackdocs.make_queue()")
