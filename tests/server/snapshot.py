"""Writes what tools/list says: python -m tests.server.snapshot > stackdocs_mcp/tools/listed.json"""

import json
import sys

from stackdocs_mcp.tools import TOOLS


def text() -> str:
    """The listing that the models give today."""
    described = [tool.described() for tool in TOOLS.values()]
    return json.dumps(described, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(text())
