"""A proxy in front of several replicas that gives each connection to the next one."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import anyio
from anyio.abc import SocketAttribute, SocketStream


@dataclass
class Forwarder:
    """Where it listens, the replicas behind it, and how often each was asked."""

    port: int = 0
    replicas: list[int] = field(default_factory=list)
    asked: dict[int, int] = field(default_factory=dict)

    async def forward(self, client: SocketStream) -> None:
        """Pass on both directions until one ends."""
        port = self.replicas[sum(self.asked.values()) % len(self.replicas)]
        self.asked[port] = self.asked.get(port, 0) + 1
        async with (
            client,
            await anyio.connect_tcp("127.0.0.1", port) as server,
            anyio.create_task_group() as tasks,
        ):

            async def pipe(source: SocketStream, target: SocketStream) -> None:
                try:
                    async for part in source:
                        await target.send(part)
                except (anyio.BrokenResourceError, anyio.ClosedResourceError):
                    pass
                tasks.cancel_scope.cancel()

            tasks.start_soon(pipe, client, server)
            tasks.start_soon(pipe, server, client)


@asynccontextmanager
async def forwarding() -> AsyncIterator[Forwarder]:
    """A forwarder that listens; its replicas are added when they do."""
    found = Forwarder()
    async with (
        await anyio.create_tcp_listener(local_host="127.0.0.1") as listener,
        anyio.create_task_group() as tasks,
    ):
        found.port = listener.extra(SocketAttribute.local_port)
        tasks.start_soon(listener.serve, found.forward)
        yield found
        tasks.cancel_scope.cancel()
