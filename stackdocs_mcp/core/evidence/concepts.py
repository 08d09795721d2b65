"""What fields and documents call the same thing, and what a field's name asks for."""

import re
from functools import lru_cache

from stackdocs_mcp.core.values.months import letters

_WORDS = re.compile(r"[^\W\d_]{2,}")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_LONGEST_LABEL = 8

_CONCEPTS = """
total totale totaal gesamt gesamtbetrag gesamtsumme summe bruttosumme brutto gross grand
net netto nettobetrag nettosumme subtotal zwischensumme ht
tax vat mwst ust umsatzsteuer mehrwertsteuer steuer steuerbetrag tva iva btw gst sst
number no nr num numero nummer numer rechnungsnummer rechnungsnr
invoice rechnung facture factura fattura factuur fatura faktura bill
date datum fecha data
due payable zahlbetrag fallig falligkeit zahlbar residual balance
amount betrag montant importe importo bedrag valor kwota positionsbetrag
quantity qty menge quantite cantidad quantita aantal quantidade ilosc anzahl
price preis prix precio prezzo prijs preco cena einzelpreis nettopreis
unit einheit unite einzel stuck
currency wahrung rechnungswahrung devise moneda valuta moeda waluta
seller vendor supplier verkaufer lieferant vendeur fournisseur merchant company from
buyer customer client kunde kaufer leistungsempfanger acheteur cliente
description beschreibung bezeichnung designation descripcion descrizione artikel item
address adresse anschrift direccion indirizzo
rate percent percentage satz steuersatz prozentsatz prozent taux porcentaje aliquota
count items pages rows anzahl_seiten
"""
"""Each row is one concept; the words are without accents, the first one names it."""

_MONEY = frozenset(
    ("total", "net", "tax", "due", "amount", "price", "cost", "fee", "premium", "deductible")
)
_NOT_MONEY = frozenset({"rate", "number", "count", "quantity", "id", "date", "year"})


def concepts(text: str) -> frozenset[str]:
    """The concepts that the words of a text name; a word that is none stands for itself."""
    return _concepts(text)


def label_concepts(label: str) -> frozenset[str]:
    """The concepts of a field's name or title: ``unitPrice`` and ``unit_price`` alike."""
    words = _WORDS.findall(_CAMEL.sub(" ", label).replace("_", " "))[:_LONGEST_LABEL]
    return frozenset(_concept(letters(word)) for word in words)


def asks_for_money(label: str) -> bool:
    """The field's name is one of an amount, such as ``net_total``; not ``tax_rate``."""
    words = label_concepts(label)
    return bool(words & _MONEY) and not words & _NOT_MONEY


def asks_for_quantity(label: str) -> bool:
    return "quantity" in label_concepts(label)


@lru_cache(maxsize=4096)
def _concepts(text: str) -> frozenset[str]:
    return frozenset(_concept(letters(word)) for word in _WORDS.findall(text))


def _concept(word: str) -> str:
    return _CONCEPT_OF.get(word, word)


_CONCEPT_OF = {
    word: row.split()[0] for row in _CONCEPTS.strip().splitlines() for word in row.split()
}
