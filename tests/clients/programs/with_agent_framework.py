"""Microsoft's Agent Framework, with its tools but no model."""

from agent_framework import MCPStdioTool, MCPStreamableHTTPTool
from agent_framework.exceptions import ToolExecutionException
from worker import JSON, Answer, Line, run


async def program(line: Line) -> None:
    job = line.job
    if "url" in job:
        server = MCPStreamableHTTPTool("stackdocs", job["url"], static_headers=job["headers"])
    else:
        command, *arguments = job["command"]
        server = MCPStdioTool("stackdocs", command, args=arguments, env=job["environment"])

    async with server:
        by_name = {tool.name: tool for tool in server.functions}

        async def call(tool: str, arguments: JSON) -> Answer:
            try:
                said = await by_name[tool].invoke(arguments=arguments)
            except ToolExecutionException as error:
                return str(error), True
            return "\n".join(content.text for content in said if content.text), False

        await line.work(list(by_name), call)


run(program)
