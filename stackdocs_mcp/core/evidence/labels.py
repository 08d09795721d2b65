"""Which of several places is the field's own: the one that its label stands at."""

import re
from collections.abc import Sequence
from functools import lru_cache

from stackdocs_mcp.core.evidence.claim import Claim
from stackdocs_mcp.core.evidence.matching import Match
from stackdocs_mcp.core.evidence.page import PageText
from stackdocs_mcp.core.model import Box, Line
from stackdocs_mcp.core.values.words import letters

_WORDS = re.compile(r"[^\W\d_]{2,}")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_LEFT, _SAME_ROW, _ABOVE, _BEFORE, _RIGHT = 1.0, 0.9, 0.7, 0.6, 0.3
_NEAR = 0.25
_LINES_ABOVE = 40
_MAX_LABELS = 12

_CONCEPTS = (
    "total totale totaal gesamt gesamtbetrag gesamtsumme summe bruttosumme brutto gross grand "
    "endbetrag razem montant_total suma",
    "net netto nettobetrag nettosumme subtotal zwischensumme ht",
    "tax vat mwst ust umsatzsteuer mehrwertsteuer steuer steuerbetrag tva iva btw gst sst",
    "number no nr num numero nummer numer invoicenumber rechnungsnummer rechnungsnr",
    "invoice rechnung facture factura fattura factuur fatura faktura bill",
    "date datum fecha data",
    "due payable zahlbetrag fallig falligkeit zahlbar residual balance",
    "amount betrag montant importe importo bedrag valor kwota positionsbetrag",
    "quantity qty menge quantite cantidad quantita aantal quantidade ilosc anzahl",
    "price preis prix precio prezzo prijs preco cena einzelpreis nettopreis",
    "unit einheit unite einzel stuck",
    "currency wahrung rechnungswahrung devise moneda valuta moeda waluta",
    "seller vendor supplier verkaufer lieferant vendeur fournisseur merchant company from",
    "buyer customer client kunde kaufer leistungsempfanger acheteur cliente bill_to",
    "description beschreibung bezeichnung designation descripcion descrizione artikel product item",
    "address adresse anschrift direccion indirizzo",
)
"""What documents call the same thing, without accents; words of a concept count as equal."""


def likeliest(claim: Claim, found: Sequence[tuple[PageText, Match]]) -> list[tuple[float, int]]:
    """Scores and positions in ``found``, the likeliest place first, ties in the order given."""
    labels = [_label_words(label) for label in claim.labels[:_MAX_LABELS]]
    wanted = [words for words in labels if words]
    scored = [
        (round(_score(wanted, page, match) + _nearness(claim, page, match), 3), position)
        for position, (page, match) in enumerate(found)
    ]
    return sorted(scored, key=lambda one: (-one[0], one[1]))


def _score(labels: Sequence[frozenset[str]], page: PageText, match: Match) -> float:
    index = page.index_at(match.start)
    line = page.lines[index]
    low = match.start - page.start_of(index)
    around = [(_LEFT, line.text[:low]), (_RIGHT, line.text[low:])]
    around += [(weight, other.text) for weight, other in _surroundings(page, index, line)]
    best = 0.0
    for weight, text in around:
        words = _page_words(text)
        for rank, label in enumerate(labels):
            share = sum(word in words for word in label) / len(label)
            best = max(best, weight * share * (1 + 0.1 * len(label)) * 0.98**rank)

    return best


def _surroundings(page: PageText, index: int, line: Line) -> list[tuple[float, Line]]:
    """Lines in the same row to the left, above in the same column, and the one before."""
    found = [(_BEFORE, page.lines[index - 1])] if index else []
    if line.box is None:
        return found
    for other in page.lines[max(0, index - _LINES_ABOVE) : index + _LINES_ABOVE]:
        if other.box is None or other is line:
            continue
        if _beside(other.box, line.box) and other.box.x0 < line.box.x0:
            found.append((_SAME_ROW, other))
        elif other.box.y1 <= line.box.y0 and _over(other.box, line.box):
            found.append((_ABOVE, other))

    return found


def _nearness(claim: Claim, page: PageText, match: Match) -> float:
    """A little for standing in the same row as the field's siblings."""
    lines = page.numbers_at(match.start, match.end)
    here = {place for place in claim.near if place.page == page.number}
    distances = [abs(line - lines[0]) for place in here for line in place.lines]
    return _NEAR / (1 + min(distances)) if distances else 0.0


def _beside(one: Box, other: Box) -> bool:
    middle = (other.y0 + other.y1) / 2
    return one.y0 <= middle <= one.y1


def _over(one: Box, other: Box) -> bool:
    return one.x0 < other.x1 and other.x0 < one.x1


@lru_cache(maxsize=4096)
def _page_words(text: str) -> frozenset[str]:
    return frozenset(_concept(letters(word)) for word in _WORDS.findall(text))


def _label_words(label: str) -> frozenset[str]:
    spaced = _CAMEL.sub(" ", label).replace("_", " ")
    return frozenset(_concept(letters(word)) for word in _WORDS.findall(spaced)[:8])


def _concept(word: str) -> str:
    return _CONCEPT_OF.get(word, word)


_CONCEPT_OF = {word: concept.split()[0] for concept in _CONCEPTS for word in concept.split()}
