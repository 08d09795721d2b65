"""A two-page invoice with a table of line items that runs over the page break."""

from decimal import Decimal
from pathlib import Path

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

NUMBER = "RE-2026-0417"
VAT_RATE = Decimal(19)
ITEMS = [
    ("K-1040", "Espresso beans Brasil, 1 kg bag", 24, "17.90"),
    ("K-1052", "Espresso beans Ethiopia, 1 kg bag", 12, "21.40"),
    ("K-1107", "Decaf beans Peru, 500 g bag", 10, "11.95"),
    ("K-2003", "Filter coffee blend, 1 kg bag", 18, "15.20"),
    ("T-0310", "Darjeeling loose leaf, 250 g tin", 8, "13.60"),
    ("T-0325", "Peppermint leaves, 250 g tin", 8, "9.80"),
    ("T-0348", "Rooibos vanilla, 250 g tin", 6, "10.45"),
    ("S-4400", "Cane sugar sticks, box of 1,000", 4, "18.75"),
    ("S-4410", "Oat drink barista, 12 x 1 l", 15, "22.68"),
    ("S-4415", "Almond drink, 12 x 1 l", 6, "26.16"),
    ("C-7001", "Paper cup 200 ml, sleeve of 50", 40, "3.95"),
    ("C-7002", "Paper cup 300 ml, sleeve of 50", 40, "4.60"),
    ("C-7010", "Lid 80 mm, sleeve of 100", 40, "4.15"),
    ("C-7050", "Wooden stirrers, box of 1,000", 5, "7.90"),
    ("C-7061", "Napkins natural, pack of 500", 12, "8.35"),
    ("G-3100", "Espresso cup white, set of 6", 4, "27.50"),
    ("G-3105", "Cappuccino cup white, set of 6", 4, "33.00"),
    ("G-3140", "Latte glass 350 ml, set of 6", 3, "24.90"),
    ("M-5201", "Milk jug steel 600 ml", 3, "19.80"),
    ("M-5210", "Tamper 58 mm, beech handle", 2, "32.50"),
    ("M-5233", "Knock box, black", 2, "28.90"),
    ("M-5300", "Cleaning tablets, tin of 100", 6, "14.25"),
    ("M-5304", "Descaler, 1 l bottle", 8, "9.60"),
    ("M-5310", "Group head brush", 4, "6.75"),
    ("M-5402", "Water filter cartridge C300", 3, "74.00"),
    ("W-9001", "Grinder burr set, fitted", 1, "118.00"),
    ("W-9010", "Machine service, per hour", 3, "84.00"),
    ("W-9900", "Delivery, zone 2", 1, "24.50"),
]
INK, ACCENT, FAINT, STRIPE = (
    HexColor(colour) for colour in ("#1d1d1f", "#0f5c4a", "#6b6b70", "#f1f5f3")
)
LEFT, RIGHT, TOP = 20 * mm, A4[0] - 20 * mm, A4[1] - 18 * mm
COLUMNS = {
    "Pos.": 20,
    "Article": 32,
    "Description": 52,
    "Qty": 128,
    "Unit price": 155,
    "Amount": 190,
}
"""Millimetres from the left; the last three are the right edges of numbers."""
ROW = 6.6 * mm
ROWS_ON_FIRST = 18


def money(amount: Decimal) -> str:
    """As printed in most of Europe: 1.234,56 and the sign behind."""
    english = f"{amount:,.2f}"
    return english.translate(str.maketrans(",.", ".,")) + " €"


def totals() -> tuple[Decimal, Decimal, Decimal]:
    """Net, VAT and the total."""
    net = sum((quantity * Decimal(price) for _, _, quantity, price in ITEMS), Decimal(0))
    vat = (net * VAT_RATE / 100).quantize(Decimal("0.01"))
    return net, vat, net + vat


def write_invoice(file: Path) -> None:
    canvas = Canvas(str(file), pagesize=A4, invariant=1)
    canvas.setTitle(f"Invoice {NUMBER}")
    canvas.setAuthor("Nordlicht Kaffeehandel GmbH")
    _head(canvas)
    bottom = _table(canvas, A4[1] - 112 * mm, 0, ROWS_ON_FIRST)
    _text(canvas, (RIGHT, bottom - 5 * mm), "continued on page 2", 8, FAINT, align="right")
    _foot(canvas, 1)
    canvas.showPage()

    _text(canvas, (LEFT, TOP), "Nordlicht Kaffeehandel GmbH", 9, FAINT)
    _text(canvas, (RIGHT, TOP), f"Invoice {NUMBER}", 9, FAINT, align="right")
    bottom = _table(canvas, TOP - 12 * mm, ROWS_ON_FIRST, len(ITEMS))
    _sums(canvas, bottom - 8 * mm)
    _foot(canvas, 2)
    canvas.showPage()
    canvas.save()


def _head(canvas: Canvas) -> None:
    canvas.setFillColor(ACCENT)
    canvas.circle(LEFT + 7 * mm, TOP - 4 * mm, 7 * mm, stroke=0, fill=1)
    canvas.setFillColor(HexColor("#ffffff"))
    canvas.setFont("Helvetica-Bold", 20)
    canvas.drawCentredString(LEFT + 7 * mm, TOP - 6.5 * mm, "N")
    _text(
        canvas, (LEFT + 18 * mm, TOP - 3 * mm), "Nordlicht Kaffeehandel GmbH", 15, ACCENT, bold=True
    )
    _text(
        canvas,
        (LEFT + 18 * mm, TOP - 8.5 * mm),
        "Coffee, tea and bar supplies since 1987",
        9,
        FAINT,
    )

    sender = "Nordlicht Kaffeehandel GmbH · Speicherstraße 12 · 24103 Kiel"
    _text(canvas, (LEFT, A4[1] - 50 * mm), sender, 7, FAINT)
    recipient = ["Café Morgenrot OHG", "Ms Ada Brandt", "Lindenallee 8", "23552 Lübeck"]
    for index, line in enumerate(recipient):
        _text(canvas, (LEFT, A4[1] - (56 + 5 * index) * mm), line, 10.5)

    facts = {
        "Invoice no.": NUMBER,
        "Invoice date": "14.10.2026",
        "Delivery date": "12.10.2026",
        "Customer no.": "20931",
        "Your order": "PO-7718",
        "Due date": "13.11.2026",
    }
    for index, (label, value) in enumerate(facts.items()):
        y = A4[1] - (51 + 5.4 * index) * mm
        _text(canvas, (128 * mm, y), label, 9.5, FAINT)
        _text(canvas, (RIGHT, y), value, 9.5, align="right", bold=label == "Invoice no.")

    _text(canvas, (LEFT, A4[1] - 95 * mm), f"Invoice {NUMBER}", 16, bold=True)
    opening = "Thank you for your order. We delivered the following goods and services:"
    _text(canvas, (LEFT, A4[1] - 103 * mm), opening, 10)


def _table(canvas: Canvas, top: float, first: int, last: int) -> float:
    """Draw the rows ``first`` to ``last`` under a head; where the table ends."""
    canvas.setFillColor(ACCENT)
    canvas.rect(LEFT, top - 2 * mm, RIGHT - LEFT, ROW, stroke=0, fill=1)
    for name in COLUMNS:
        _cell(canvas, name, top, name, HexColor("#ffffff"), bold=True)
    y = top
    for index in range(first, last):
        y -= ROW
        if index % 2:
            canvas.setFillColor(STRIPE)
            canvas.rect(LEFT, y - 2 * mm, RIGHT - LEFT, ROW, stroke=0, fill=1)
        article, description, quantity, price = ITEMS[index]
        amount = money(quantity * Decimal(price))
        values = [
            str(index + 1),
            article,
            description,
            str(quantity),
            money(Decimal(price)),
            amount,
        ]
        for name, value in zip(COLUMNS, values, strict=True):
            _cell(canvas, name, y, value)

    canvas.setStrokeColor(ACCENT)
    canvas.line(LEFT, y - 2 * mm, RIGHT, y - 2 * mm)
    return float(y - 2 * mm)


def _cell(
    canvas: Canvas, column: str, y: float, value: str, colour: HexColor = INK, *, bold: bool = False
) -> None:
    is_number = column in ("Qty", "Unit price", "Amount")
    x = COLUMNS[column] * mm + (-2 * mm if is_number else 2 * mm)
    _text(canvas, (x, y), value, 9, colour, align="right" if is_number else "left", bold=bold)


def _sums(canvas: Canvas, top: float) -> None:
    net, vat, total = totals()
    rows = [("Net amount", net), (f"VAT {VAT_RATE} %", vat), ("Total amount due", total)]
    for index, (label, amount) in enumerate(rows):
        y, is_total = top - index * 6.5 * mm, index == len(rows) - 1
        _text(canvas, (128 * mm, y), label, 11 if is_total else 10, bold=is_total)
        size = 11 if is_total else 10
        _text(canvas, (RIGHT - 2 * mm, y), money(amount), size, align="right", bold=is_total)

    canvas.line(128 * mm, top - 9 * mm, RIGHT, top - 9 * mm)
    closing = [
        "Please transfer the total amount by 13.11.2026 without deduction, quoting the invoice",
        "number. Within 10 days we grant a 2 % discount. The goods remain our property until",
        "they have been paid in full.",
        "",
        "With kind regards from the harbour,",
        "Jonte Petersen, Accounts",
    ]
    for index, line in enumerate(closing):
        _text(canvas, (LEFT, top - (36 + 5.2 * index) * mm), line, 10)


def _foot(canvas: Canvas, page: int) -> None:
    canvas.setStrokeColor(FAINT)
    canvas.setLineWidth(0.4)
    canvas.line(LEFT, 27 * mm, RIGHT, 27 * mm)
    blocks = [
        ["Nordlicht Kaffeehandel GmbH", "Speicherstraße 12, 24103 Kiel", "Tel. +49 431 555 0142"],
        [
            "Managing director: Maren Voss",
            "Commercial register Kiel HRB 00417",
            "VAT ID DE 999 999 417",
        ],
        ["Fördebank eG", "IBAN DE02 1203 0000 0000 2020 51", "BIC BYLADEM1001"],
    ]
    for column, lines in enumerate(blocks):
        for index, line in enumerate(lines):
            x = LEFT + column * 60 * mm
            _text(canvas, (x, (22.5 - 3.8 * index) * mm), line, 7.5, FAINT)
    _text(canvas, (RIGHT, 8 * mm), f"Page {page} of 2", 7.5, FAINT, align="right")


def _text(
    canvas: Canvas,
    at: tuple[float, float],
    text: str,
    size: float,
    colour: HexColor = INK,
    *,
    align: str = "left",
    bold: bool = False,
) -> None:
    canvas.setFont("Helvetica-Bold" if bold else "Helvetica", size)
    canvas.setFillColor(colour)
    draw = canvas.drawRightString if align == "right" else canvas.drawString
    draw(*at, text)
