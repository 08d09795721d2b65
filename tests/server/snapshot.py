"""Writes the snapshot of tools/list: python -m tests.server.snapshot > tests/server/tools.json"""

import json
import sys

from stackdocs_mcp.tools import TOOLS


def main() -> None:
    listed = [
        tool.listed.model_dump(mode="json", by_alias=True, exclude_none=True)
        for tool in TOOLS.values()
    ]
    json.dump(listed, sys.stdout, indent=1, ensure_ascii=False)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
