"""Runs the commands that it is given, each in a copy of this process that has imported all of it.

Reads a list of command lines from standard input; writes a list of [code, out, err].
"""

import json
import os
import sys
import tempfile
from importlib import import_module

from stackdocs_mcp.cli import main

for _module in ("adding", "commands", "exports", "history", "opening", "schemas", "stacks"):
    import_module(f"stackdocs_mcp.cli.{_module}")
import_module("jsonschema_rs")


def run(arguments: list[str]) -> tuple[int, str, str]:
    """How the command ends, as a shell would see it."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = os.fork()
        if not child:
            os.dup2(out.fileno(), 1)
            os.dup2(err.fileno(), 2)
            sys.argv[1:] = arguments
            code = main()
            sys.stdout.flush()
            os._exit(code)
        _, status = os.waitpid(child, 0)
        said = []
        for file in (out, err):
            file.seek(0)
            said.append(file.read().decode("utf-8"))
        return os.waitstatus_to_exitcode(status), said[0], said[1]


if __name__ == "__main__":
    json.dump([run(one) for one in json.load(sys.stdin)], sys.stdout)
