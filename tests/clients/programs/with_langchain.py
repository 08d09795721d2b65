"""LangChain's adapters, with their tools but no model; a new session for each call."""

from langchain_mcp_adapters.client import MultiServerMCPClient
from worker import JSON, Answer, Line, run


async def program(line: Line) -> None:
    job = line.job
    if "url" in job:
        connection = {"transport": "http", "url": job["url"], "headers": job["headers"]}
    else:
        command, *arguments = job["command"]
        connection = {
            "transport": "stdio",
            "command": command,
            "args": arguments,
            "env": job["environment"],
        }
    tools = await MultiServerMCPClient({"stackdocs": connection}).get_tools()
    by_name = {tool.name: tool for tool in tools}

    async def call(tool: str, arguments: JSON) -> Answer:
        asked = {"type": "tool_call", "id": "1", "name": tool, "args": arguments}
        message = await by_name[tool].ainvoke(asked)
        return message.text, message.status == "error"

    await line.work(list(by_name), call)


run(program)
