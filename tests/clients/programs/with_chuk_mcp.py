"""chuk-mcp, which implements the protocol itself."""

from typing import Any

from chuk_mcp.client.connection import connect_to_server
from chuk_mcp.transports.http.parameters import StreamableHTTPParameters
from chuk_mcp.transports.http.transport import StreamableHTTPTransport
from chuk_mcp.transports.stdio import StdioParameters
from worker import JSON, Answer, Line, run


def _text(block: Any) -> str:
    return block.get("text", "") if isinstance(block, dict) else getattr(block, "text", "")


async def program(line: Line) -> None:
    job = line.job
    if "url" in job:
        server = StreamableHTTPTransport(
            StreamableHTTPParameters(url=job["url"], headers=job["headers"])
        )
    else:
        command, *arguments = job["command"]
        server = StdioParameters(command=command, args=arguments, env=job["environment"])

    async with connect_to_server(server) as client:

        async def call(tool: str, arguments: JSON) -> Answer:
            result = await client.call_tool(tool, arguments)
            return "\n".join(_text(block) for block in result.content), bool(result.isError)

        await line.work([tool.name for tool in await client.list_tools()], call)


run(program)
