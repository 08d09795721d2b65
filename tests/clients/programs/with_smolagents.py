"""smolagents, with its tools but no model; they are not asynchronous."""

import asyncio
import json

from mcp import StdioServerParameters
from smolagents import MCPClient
from worker import JSON, Answer, Line, run


async def program(line: Line) -> None:
    job = line.job
    if "url" in job:
        server = {"transport": "streamable-http", "url": job["url"], "headers": job["headers"]}
    else:
        command, *arguments = job["command"]
        server = StdioServerParameters(command=command, args=arguments, env=job["environment"])

    with MCPClient(server, structured_output=True) as tools:
        by_name = {tool.name: tool for tool in tools}

        async def call(tool: str, arguments: JSON) -> Answer:
            said = await asyncio.to_thread(by_name[tool], **arguments)
            # What has failed comes as text like any other.
            return said if isinstance(said, str) else json.dumps(said), False

        await line.work(list(by_name), call)


run(program)
