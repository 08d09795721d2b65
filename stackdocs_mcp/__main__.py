"""``python -m stackdocs_mcp`` is ``stackdocs-mcp``."""

import sys

from stackdocs_mcp.cli import main

if __name__ == "__main__":  # spawned children import this module again
    sys.exit(main())
