"""mcp-use, one session for all calls."""

from mcp_use import MCPClient
from worker import JSON, Answer, Line, run, texts


async def program(line: Line) -> None:
    job = line.job
    if "url" in job:
        server = {"url": job["url"], "headers": job["headers"]}
    else:
        command, *arguments = job["command"]
        server = {"command": command, "args": arguments, "env": job["environment"]}
    client = MCPClient({"mcpServers": {"stackdocs": server}})
    session = await client.create_session("stackdocs")

    async def call(tool: str, arguments: JSON) -> Answer:
        result = await session.call_tool(tool, arguments)
        return texts(result.content), bool(result.isError)

    try:
        await line.work([tool.name for tool in await session.list_tools()], call)
    finally:
        await client.close_all_sessions()


run(program)
