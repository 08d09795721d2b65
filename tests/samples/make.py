"""Makes the sample documents that the project ships: ``python -m tests.samples.make [FOLDER]``.

The same libraries make the same bytes. What is printed on the documents stands in the README beside
them, and in the tests.
"""

import sys
from pathlib import Path

from stackdocs_mcp.samples import NAMES
from tests.samples.invoice import write_invoice
from tests.samples.letter import write_letter
from tests.samples.receipt import write_receipt

HERE = Path(__file__).parents[2] / "stackdocs_mcp" / "samples"


def main(folder: Path) -> None:
    """Write all samples into ``folder``."""
    for name, write in zip(NAMES, (write_invoice, write_receipt, write_letter), strict=True):
        write(folder / name)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)
