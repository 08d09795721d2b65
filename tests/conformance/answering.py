"""The suite's fixtures that answer at once: tools, resources and prompts with fixed content."""

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import mcp_types as types
from mcp.server import ServerRequestContext
from mcp.shared.exceptions import MCPError

Context = ServerRequestContext[Any]
Called = types.CallToolResult | types.InputRequiredResult
Tool = Callable[[Context, types.CallToolRequestParams], Awaitable[Called]]

# One red pixel, and no sound.
PNG: Final = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8"
    "z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg=="
)
WAV: Final = "UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAAB9AAACABAAZGF0YQIAAAA="

TEMPLATE: Final = "test://template/{id}/data"
WATCHED: Final = "test://watched-resource"
_FROM_TEMPLATE = re.compile(r"test://template/([^/]+)/data\Z")

_TEXTS: Final = {
    "test://static-text": "This is the content of the static text resource.",
    WATCHED: "Watched.",
    "test://example-resource": "An example.",
}


def text(said: str, *, is_error: bool = False) -> types.CallToolResult:
    return types.CallToolResult(content=[types.TextContent(text=said)], is_error=is_error)


async def simple_text(_context: Context, _params: types.CallToolRequestParams) -> Called:
    return text("This is a simple text response for testing.")


async def image(_context: Context, _params: types.CallToolRequestParams) -> Called:
    return types.CallToolResult(content=[types.ImageContent(data=PNG, mime_type="image/png")])


async def audio(_context: Context, _params: types.CallToolRequestParams) -> Called:
    return types.CallToolResult(content=[types.AudioContent(data=WAV, mime_type="audio/wav")])


async def embedded(_context: Context, _params: types.CallToolRequestParams) -> Called:
    held = _embedded("test://embedded-resource", "This is an embedded resource content.")
    return types.CallToolResult(content=[held])


async def mixed(_context: Context, _params: types.CallToolRequestParams) -> Called:
    return types.CallToolResult(
        content=[
            types.TextContent(text="Multiple content types test:"),
            types.ImageContent(data=PNG, mime_type="image/png"),
            _embedded("test://mixed-content-resource", '{"test":"data","value":123}'),
        ]
    )


async def failing(_context: Context, _params: types.CallToolRequestParams) -> Called:
    return text("This tool intentionally returns an error for testing", is_error=True)


async def progress(context: Context, _params: types.CallToolRequestParams) -> Called:
    for done in (0, 50, 100):
        await context.session.report_progress(done, 100)
    return text("Done.")


async def logging(context: Context, _params: types.CallToolRequestParams) -> Called:
    """Three log messages; on 2026-07-28 none, unless this request asked for them."""
    for said in ("Tool execution started", "Tool processing data", "Tool execution completed"):
        await context.session.send_log_message("info", said, related_request_id=context.request_id)
    return text("Logged.")


TOOLS: Final[Mapping[str, Tool]] = {
    "test_simple_text": simple_text,
    "test_image_content": image,
    "test_audio_content": audio,
    "test_embedded_resource": embedded,
    "test_multiple_content_types": mixed,
    "test_error_handling": failing,
    "test_tool_with_progress": progress,
    "test_tool_with_logging": logging,
    "test_logging_tool": logging,
}

RESOURCES: Final = [
    *(
        types.Resource(uri=uri, name=uri.removeprefix("test://"), mime_type="text/plain")
        for uri in _TEXTS
    ),
    types.Resource(uri="test://static-binary", name="static-binary", mime_type="image/png"),
]
TEMPLATES: Final = [
    types.ResourceTemplate(uri_template=TEMPLATE, name="template", mime_type="application/json")
]


def read(uri: str) -> types.ReadResourceResult | None:
    """The fixture at this address, or None for one that is not the suite's."""
    contents: types.TextResourceContents | types.BlobResourceContents
    if uri in _TEXTS:
        contents = types.TextResourceContents(uri=uri, mime_type="text/plain", text=_TEXTS[uri])
    elif uri == "test://static-binary":
        contents = types.BlobResourceContents(uri=uri, mime_type="image/png", blob=PNG)
    elif match := _FROM_TEMPLATE.match(uri):
        held = {"id": match[1], "templateTest": True, "data": f"Data for ID: {match[1]}"}
        contents = types.TextResourceContents(
            uri=uri, mime_type="application/json", text=json.dumps(held)
        )
    else:
        return None
    return types.ReadResourceResult(contents=[contents])


def _prompt(name: str, *arguments: str) -> types.Prompt:
    wanted = [types.PromptArgument(name=one, required=True) for one in arguments]
    return types.Prompt(name=name, description=f"The suite's {name}.", arguments=wanted)


PROMPTS: Final = [
    _prompt("test_simple_prompt"),
    _prompt("test_prompt_with_arguments", "arg1", "arg2"),
    _prompt("test_prompt_with_embedded_resource", "resourceUri"),
    _prompt("test_prompt_with_image"),
    _prompt("test_input_required_result_prompt"),
]


def prompt(name: str, given: Mapping[str, str]) -> types.GetPromptResult | None:
    """The messages of a fixture that needs no input, or None for another prompt."""
    contents: list[types.ContentBlock]
    if name == "test_simple_prompt":
        contents = [types.TextContent(text="This is a simple prompt for testing.")]
    elif name == "test_prompt_with_arguments":
        first, second = (_given(given, one) for one in ("arg1", "arg2"))
        said = f"Prompt with arguments: arg1='{first}', arg2='{second}'"
        contents = [types.TextContent(text=said)]
    elif name == "test_prompt_with_embedded_resource":
        contents = [
            _embedded(_given(given, "resourceUri"), "Embedded resource content for testing."),
            types.TextContent(text="Please process the embedded resource above."),
        ]
    elif name == "test_prompt_with_image":
        contents = [
            types.ImageContent(data=PNG, mime_type="image/png"),
            types.TextContent(text="Please analyze the image above."),
        ]
    else:
        return None
    return messages(*contents)


def messages(*contents: types.ContentBlock) -> types.GetPromptResult:
    return types.GetPromptResult(
        messages=[types.PromptMessage(role="user", content=one) for one in contents]
    )


def _given(arguments: Mapping[str, str], name: str) -> str:
    if name not in arguments:
        raise MCPError(types.INVALID_PARAMS, f"The argument {name} is missing.")
    return arguments[name]


def _embedded(uri: str, said: str) -> types.EmbeddedResource:
    held = types.TextResourceContents(uri=uri, mime_type="text/plain", text=said)
    return types.EmbeddedResource(resource=held)
