import ast
from pathlib import Path

import pytest

import stackdocs_mcp
from stackdocs_mcp.core.evidence import messages
from stackdocs_mcp.core.warnings import WARNINGS

SOURCES = Path(stackdocs_mcp.__file__).parent


def said() -> set[str]:
    """The codes of all warnings that are made somewhere, as far as they are written out."""
    found = set(messages._WHY)
    for file in SOURCES.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Warn":
                code = node.args[0]
                if isinstance(code, ast.Constant):
                    found.add(str(code.value))
    return found


@pytest.mark.requirement("SIGN-09")
def test_every_warning_that_is_given_is_listed_and_no_other() -> None:
    assert said() == set(WARNINGS)
