"""The least that an MCP server over streamable HTTP can be with the same SDK: for http_calls.py.

    python benchmarks/bare_http.py PORT constant
    python benchmarks/bare_http.py PORT DATA_FOLDER USER STACK

No gate, no token, no check. It answers list_documents: with a constant, or with what the product's
own use case finds in the data folder for this user and stack.
"""

import sys
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import anyio
import mcp_types as types
import uvicorn
from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings

from stackdocs_mcp.core.binding import Binding, Right, StackId, UserId
from stackdocs_mcp.server.compose import running
from stackdocs_mcp.settings import Settings
from stackdocs_mcp.tools.reading import list_documents
from stackdocs_mcp.tools.table import TOOLS

Work = Callable[[], Awaitable[tuple[str, dict[str, Any]]]]
NOTHING: dict[str, Any] = {"documents": [], "next_cursor": None}


async def constant() -> tuple[str, dict[str, Any]]:
    return "0 documents", NOTHING


def server_of(work: Work) -> Server[Any]:
    schema: dict[str, Any] = {"type": "object"}

    async def list_tools(_context: Any, _params: Any) -> types.ListToolsResult:
        return types.ListToolsResult(tools=[types.Tool(name="list_documents", input_schema=schema)])

    async def call_tool(_context: Any, _params: Any) -> types.CallToolResult:
        text, content = await work()
        return types.CallToolResult(
            content=[types.TextContent(text=text)], structured_content=content
        )

    return Server(
        "bare",
        on_list_tools=list_tools,
        on_call_tool=call_tool,
        get_tool_input_schema={"list_documents": schema}.get,
    )


async def main(port: int, *given: str) -> None:
    async with AsyncExitStack() as open_:
        work: Work = constant
        if given != ("constant",):
            folder, user, stack = given
            app = await open_.enter_async_context(running(Settings(data_dir=Path(folder))))
            binding = Binding(UserId(user), StackId(stack), frozenset(Right))
            arguments = TOOLS["list_documents"].arguments

            async def found() -> tuple[str, dict[str, Any]]:
                answer = await list_documents(
                    app.shared.workspace(binding),
                    arguments.model_validate({}),  # type: ignore[arg-type]
                )
                assert answer.content is not None
                return answer.summary, answer.content.model_dump(mode="json", by_alias=True)

            work = found
        manager = StreamableHTTPSessionManager(
            server_of(work),
            stateless=True,
            security_settings=TransportSecuritySettings(enable_dns_rebinding_protection=False),
        )
        await open_.enter_async_context(manager.run())
        config = uvicorn.Config(
            manager.handle_request,
            interface="asgi3",
            http="h11",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=30,
            host="127.0.0.1",
            port=port,
        )
        await uvicorn.Server(config).serve()


if __name__ == "__main__":
    anyio.run(main, int(sys.argv[1]), *sys.argv[2:])
