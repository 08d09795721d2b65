"""The OpenAI Agents SDK, with its own function tools but no model."""

import json

from agents import Agent, RunContextWrapper
from agents.mcp import MCPServerStdio, MCPServerStreamableHttp, MCPUtil
from agents.tool_context import ToolContext
from worker import JSON, Answer, Line, run


async def program(line: Line) -> None:
    job = line.job
    if "url" in job:
        server = MCPServerStreamableHttp({"url": job["url"], "headers": job["headers"]})
    else:
        command, *arguments = job["command"]
        server = MCPServerStdio({"command": command, "args": arguments, "env": job["environment"]})

    async with server:
        agent = Agent("extractor", mcp_servers=[server])
        tools = await MCPUtil.get_function_tools(server, True, RunContextWrapper(None), agent)
        by_name = {tool.name: tool for tool in tools}

        async def call(tool: str, arguments: JSON) -> Answer:
            given = json.dumps(arguments)
            context = ToolContext(None, tool_name=tool, tool_call_id="1", tool_arguments=given)
            seen = await by_name[tool].on_invoke_tool(context, given)
            # A part with text, or several; that a call has failed stands in the text alone.
            parts = seen if isinstance(seen, list) else [seen]
            said = [part if isinstance(part, str) else part["text"] for part in parts]
            return "\n".join(said), False

        await line.work(list(by_name), call)


run(program)
