"""The documents that the project ships say what their script and their README say."""

import re
from decimal import Decimal
from pathlib import Path

import pytest

from stackdocs_mcp.core.model import PageSource
from stackdocs_mcp.ocr.local import LocalEngine
from stackdocs_mcp.samples import paths
from tests.ocr.conftest import first_page, read_all, texts
from tests.samples import invoice, letter, receipt
from tests.samples.make import HERE, make, read
from tests.samples.readme import described

pytestmark = pytest.mark.anyio

INVOICE, RECEIPT, LETTER = paths()
ITEM = re.compile(r"\d+  [A-Z]-\d{4}  .*  ([\d.]+,\d\d) €")


@pytest.mark.requirement("OCR-SAMPLE-01")
async def test_the_amounts_of_the_invoice_add_up(engine: LocalEngine) -> None:
    _, pages = await read_all(engine, INVOICE)
    lines = [text for page in pages for text in texts(page)]
    printed = [match[1] for text in lines if (match := ITEM.fullmatch(text))]
    amounts = [Decimal(one.replace(".", "").replace(",", ".")) for one in printed]
    net, vat, total = map(invoice.money, invoice.totals())

    assert (len(pages), len(amounts)) == (2, len(invoice.ITEMS))
    assert invoice.money(sum(amounts, Decimal(0))) == net
    assert {f"Net amount  {net}", f"VAT 19 %  {vat}", f"Total amount due  {total}"} <= set(lines)


@pytest.mark.requirement("OCR-SAMPLE-02")
async def test_the_receipt_is_recognised_without_an_error(engine: LocalEngine) -> None:
    page = await first_page(engine, RECEIPT)

    assert page.source is PageSource.OCR
    assert {f"{name}  {price}" for name, price in receipt.ITEMS} <= set(texts(page))
    assert {"Receipt no. 004512  Till 2", "09.10.2026  08:47", "TOTAL EUR  33.10"} <= set(
        texts(page)
    )


@pytest.mark.requirement("OCR-SAMPLE-03")
async def test_the_letter_has_its_reference_and_its_table(engine: LocalEngine) -> None:
    lines = texts(await first_page(engine, LETTER))

    assert "Our reference: HT-2026-1183" in lines
    assert {" | ".join(row) for row in letter.TABLE} <= set(lines)


@pytest.mark.requirement("OCR-SAMPLE-04")
async def test_the_readme_shows_every_line(engine: LocalEngine) -> None:
    shown = (HERE / "README.md").read_text("utf-8")

    assert shown == described(await read(engine, paths()))


@pytest.mark.requirement("OCR-SAMPLE-05")
async def test_the_samples_are_what_their_script_makes(engine: LocalEngine, tmp_path: Path) -> None:
    made = await read(engine, make(tmp_path))

    assert described(made) == described(await read(engine, paths()))
