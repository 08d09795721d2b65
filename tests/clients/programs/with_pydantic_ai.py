"""Pydantic AI: an agent at work, whose model is a function that asks the run what to do next."""

import json

from fastmcp.client.transports import StdioTransport
from pydantic_ai import Agent
from pydantic_ai.mcp import MCPToolset
from pydantic_ai.messages import (
    ModelMessage,
    ModelResponse,
    RetryPromptPart,
    TextPart,
    ToolCallPart,
)
from pydantic_ai.models.function import AgentInfo, FunctionModel
from worker import Line, run


async def program(line: Line) -> None:
    job = line.job
    if "url" in job:
        toolset = MCPToolset(job["url"], headers=job["headers"])
    else:
        command, *arguments = job["command"]
        toolset = MCPToolset(
            StdioTransport(command, arguments, env=job["environment"], keep_alive=False)
        )

    async def model(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        part = messages[-1].parts[-1]
        if len(messages) == 1:
            asked = await line.ready([tool.name for tool in info.function_tools])
        elif isinstance(part, RetryPromptPart):
            asked = await line.answer(part.model_response(), True)
        else:
            asked = await line.answer(part.model_response_str(), False)
        if asked is None:
            return ModelResponse([TextPart("done")])
        return ModelResponse([ToolCallPart(asked["tool"], json.dumps(asked["arguments"]))])

    agent = Agent(FunctionModel(model), toolsets=[toolset], retries=3)
    async with agent:
        await agent.run("Extract the invoice.")


run(program)
