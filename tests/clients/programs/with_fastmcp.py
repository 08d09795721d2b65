"""FastMCP's client."""

import json

from fastmcp import Client
from fastmcp.client.transports import StdioTransport, StreamableHttpTransport
from worker import JSON, Answer, Line, run, texts


async def program(line: Line) -> None:
    job = line.job
    if "url" in job:
        transport = StreamableHttpTransport(job["url"], headers=job["headers"])
    else:
        command, *arguments = job["command"]
        transport = StdioTransport(command, arguments, env=job["environment"], keep_alive=False)

    async with Client(transport) as client:

        async def call(tool: str, arguments: JSON) -> Answer:
            result = await client.call_tool(tool, arguments, raise_on_error=False)
            if result.structured_content is not None and not result.is_error:
                return json.dumps(result.structured_content), False
            return texts(result.content), bool(result.is_error)

        await line.work([tool.name for tool in await client.list_tools()], call)


run(program)
