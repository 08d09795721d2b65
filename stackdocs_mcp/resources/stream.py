"""``subscriptions/listen``: one call is one stream of change notifications, of one stack."""

from collections.abc import Iterable, Sequence
from typing import Any

import mcp_types as types
from mcp.server import ServerRequestContext
from mcp.shared.subscriptions import (
    SUBSCRIPTION_ID_META_KEY,
    ResourcesListChanged,
    ResourceUpdated,
    ServerEvent,
    event_to_notification,
)

from stackdocs_mcp.core.errors import InvalidArgument, StackdocsError
from stackdocs_mcp.core.events import About, Event
from stackdocs_mcp.resources.listing import addressed
from stackdocs_mcp.resources.resource import Address, ResourceNotFound
from stackdocs_mcp.resources.wanted import Wanted
from stackdocs_mcp.workspace import Workspace, auditing

MAX_URIS = 500


async def listen(
    context: ServerRequestContext[Any],
    workspace: Workspace,
    asked: types.SubscriptionFilter,
    request: str,
    expires_at: float | None,
) -> types.SubscriptionsListenResult:
    """Acknowledge what will be told, then tell it, until listening is over.

    What is no resource of the bound stack, foreign or unknown, is left out of the acknowledgement,
    and the first of those is kept as refused. So are the lists of tools and prompts left out, which
    are those of the release. Raises InvalidArgument for more than 500 addresses, and what
    ``Listeners.listen`` raises.
    """
    meta: dict[str, Any] = {SUBSCRIPTION_ID_META_KEY: context.request_id}
    addresses = await _own(workspace, asked.resource_subscriptions or (), request)
    wanted = Wanted(addresses)
    honoured = types.SubscriptionFilter(
        resources_list_changed=asked.resources_list_changed or None,
        resource_subscriptions=[one.uri for one in addresses] or None,
    )

    def signals(event: Event) -> Iterable[ServerEvent]:
        if event.about is About.DOCUMENTS:
            return (ResourcesListChanged(),) if honoured.resources_list_changed else ()
        return (ResourceUpdated(uri) for uri in wanted.updated(event))

    async def send(notification: types.ServerNotification) -> None:
        await context.session.send_notification(notification, related_request_id=context.request_id)

    async def acknowledge() -> None:
        params = types.SubscriptionsAcknowledgedNotificationParams(
            notifications=honoured, _meta=meta
        )
        await send(types.SubscriptionsAcknowledgedNotification(params=params))

    async def tell(event: ServerEvent) -> None:
        await send(event_to_notification(event, meta))

    await workspace.shared.listeners.listen(
        workspace.binding, signals, acknowledge, tell, expires_at
    )
    return types.SubscriptionsListenResult(_meta=meta)


async def _own(workspace: Workspace, uris: Sequence[str], request: str) -> list[Address]:
    """Those that are resources of the bound stack, each once."""
    if len(uris) > MAX_URIS:
        raise InvalidArgument(
            f"{len(uris)} addresses are too many for one stream",
            f"Listen to at most {MAX_URIS}, and to resources/list_changed.",
        )
    found: list[Address] = []
    refused: StackdocsError | None = None
    for uri in dict.fromkeys(uris):
        try:
            found.append(await addressed(uri).found(workspace))
        except ResourceNotFound as error:
            refused = refused or error
    if refused is not None:
        store, binding = workspace.shared.store, workspace.binding
        await auditing.refused(store, binding, request, "subscriptions/listen", refused)
    return found
