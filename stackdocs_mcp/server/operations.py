"""What a JSON-RPC message needs, decided from the message itself."""

from collections.abc import Callable, Mapping
from typing import Any

from stackdocs_mcp.core.binding import Right
from stackdocs_mcp.tools.tool import Tool

_READING = frozenset({Right.READ})


def needs(tools: Mapping[str, Tool[Any]]) -> Callable[[Mapping[str, Any]], frozenset[Right]]:
    """The rights for each message: a tool's own beside reading.

    Whatever else a client can send only reads: resources, prompts, listings, listening. So does a
    tool that is unknown or not offered here: there is nothing that more scopes would be for.
    """
    rights = {name: _READING | {tool.right} for name, tool in tools.items()}

    def needed(message: Mapping[str, Any]) -> frozenset[Right]:
        if message.get("method") != "tools/call":
            return _READING
        params = message.get("params")
        name = params.get("name") if isinstance(params, dict) else None
        return rights.get(name, _READING) if isinstance(name, str) else _READING

    return needed
