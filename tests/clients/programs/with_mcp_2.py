"""The Python SDK's second generation; ``option`` is its mode, auto or legacy."""

import contextlib

import httpx2
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client
from worker import JSON, Answer, Line, run, texts


async def program(line: Line) -> None:
    job = line.job
    async with contextlib.AsyncExitStack() as open_:
        if "url" in job:
            http = await open_.enter_async_context(httpx2.AsyncClient(headers=job["headers"]))
            streams = streamable_http_client(job["url"], http_client=http)
        else:
            command, *arguments = job["command"]
            streams = stdio_client(
                StdioServerParameters(command=command, args=arguments, env=job["environment"])
            )
        client = await open_.enter_async_context(Client(streams, mode=job["option"]))

        async def call(tool: str, arguments: JSON) -> Answer:
            result = await client.call_tool(tool, arguments)
            return texts(result.content), bool(result.is_error)

        tools = (await client.list_tools()).tools
        await line.work([tool.name for tool in tools], call)


run(program)
