"""What ``tools/list`` says, from files that are kept beside the table.

Working it out from the models takes as long as the rest of this package takes to start, and gives
the same each time. So it is worked out when a tool changes; a test holds the two together.
"""

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType

import mcp_types as types

FILE, LINKED_FILE = "listed.json", "listed_linked.json"


@cache
def listed() -> Mapping[str, types.Tool]:
    """Every tool by name as clients on this machine see it, in the order of the table."""
    return MappingProxyType(_read(FILE))


@cache
def listed_linked() -> Mapping[str, types.Tool]:
    """The same for clients on other machines."""
    return MappingProxyType({**listed(), **_read(LINKED_FILE)})


def _read(name: str) -> dict[str, types.Tool]:
    text = files("stackdocs_mcp.tools").joinpath(name).read_text(encoding="utf-8")
    tools = [types.Tool.model_validate(one) for one in json.loads(text)]
    return {tool.name: tool for tool in tools}
