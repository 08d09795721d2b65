"""What ``tools/list`` says, from the file ``listed.json`` that is kept beside the table.

Working it out from the models takes as long as the rest of this package takes to start, and gives
the same each time. So it is worked out when a tool changes; a test holds the two together.
"""

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType

import mcp_types as types


@cache
def listed() -> Mapping[str, types.Tool]:
    """Every tool by name as clients see it, in the order of the table."""
    text = files("stackdocs_mcp.tools").joinpath("listed.json").read_text(encoding="utf-8")
    tools = [types.Tool.model_validate(one) for one in json.loads(text)]
    return MappingProxyType({tool.name: tool for tool in tools})
