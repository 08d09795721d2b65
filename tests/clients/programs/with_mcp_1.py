"""The Python SDK's first generation."""

import contextlib
from collections.abc import AsyncIterator

import httpx
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client
from worker import JSON, Answer, Line, run, texts


@contextlib.asynccontextmanager
async def connected(job: JSON) -> AsyncIterator[ClientSession]:
    async with contextlib.AsyncExitStack() as open_:
        if "url" in job:
            http = await open_.enter_async_context(httpx.AsyncClient(headers=job["headers"]))
            streams = streamable_http_client(job["url"], http_client=http)
        else:
            command, *arguments = job["command"]
            streams = stdio_client(
                StdioServerParameters(command=command, args=arguments, env=job["environment"])
            )
        read, write, *_ = await open_.enter_async_context(streams)
        session = await open_.enter_async_context(ClientSession(read, write))
        await session.initialize()
        yield session


async def program(line: Line) -> None:
    async with connected(line.job) as session:

        async def call(tool: str, arguments: JSON) -> Answer:
            result = await session.call_tool(tool, arguments)
            return texts(result.content), bool(result.isError)

        tools = (await session.list_tools()).tools
        await line.work([tool.name for tool in tools], call)


run(program)
