"""Numbers that documents print without the sign that a field wants, or with one it does not."""

import re

from stackdocs_mcp.core.evidence.claim import Claim
from stackdocs_mcp.core.evidence.page import PageText
from stackdocs_mcp.core.values.printed import PrintedNumber

_REACH = 2
"""Lines above and below in which the minus of a number may stand alone."""
_MINUS_ALONE = re.compile(r"[^\w.,]*[-\u2010-\u2015\u2212][^\w.,]*(?:[A-Z]{3})?[^\w.,]*")
_MINUS_LAST = re.compile(r"\s[-\u2010-\u2015\u2212]\s*\Z")
_MINUS_APART = re.compile(r"(?<!\S)[-\u2010-\u2015\u2212](?!\S)|\b(?:CR|DR|cr|dr|OD|S|H)\b")
_DEDUCTED = re.compile(
    r"credit|gutschrift|gutgeschrieben|guthaben|rabat|nachlass|nachlaß|abzug|abzüglich|abzgl|skonto"
    r"|storno|refund|erstatt|retour|rücksend|return|remise|avoir|acompte|escompte|rappel|d[ée]duc"
    r"|deduct|discount|sconto|descuento|desconto|bonific|abono|korting|kredit|less\b|minus|moins"
    r"|menos|meno\b|rebate|allowance|adjust|korrektur|correct|withh|retention|retenue|retenci"
    r"|ritenuta|einbehalt|anzahlung|abschlag|prepaid|advance|paid|payment|bezahlt|gezahlt|zahlung"
    r"|debit|soll\b|haben\b|belast|withdraw|abbuch|lastschrift|ausgabe|expense|outflow|fees?\b"
    r"|charge|loss|verlust|negativ|voucher|gutschein|coupon|offset|verrechn|pérdida|perte|cargo"
    r"|値引|割引|折扣|خصم|הנחה",
    re.IGNORECASE,
)
_CREDIT_NOTE = re.compile(
    r"credit (?:note|memo|invoice)|gutschrift|storno|rechnungskorrektur|korrekturrechnung|refund"
    r"|(?:facture|note) d.avoir|nota (?:di|de) cr[ée]di|factura rectificativa|creditnota"
    r"|kreditnota|kreditfaktura|faktura koryguj|fattura di storno",
    re.IGNORECASE,
)


def is_unsaid(printed: PrintedNumber, claim: Claim, page: PageText) -> bool:
    """Whether the page may mean the other sign than the one that it prints.

    So it does with what is taken off, debited or credited, by the words of the field, the line, its
    row or its heading; on a credit note; within brackets; where a minus stands by itself close by;
    and with a minus in the row of a table, where whole columns have one.
    """
    column = page.column(printed.start, printed.end)
    if printed.negative and (
        (column is not None and column.is_row) or "(" in page.text[printed.start : printed.end]
    ):
        return True
    whole, index = page.whole, page.index_at(printed.start)
    at = whole.index_of(page.lines[index].number)
    said = [*claim.labels, page.lines[index].text]
    said += [other.text for other in page.beside(index)]
    said += [column.heading, *column.row] if column is not None else []
    if any(map(_DEDUCTED.search, said)) or _CREDIT_NOTE.search(whole.text):
        return True
    if at is None:
        return False
    near = [line.text for line in whole.lines[max(at - _REACH, 0) : at + _REACH + 1]]
    alone = any(_MINUS_ALONE.fullmatch(text) or _MINUS_LAST.search(text) for text in near)
    return alone or _MINUS_APART.search(whole.lines[at].text) is not None
