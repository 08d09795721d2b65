"""The suite's fixtures laid over the product's server, which answers all that is not theirs."""

import os
from collections.abc import Awaitable, Callable
from typing import Any, Final

import mcp_types as types
from mcp.server import Server
from mcp.server.request_state import RequestStateBoundary, RequestStateSecurity
from mcp.server.subscriptions import (
    InMemorySubscriptionBus,
    ListenHandler,
    PromptsListChanged,
    ServerEvent,
    ToolsListChanged,
)

from tests.conformance import answering, asking
from tests.conformance.answering import Called, Context, Tool, text

_ANYTHING: Final = {"type": "object"}
_SCHEMAS: Final[dict[str, dict[str, Any]]] = {
    "json_schema_2020_12_tool": {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "$defs": {
            "address": {
                "$anchor": "addressDef",
                "type": "object",
                "properties": {"street": {"type": "string"}, "city": {"type": "string"}},
            }
        },
        "properties": {
            "name": {"type": "string"},
            "address": {"$ref": "#/$defs/address"},
            "contactMethod": {"type": "string", "enum": ["phone", "email"]},
            "phone": {"type": "string"},
            "email": {"type": "string"},
        },
        "allOf": [{"anyOf": [{"required": ["phone"]}, {"required": ["email"]}]}],
        "if": {"properties": {"contactMethod": {"const": "phone"}}, "required": ["contactMethod"]},
        "then": {"required": ["phone"]},
        "else": {"required": ["email"]},
        "additionalProperties": False,
    },
    "test_header_argument": {
        "type": "object",
        "properties": {"region": {"type": "string", "x-mcp-header": "Region"}},
        "required": ["region"],
    },
}
"""The tools that the suite wants with a certain schema; the others take anything."""


def with_fixtures(server: Server[Any]) -> Server[Any]:
    """The same server, with the suite's tools, resources and prompts beside its own."""
    bus = InMemorySubscriptionBus()
    tools: dict[str, Tool] = {
        **answering.TOOLS,
        **asking.TOOLS,
        **dict.fromkeys(_SCHEMAS, answering.simple_text),
        "test_trigger_tool_change": _publishing(bus, ToolsListChanged()),
        "test_trigger_prompt_change": _publishing(bus, PromptsListChanged()),
    }
    _discovery(server)
    _tools(server, tools)
    _resources(server)
    _prompts(server)

    async def nothing(_context: Context, _params: types.RequestParams) -> types.EmptyResult:
        return types.EmptyResult()

    add = server.add_request_handler
    add("logging/setLevel", types.SetLevelRequestParams, nothing)
    add("resources/subscribe", types.SubscribeRequestParams, nothing)
    add("resources/unsubscribe", types.UnsubscribeRequestParams, nothing)
    add("subscriptions/listen", types.SubscriptionsListenRequestParams, _listening(server, bus))
    security = RequestStateSecurity(keys=[os.urandom(32)])
    server.middleware.append(RequestStateBoundary(security, default_audience=server.name))
    return server


def _discovery(server: Server[Any]) -> None:
    """Says that the lists of tools and prompts may change: here they are said to."""
    discover_own = _own(server, "server/discover")

    async def on_discover(context: Context, params: types.RequestParams) -> types.DiscoverResult:
        found: types.DiscoverResult = await discover_own(context, params)
        changing = {
            "tools": types.ToolsCapability(list_changed=True),
            "prompts": types.PromptsCapability(list_changed=True),
        }
        capabilities = found.capabilities.model_copy(update=changing)
        return found.model_copy(update={"capabilities": capabilities})

    server.add_request_handler("server/discover", types.RequestParams, on_discover)


def _tools(server: Server[Any], tools: dict[str, Tool]) -> None:
    list_own, call_own = _own(server, "tools/list"), _own(server, "tools/call")
    schema_own = server.get_tool_input_schema
    assert schema_own is not None
    server.get_tool_input_schema = lambda name: _SCHEMAS.get(name) or schema_own(name)

    async def on_list(
        context: Context, params: types.PaginatedRequestParams
    ) -> types.ListToolsResult:
        listed: types.ListToolsResult = await list_own(context, params)
        added = [
            types.Tool(
                name=name,
                description=f"The suite's {name}.",
                input_schema=_SCHEMAS.get(name, _ANYTHING),
            )
            for name in tools
        ]
        return listed.model_copy(update={"tools": [*listed.tools, *added]})

    async def on_call(context: Context, params: types.CallToolRequestParams) -> Called:
        tool = tools.get(params.name)
        if tool is not None:
            return await tool(context, params)
        called: Called = await call_own(context, params)
        return called

    server.add_request_handler("tools/list", types.PaginatedRequestParams, on_list)
    server.add_request_handler("tools/call", types.CallToolRequestParams, on_call)


def _resources(server: Server[Any]) -> None:
    list_own = _own(server, "resources/list")
    templates_own = _own(server, "resources/templates/list")
    read_own = _own(server, "resources/read")

    async def on_list(
        context: Context, params: types.PaginatedRequestParams
    ) -> types.ListResourcesResult:
        listed: types.ListResourcesResult = await list_own(context, params)
        return listed.model_copy(update={"resources": [*listed.resources, *answering.RESOURCES]})

    async def on_templates(
        context: Context, params: types.PaginatedRequestParams
    ) -> types.ListResourceTemplatesResult:
        listed: types.ListResourceTemplatesResult = await templates_own(context, params)
        both = [*listed.resource_templates, *answering.TEMPLATES]
        return listed.model_copy(update={"resource_templates": both})

    async def on_read(
        context: Context, params: types.ReadResourceRequestParams
    ) -> types.ReadResourceResult | types.InputRequiredResult:
        found = answering.read(params.uri)
        if found is not None:
            return found
        held: types.ReadResourceResult = await read_own(context, params)
        return held

    add = server.add_request_handler
    add("resources/list", types.PaginatedRequestParams, on_list)
    add("resources/templates/list", types.PaginatedRequestParams, on_templates)
    add("resources/read", types.ReadResourceRequestParams, on_read)


def _prompts(server: Server[Any]) -> None:
    list_own, get_own = _own(server, "prompts/list"), _own(server, "prompts/get")

    async def on_list(
        context: Context, params: types.PaginatedRequestParams
    ) -> types.ListPromptsResult:
        listed: types.ListPromptsResult = await list_own(context, params)
        return listed.model_copy(update={"prompts": [*listed.prompts, *answering.PROMPTS]})

    async def on_get(
        context: Context, params: types.GetPromptRequestParams
    ) -> types.GetPromptResult | types.InputRequiredResult:
        if params.name == "test_input_required_result_prompt":
            given = params.input_responses or {}
            if not all(asking.answers(one, given.get(key)) for key, one in asking.CONTEXT.items()):
                return asking.needed(asking.CONTEXT)
            return answering.messages(types.TextContent(text="The prompt, in its context."))
        found = answering.prompt(params.name, params.arguments or {})
        if found is not None:
            return found
        own: types.GetPromptResult = await get_own(context, params)
        return own

    async def on_complete(
        _context: Context, _params: types.CompleteRequestParams
    ) -> types.CompleteResult:
        return types.CompleteResult(completion=types.Completion(values=[], has_more=False))

    add = server.add_request_handler
    add("prompts/list", types.PaginatedRequestParams, on_list)
    add("prompts/get", types.GetPromptRequestParams, on_get)
    add("completion/complete", types.CompleteRequestParams, on_complete)


def _own(server: Server[Any], method: str) -> Callable[[Context, Any], Awaitable[Any]]:
    """What the product answers with; it has an answer to whatever is laid over here."""
    entry = server.get_request_handler(method)
    assert entry is not None, method
    return entry.handler


def _listening(
    server: Server[Any], bus: InMemorySubscriptionBus
) -> Callable[[Context, types.SubscriptionsListenRequestParams], Awaitable[Any]]:
    """Changes of lists, which the product has none of, are the suite's; all else the product's."""
    listen_own, listen = _own(server, "subscriptions/listen"), ListenHandler(bus)

    async def run(context: Context, params: types.SubscriptionsListenRequestParams) -> Any:
        wanted = params.notifications
        is_of_lists = wanted.tools_list_changed or wanted.prompts_list_changed
        return await (listen if is_of_lists else listen_own)(context, params)

    return run


def _publishing(bus: InMemorySubscriptionBus, event: ServerEvent) -> Tool:
    async def run(_context: Context, _params: types.CallToolRequestParams) -> Called:
        await bus.publish(event)
        return text("Changed.")

    return run
