"""The command line. Data goes to standard output, everything else to standard error.

commands    what can be typed; imports nothing else, so that ``--help`` is instant
barrier     the one place where errors, signals and broken pipes become messages and exit codes
the rest    a module for each command, or for a few that belong together
"""

import sys


def main() -> int:
    """Run the command line of this process and give its exit code: 0, 1 failed, 2 usage."""
    from stackdocs_mcp.cli.barrier import guarded, leave  # noqa: PLC0415  importing cli is free
    from stackdocs_mcp.cli.commands import cli  # noqa: PLC0415

    return leave(guarded(cli, sys.argv[1:]))


__all__ = ["main"]
