"""Connections of the HTTP server: how they are taken, how long they may dally, how many there are."""

import os
import socket

BACKLOG = 2048


def listen(host: str, port: int) -> socket.socket:
    """A socket that takes connections on one address. Raises OSError for one that is not free.

    It says that it is TCP: asyncio sends small packets at once only on sockets that do, and an
    answer of two packets would wait 40 ms for the client to acknowledge the first.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":  # elsewhere it would take an address that another process has
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        bound.bind((host, port))
        bound.listen(BACKLOG)
    except BaseException:
        bound.close()
        raise
    return bound
