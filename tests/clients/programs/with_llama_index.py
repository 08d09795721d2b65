"""LlamaIndex, with function tools made from the schemas but no model; a session for each call."""

from llama_index.tools.mcp import BasicMCPClient, McpToolSpec
from worker import JSON, Answer, Line, run


async def program(line: Line) -> None:
    job = line.job
    if "url" in job:
        client = BasicMCPClient(job["url"], headers=job["headers"])
    else:
        command, *arguments = job["command"]
        client = BasicMCPClient(command, args=arguments, env=job["environment"])
    tools = await McpToolSpec(client).to_tool_list_async()
    by_name = {tool.metadata.name: tool for tool in tools}
    for tool in tools:
        tool.metadata.to_openai_tool()  # what a model would be told of it

    async def call(tool: str, arguments: JSON) -> Answer:
        output = await by_name[tool].acall(**arguments)
        return output.content, bool(output.is_error or output.raw_output.is_error)

    await line.work(list(by_name), call)


run(program)
