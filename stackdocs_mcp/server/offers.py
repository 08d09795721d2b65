"""Resources, prompts and change notifications: handlers over their tables, for every transport."""

import contextlib
from typing import Any

import mcp_types as types
from mcp.server import Server, ServerRequestContext
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from stackdocs_mcp.core.errors import StackdocsError
from stackdocs_mcp.prompts import answering
from stackdocs_mcp.resources import listing, stream
from stackdocs_mcp.resources.subscriptions import Subscriptions, of_connection
from stackdocs_mcp.server.barrier import guarded, whole_list
from stackdocs_mcp.server.bound import Bound, expiry, request_id

Context = ServerRequestContext[Any]


def offer(server: Server[Any], bound: Bound) -> None:
    """Let the server answer ``resources/*``, ``prompts/*`` and ``subscriptions/listen``."""
    _discover(server)

    async def on_list_resources(
        context: Context, params: types.PaginatedRequestParams
    ) -> types.ListResourcesResult:
        workspace = bound(context)
        found = await listing.listed(workspace, params.cursor)
        if isinstance(context.lifespan_context, Subscriptions) and not _is_modern(context):
            with contextlib.suppress(
                StackdocsError
            ):  # then the list is not told of, but it is there
                await context.lifespan_context.list_changes(workspace, context.session)
        return found

    async def on_list_templates(
        context: Context, params: types.PaginatedRequestParams
    ) -> types.ListResourceTemplatesResult:
        whole_list(params)
        bound(context)
        return listing.templates()

    async def on_read_resource(
        context: Context, params: types.ReadResourceRequestParams
    ) -> types.ReadResourceResult:
        return await listing.read(bound(context), params.uri)

    async def on_list_prompts(
        context: Context, params: types.PaginatedRequestParams
    ) -> types.ListPromptsResult:
        whole_list(params)
        bound(context)
        return answering.listed()

    async def on_get_prompt(
        context: Context, params: types.GetPromptRequestParams
    ) -> types.GetPromptResult:
        return await answering.get(bound(context), params.name, params.arguments or {})

    async def on_listen(
        context: Context, params: types.SubscriptionsListenRequestParams
    ) -> types.SubscriptionsListenResult:
        return await stream.listen(
            context, bound(context), params.notifications, request_id(context), expiry(context)
        )

    add = server.add_request_handler
    add("resources/list", types.PaginatedRequestParams, guarded(on_list_resources, bound))
    add("resources/templates/list", types.PaginatedRequestParams, guarded(on_list_templates, bound))
    add("resources/read", types.ReadResourceRequestParams, guarded(on_read_resource, bound))
    add("prompts/list", types.PaginatedRequestParams, guarded(on_list_prompts, bound))
    add("prompts/get", types.GetPromptRequestParams, guarded(on_get_prompt, bound))
    add("subscriptions/listen", types.SubscriptionsListenRequestParams, guarded(on_listen, bound))


def _discover(server: Server[Any]) -> None:
    """Promise no news of tools and prompts, as the SDK would: they never change."""
    usual = server.get_request_handler("server/discover")
    assert usual is not None

    async def on_discover(context: Context, params: types.RequestParams) -> types.DiscoverResult:
        found = await usual.handler(context, params)
        assert isinstance(found, types.DiscoverResult)
        told = {
            "tools": types.ToolsCapability(list_changed=False),
            "prompts": types.PromptsCapability(list_changed=False),
        }
        return found.model_copy(update={"capabilities": found.capabilities.model_copy(update=told)})

    server.add_request_handler("server/discover", types.RequestParams, on_discover)


def offer_subscriptions(server: Server[Any], bound: Bound) -> None:
    """Let the server take subscriptions as in 2025: each of its runs is one lasting connection."""
    server.lifespan = of_connection

    async def on_subscribe(
        context: Context, params: types.SubscribeRequestParams
    ) -> types.EmptyResult:
        subscriptions: Subscriptions = context.lifespan_context
        await subscriptions.subscribe(bound(context), context.session, params.uri)
        return types.EmptyResult()

    async def on_unsubscribe(
        context: Context, params: types.UnsubscribeRequestParams
    ) -> types.EmptyResult:
        subscriptions: Subscriptions = context.lifespan_context
        subscriptions.unsubscribe(params.uri)
        return types.EmptyResult()

    add = server.add_request_handler
    add("resources/subscribe", types.SubscribeRequestParams, guarded(on_subscribe, bound))
    add("resources/unsubscribe", types.UnsubscribeRequestParams, guarded(on_unsubscribe, bound))


def _is_modern(context: Context) -> bool:
    return context.protocol_version in MODERN_PROTOCOL_VERSIONS
