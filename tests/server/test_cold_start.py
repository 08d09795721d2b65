"""What a start loads."""

import subprocess
import sys

import pytest

HEAVY = {
    *("pypdfium2", "rapidocr", "onnxruntime", "numpy", "PIL", "docx", "lxml", "cv2"),
    *("rich", "jsonschema_rs", "charset_normalizer"),
}


SERVE = """
import stackdocs_mcp.server.local
from stackdocs_mcp.tools.listing import listed
listed()
"""


@pytest.mark.requirement("COLD-01")
@pytest.mark.parametrize(
    ("work", "unwanted"),
    [
        ("from stackdocs_mcp.cli import main; sys.argv[1:] = ['--help']; main()", {"mcp", *HEAVY}),
        ("from stackdocs_mcp.cli import main; sys.argv[1:] = ['--version']; main()", {"mcp"}),
        (SERVE, HEAVY),
    ],
)
def test_a_start_loads_only_what_it_needs(work: str, unwanted: set[str]) -> None:
    program = f"import sys\n{work}\nprint(*sys.modules, file=sys.stderr)"

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    loaded = {module.split(".")[0] for module in done.stderr.split()}
    assert "stackdocs_mcp" in loaded
    assert not loaded & unwanted
