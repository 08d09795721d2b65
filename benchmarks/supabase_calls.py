"""What a tool call costs on a Supabase project, against the bare call of the same function.

    python -m benchmarks.supabase_calls [ROUNDS]

Starts a project as the tests do. In each round each tool is called 60 times in turn, and beside it,
over the same client and connections, the function that it calls, with the arguments that it sends:
what is between them is the use case, its checks, minting, and reading the answer. Printed are the
medians and the median of the rounds' ratios; the goal is 1.5.
"""

import json
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import anyio

from stackdocs_mcp.core.binding import Binding, Right
from stackdocs_mcp.core.model import DocumentId, DocumentStatus
from stackdocs_mcp.server.compose import running
from stackdocs_mcp.settings import Settings
from stackdocs_mcp.stores.supabase.project import Caller
from stackdocs_mcp.stores.supabase.rest import Rest
from stackdocs_mcp.stores.supabase.store import SupabaseStore
from stackdocs_mcp.workspace import Workspace
from stackdocs_mcp.workspace.adding import add_document
from stackdocs_mcp.workspace.browsing import list_documents
from stackdocs_mcp.workspace.reading import read_ocr
from stackdocs_mcp.workspace.writing import Entry, set_fields
from tests.supabase.rig import Rig, running as project

CALLS = 60
DOCUMENTS = 20
TOOLS = {"sd_documents", "sd_shown", "sd_write_seen"}
"""What the tools call; whoever reads documents calls others meanwhile."""
Call = Callable[[int], Awaitable[object]]


class Heard:
    """The last call of a tool's function, and another document for the bare one to write."""

    def __init__(self, rest: Rest, other: DocumentId) -> None:
        self._call = rest.call
        self.caller = Caller("authenticated")
        self.function = ""
        self.arguments: Mapping[str, Any] = {}
        self.other = other
        self.revision = 0
        rest.call = self.hear  # type: ignore[method-assign]

    async def hear(
        self, caller: Caller, function: str, arguments: Mapping[str, Any], *, again: bool = True
    ) -> Any:
        answer = await self._call(caller, function, arguments, again=again)
        if function in TOOLS:
            self.caller, self.function, self.arguments = caller, function, arguments
        return answer


async def bare(rest: Rest, heard: Heard, arguments: Mapping[str, Any]) -> Any:
    """The same function, and nothing around it."""
    answer = await rest.http.post(
        f"{rest.url}/rest/v1/rpc/{heard.function}",
        json=arguments,
        headers=rest.headers(heard.caller),
    )
    answer.raise_for_status()
    return answer.json()


async def compare(
    name: str, tool: Call, rest: Rest, heard: Heard, rounds: int
) -> tuple[str, float, float, float]:
    """Seconds of the tool, of the bare function, and the ratio."""
    tools, bares, ratios = [], [], []
    for number in range(rounds):
        own, other = [], []
        for count in range(CALLS):
            began = time.perf_counter()
            await tool(number * CALLS + count)
            own.append(time.perf_counter() - began)
            arguments = again(heard, count)
            began = time.perf_counter()
            answer = await bare(rest, heard, arguments)
            other.append(time.perf_counter() - began)
            if isinstance(answer, dict):
                heard.revision = answer.get("revision", 0)
        tools += own
        bares += other
        ratios.append(statistics.median(own) / statistics.median(other))
    return name, statistics.median(tools), statistics.median(bares), statistics.median(ratios)


def again(heard: Heard, count: int) -> dict[str, Any]:
    """The arguments as another call has them, which writes another value at the new revision."""
    arguments = dict(heard.arguments)
    arguments["p_call"] = {**arguments["p_call"], "id": str(uuid.uuid4())}
    if "p_runs" in arguments:
        (run,) = arguments["p_runs"]
        (write,) = run
        ((path, text),) = write["leaves"]
        changed = text.replace("INV-", f"INV-{count}-")
        arguments["p_runs"] = [[{**write, "leaves": [[path, changed]]}]]
        arguments |= {"p_document": heard.other, "p_revision": heard.revision}
    return arguments


async def filled(workspace: Workspace, files: Path) -> list[DocumentId]:
    """The documents of the stack, which are still to be read."""
    made = []
    for number in range(DOCUMENTS):
        path = files / f"{number}.txt"
        path.write_text(f"Invoice INV-{number}\nTotal {number}.50\n" + "a line of words\n" * 200)
        made.append((await add_document(workspace, path.name)).document.id)
    return made


async def main(rig: Rig, rounds: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        files = Path(folder, "files")
        files.mkdir()
        settings = Settings.model_validate(
            {
                "data_dir": Path(folder, "data"),
                "supabase_url": rig.url,
                "supabase_publishable_key": rig.publishable_key,
                "supabase_signing_key": json.dumps(rig.key),
            }
        )
        async with running(settings) as app:
            assert isinstance(app.store, SupabaseStore)
            rest = app.store._rest  # noqa: SLF001  what it calls is listened to
            stack = await app.open_stack()
            binding = Binding(app.user, stack.id, frozenset(Right))
            workspace = app.shared.workspace(binding, (files,))
            app.tasks.start_soon(app.read_everything)
            document, other, *_ = await filled(workspace, files)
            while await workspace.store.documents(status=DocumentStatus.PROCESSING, limit=1):
                await anyio.lowlevel.checkpoint()
            heard = Heard(rest, other)

            async def set_field(number: int) -> object:
                entry = Entry("number", f"INV-{number}")
                return await set_fields(workspace, document, [entry], dry_run=False)

            tools: dict[str, Call] = {
                "list_documents": lambda _: list_documents(workspace, limit=20),
                "read_ocr": lambda _: read_ocr(workspace, document),
                "set_field": set_field,
            }
            for name, tool in tools.items():
                for number in range(3):
                    await tool(-1 - number)
                found = await compare(name, tool, rest, heard, rounds)
                _, took, bare_took, ratio = found
                times = f"{took * 1000:7.2f} ms   bare {bare_took * 1000:7.2f} ms"
                print(f"{name:16} {times}   ratio {ratio:.2f}")


if __name__ == "__main__":
    with project() as started:
        anyio.run(main, started, int(sys.argv[1]) if len(sys.argv) > 1 else 5)
