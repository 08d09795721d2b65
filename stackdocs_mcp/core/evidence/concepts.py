"""What fields and documents call the same thing, and what a field's name asks for."""

import re
from functools import lru_cache

from stackdocs_mcp.core.values.months import letters

_WORDS = re.compile(r"[^\W\d_]{2,}")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_LONGEST_LABEL = 8

_CONCEPTS = """
total totale totaal gesamt gesamtbetrag gesamtsumme summe bruttosumme brutto gross grand razem \
endbetrag endsumme endpreis gesamtpreis rechnungsbetrag rechnungssumme bruttobetrag \
suma somma 合計 総額 总计 总额 合计 المجموع الإجمالي
net netto nettobetrag nettosumme nettowert subtotal zwischensumme positionssumme warenwert \
nettoentgelt entgelt gesamtnetto \
ohne excl excluding exclusive hors ht senza imponibile sin sem liquido zonder bez 小計 税抜 小计 \
נטו الصافي
tax vat mwst ust umsatzsteuer mehrwertsteuer steuer steuerbetrag mwstbetrag ustbetrag tva iva btw \
gst sst pajak podatek imposto impuesto imposta taxe 消費税 税額 税额 增值税 ضريبة
number no nr num numero nummer numer rechnungsnummer rechnungsnr belegnummer numéro n° 番号 \
号码 编号 מספר رقم
invoice rechnung facture factura fattura factuur fatura faktura bill 請求書 发票 חשבונית \
فاتورة
date datum fecha data rechnungsdatum belegdatum dato 日付 発行日 日期 תאריך التاريخ تاريخ
due payable zahlen pagar pagare betalen zaplaty zahlbetrag zahlungsbetrag fallig falligkeit \
zahlbar residual balance solde saldo vencimiento scadenza vencimento termin \
支払期限 残高 应付 לתשלום المستحق
amount betrag montant importe importo bedrag valor kwota positionsbetrag 金額 金额 סכום المبلغ
quantity qty qte qta qtd cant menge quantite cantidad quantita aantal quantidade ilosc \
anzahl 数量 כמות الكمية
price preis prix precio prezzo prijs preco cena einzelpreis nettopreis stukprijs \
単価 单价 价格 מחיר السعر
unit einheit unite einzel stuck unidad unita eenheid unidade jednostka 単位 单位 יחידה الوحدة
currency wahrung rechnungswahrung devise moneda valuta moeda waluta 通貨 货币 מטבע العملة
seller vendor supplier verkaufer lieferant vendeur fournisseur merchant company from emisor \
proveedor fornitore leverancier fornecedor sprzedawca dostawca 販売者 销售方 ספק المورد البائع
buyer customer client kunde kaufer leistungsempfanger acheteur cliente koper klant nabywca \
comprador 購入者 购买方 לקוח المشتري العميل
description beschreibung bezeichnung designation descripcion descrizione artikel item \
omschrijving descricao opis 品名 摘要 描述 תיאור الوصف
address adresse anschrift direccion indirizzo adres endereco morada 住所 地址 כתובת العنوان
rate percent percentage satz steuersatz prozentsatz prozent taux porcentaje aliquota stawka \
税率 שיעור
count items pages rows anzahl_seiten
"""
"""Each row is one concept; the words are without accents, the first one names it.

An amount "without" is one without tax.
"""

_MONEY = frozenset(
    ("total", "net", "tax", "due", "amount", "price", "cost", "fee", "premium", "deductible")
)
_NOT_MONEY = frozenset({"rate", "number", "count", "quantity", "id", "date", "year"})


def concepts(text: str) -> frozenset[str]:
    """The concepts that the words of a text name; a word that is none stands for itself."""
    return _concepts(text)


@lru_cache(maxsize=4096)
def label_concepts(label: str) -> frozenset[str]:
    """The concepts of a field's name or title: ``unitPrice`` and ``unit_price`` alike."""
    words = _WORDS.findall(_CAMEL.sub(" ", label).replace("_", " "))[:_LONGEST_LABEL]
    return frozenset(_concept(letters(word)) for word in words)


@lru_cache(maxsize=4096)
def asks_for_money(label: str) -> bool:
    """The field's name is one of an amount, such as ``net_total``; not ``tax_rate``."""
    words = label_concepts(label)
    return bool(words & _MONEY) and not words & _NOT_MONEY


def is_known(concept: str) -> bool:
    """It is one of ours, no word that stands for itself."""
    return concept in _NAMES


@lru_cache(maxsize=4096)
def asks_for_quantity(label: str) -> bool:
    return "quantity" in label_concepts(label)


def is_concept(word: str) -> bool:
    """The word is the name of a concept, as `concepts` gives it."""
    return word in _NAMES


@lru_cache(maxsize=4096)
def _concepts(text: str) -> frozenset[str]:
    return frozenset(_concept(letters(word)) for word in _WORDS.findall(text))


def _concept(word: str) -> str:
    return _CONCEPT_OF.get(word, word)


_CONCEPT_OF = {
    letters(word): row.split()[0] for row in _CONCEPTS.strip().splitlines() for word in row.split()
}
_NAMES = frozenset(_CONCEPT_OF.values())
