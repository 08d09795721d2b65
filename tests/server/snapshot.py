"""Writes what tools/list says: python -m tests.server.snapshot > stackdocs_mcp/tools/listed.json

With ``linked``, what is other over HTTP, for listed_linked.json.
"""

import json
import sys

from stackdocs_mcp.tools import LINKED, TOOLS


def text(*, linked: bool = False) -> str:
    """The listing that the models give today."""
    rows = LINKED if linked else TOOLS
    described = [tool.described() for tool in rows.values()]
    return json.dumps(described, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(text(linked="linked" in sys.argv))
