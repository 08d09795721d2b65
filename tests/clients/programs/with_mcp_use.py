"""mcp-use, with the JSON that a user is told to configure; one session for all calls."""

from mcp_use import MCPClient
from worker import JSON, Answer, Line, run, texts


async def program(line: Line) -> None:
    job = line.job
    if "url" in job:
        configuration = job["configuration"]
    else:
        command, *arguments = job["command"]
        server = {"command": command, "args": arguments, "env": job["environment"]}
        configuration = {"mcpServers": {"stackdocs": server}}
    client = MCPClient(configuration)
    session = await client.create_session("stackdocs")

    async def call(tool: str, arguments: JSON) -> Answer:
        result = await session.call_tool(tool, arguments)
        return texts(result.content), bool(result.isError)

    try:
        await line.work([tool.name for tool in await session.list_tools()], call)
    finally:
        await client.close_all_sessions()


run(program)
