"""A process that does one thing again and again, until it is killed, and says what was answered.

    python -m tests.supabase.doing_process CONFIG

CONFIG is JSON: ``url``, ``publishable_key``, ``key``, ``folder`` and ``what`` it does: ``writing``
fields of one document, ``completing`` documents, or ``uploading`` files. Each line is one call that
has returned, written after that and never before; one that failed is said to have.
"""

import json
import sys
import uuid
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import Any

import anyio

from stackdocs_mcp.core.errors import StoreFailed
from stackdocs_mcp.core.files import Files
from stackdocs_mcp.core.model import Completion, NewDocument
from stackdocs_mcp.core.ports import StackStore
from stackdocs_mcp.stores.supabase.project import SigningKey
from stackdocs_mcp.stores.supabase.store import open_store
from tests.stores.builders import ALICE, binding, setting
from tests.stores.embedded.writing_process import say
from tests.supabase.working_process import now

Doing = Callable[[StackStore, Files, str], AsyncGenerator[str, None]]


async def writing(repo: StackStore, files: Files, name: str) -> AsyncGenerator[str, None]:
    """``REVISION PATH VALUE`` for each write of two fields."""
    sha256, size = await files.put_bytes(b"shared", 99)
    document, _ = await repo.add_document(NewDocument("shared.txt", sha256, size))
    document = await repo.finish(document.id)
    number = 0
    while True:
        number += 1
        path = f"{name}.rows[{number % 7}].n"
        writes = [setting(path, number), setting("shared", f"{name} {number}")]
        results = await repo.write(document.id, writes)
        yield f"{results[0].revision} {path} {number}"


async def completing(repo: StackStore, files: Files, name: str) -> AsyncGenerator[str, None]:
    """``ID`` for each document that was completed."""
    number = 0
    while True:
        number += 1
        text = f"{name} {number}"
        sha256, size = await files.put_bytes(text.encode(), 99)
        document, _ = await repo.add_document(NewDocument(f"{text}.txt", sha256, size))
        await repo.finish(document.id)
        await repo.write(document.id, [setting("total", number)])
        await repo.complete(document.id, revision=1, completion=Completion(reason=text))
        yield document.id


async def uploading(repo: StackStore, files: Files, name: str) -> AsyncGenerator[str, None]:
    """``ID SHA256`` for each document that was added."""
    number = 0
    while True:
        number += 1
        text = f"{name} {number} " * 50
        sha256, size = await files.put_bytes(text.encode(), 10_000)
        document, _ = await repo.add_document(NewDocument(f"{number}.txt", sha256, size))
        yield f"{document.id} {sha256}"


DOINGS: dict[str, Doing] = {
    "writing": writing,
    "completing": completing,
    "uploading": uploading,
}


async def do(config: dict[str, Any]) -> None:
    store = await open_store(
        config["url"],
        config["publishable_key"],
        SigningKey(config["key"]),
        clock=now,
        folder=Path(config["folder"]),
    )
    stack = await store.open_stack(ALICE, config["what"])
    bound = binding(ALICE, stack.id)
    say("ready")
    while True:
        name = f"p{uuid.uuid4().hex[:6]}"
        try:
            async for line in DOINGS[config["what"]](store.bind(bound), store.files(bound), name):
                say(line)
        except StoreFailed as error:
            say(f"failed: {error.message}")


if __name__ == "__main__":
    anyio.run(do, json.loads(sys.argv[1]))
