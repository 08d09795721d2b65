"""The README beside the samples: what is printed on them, as the engine numbers it."""

from collections.abc import Mapping, Sequence

from stackdocs_mcp.core.model import Page

HEAD = """# Sample documents

Three documents to try things on. All names, numbers and accounts are made up. They are made by
`python -m tests.samples.make`, which also writes this file; below is every line that is printed on
them, with the page and the line number that `read_ocr` shows.

| | `invoice.pdf` | `receipt.png` | `letter.docx` |
|---|---|---|---|
| What | born-digital, table over two pages | a crooked scan | office document |
| From | Nordlicht Kaffeehandel GmbH | Bakery & Café Lindenhof | Hansen & Thode |
| To | Café Morgenrot OHG | | Mr Emil Larsson |
| Number | RE-2026-0417 | 004512 | HT-2026-1183 |
| Date | 14.10.2026 | 09.10.2026 | 19 October 2026 |
| Net | 3.853,96 € | 30.93 | |
| VAT | 732,25 € (19 %) | 2.17 (7 %) | |
| Total | 4.586,21 € | 33.10 | 3,840.00 EUR in three instalments |
| Due | 13.11.2026 | paid in cash | 01.11.2026, 01.12.2026, 02.01.2027 |
"""


def described(documents: Mapping[str, Sequence[Page]]) -> str:
    """The whole README, from the pages of each document."""
    sections = [
        f"## {name}, page {page.number}\n\n```\n{_numbered(page)}\n```\n"
        for name, pages in documents.items()
        for page in pages
    ]
    return "\n".join([HEAD, *sections])


def _numbered(page: Page) -> str:
    return "\n".join(f"{line.number}| {line.text}" for line in page.lines)
