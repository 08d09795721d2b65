"""Google's Agent Development Kit, with its tools but no model."""

import json
from types import SimpleNamespace

from google.adk.tools.mcp_tool import McpToolset, StdioConnectionParams
from google.adk.tools.mcp_tool.mcp_session_manager import StreamableHTTPConnectionParams
from mcp import StdioServerParameters
from worker import JSON, Answer, Line, run


async def program(line: Line) -> None:
    job = line.job
    if "url" in job:
        connection = StreamableHTTPConnectionParams(url=job["url"], headers=job["headers"])
    else:
        command, *arguments = job["command"]
        server = StdioServerParameters(command=command, args=arguments, env=job["environment"])
        connection = StdioConnectionParams(server_params=server, timeout=30)
    toolset = McpToolset(connection_params=connection)
    by_name = {tool.name: tool for tool in await toolset.get_tools()}
    for tool in by_name.values():
        assert tool._get_declaration() is not None  # what a model would be told of it

    async def call(tool: str, arguments: JSON) -> Answer:
        context = SimpleNamespace(tool_confirmation=None, state={}, function_call_id="1")
        answer = await by_name[tool].run_async(args=arguments, tool_context=context)
        return json.dumps(answer), bool(answer.get("isError"))

    try:
        await line.work(list(by_name), call)
    finally:
        await toolset.close()


run(program)
