"""Words around a number that say how much of what: scales, percent, units of measure."""

import re
from collections.abc import Mapping

PERCENT = re.compile(
    r" ?(?:%|percent\b|per cent\b|pct\b|prozent\b|pour ?cent\b|por ?ciento\b|por ?cento\b"
    r"|per ?cento\b|procent\b|proc\.|v\. ?h\.|パーセント|אחוז|بالمائة|في المائة)",
    re.IGNORECASE,
)

SCALES: Mapping[str, int] = {
    **dict.fromkeys(("hundred", "hundert"), 2),
    **dict.fromkeys(("tsd", "tsd.", "thousand", "tausend", "mille", "mila", "duizend"), 3),
    **dict.fromkeys(("tys", "tys.", "tysiąc", "tysiące", "tysięcy"), 3),
    **dict.fromkeys(("אלף", "אלפי", "אלפים", "ألف", "آلاف"), 3),
    **dict.fromkeys(("lakh", "lakhs", "lac", "lacs"), 5),
    **dict.fromkeys(("mn", "mln", "mln.", "mio", "mio.", "million", "millions"), 6),
    **dict.fromkeys(("millionen", "millón", "millones", "milione", "milioni", "miljoen"), 6),
    **dict.fromkeys(("milhão", "milhões", "milion", "miliony", "milionów"), 6),
    **dict.fromkeys(("מיליון", "מיליוני", "مليون", "ملايين"), 6),
    **dict.fromkeys(("crore", "crores"), 7),
    **dict.fromkeys(("bn", "mrd", "mrd.", "billion", "billions", "mld", "mld."), 9),
    **dict.fromkeys(("milliarde", "milliarden", "milliard", "milliards", "miliardo"), 9),
    **dict.fromkeys(("miliardi", "miljard", "miliard", "miliardy", "miliardów"), 9),
    **dict.fromkeys(("מיליארד", "מיליארדי", "مليار", "مليارات"), 9),
    **dict.fromkeys(("billionen", "biljoen", "billón", "billones", "bilione", "bilion"), 12),
}
"""Powers of ten by the word behind a number. ``m`` is a metre as often, ``mil`` too short."""

DOUBTFUL_SCALES: Mapping[str, tuple[int, ...]] = {
    # Spanish and Portuguese thousands; a thousandth of an inch, and what a car has run.
    **dict.fromkeys(("mil", "miles"), (0, 3)),
    # The long scale of the continent and the short one of English and of Brazil.
    **dict.fromkeys(("billion", "billions", "bilhão", "bilhões", "bilião", "biliões"), (9, 12)),
    **dict.fromkeys(("trillion", "trillions", "trilhão", "trilhões"), (12, 18)),
}
"""Words with two readings, unless the document is in English, which has the short scale."""
MONEY_SCALES: Mapping[str, tuple[int, ...]] = {
    **dict.fromkeys(("k", "K"), (3,)),
    **dict.fromkeys(("m", "mm", "M", "MM", "mi"), (6,)),
    **dict.fromkeys(("b", "B"), (9,)),
    **dict.fromkeys(("t", "T"), (3, 12)),
}
"""What letters mean beside money. A T is a thousand euros in German, a trillion dollars."""
NO_MONEY: Mapping[str, tuple[int, ...]] = {
    "k": (3,),
    "K": (0, 3),
    "M": (0, 6),
    "MM": (0, 6),
    "B": (0, 9),
}
"""What they may mean with no money beside them: ``1.2M`` people, ``12 M`` of cable, ``12 K`` of
freight, which are kilograms on an air waybill."""
SCALED_MONEY = r"(?:[tkm]|mio\.?)(?:€|(?:eur|usd|chf|gbp|pln)(?!\w))"
"""``T€``, ``kUSD``, ``MioEUR``: a T is a thousand here."""

_UNITS = {
    "kilograms": 'kg kgs kilo kilos kilogramm 公斤 キロ ק"ג קג كجم كغ كيلو',
    "grams": "g gr gramm grams gram גרם جرام غرام 克",
    "tonnes": "t to tonne tonnes tonnen טון طن 吨",  # noqa: RUF001  Hebrew letters are meant
    "litres": "l ltr liter litre litres litros litri litr ליטר لتر 升",
    "metres": "m mtr meter metre metres metros metri מטר متر 米",
    "kilometres": 'km kilometer kilometre קמ ק"מ كم 公里',
    "square metres": 'm² m2 qm sqm mq 平方米 平米 מ"ר م²',
    "cubic metres": "m³ m3 cbm 立方米",
    "hours": "h hr hrs hour hours std std. stunde stunden heure heures hora horas ora ore uur uren "
    "godz godz. שעות שעה ساعة ساعات 小时 時間",
    "minutes": "min min. mins minute minutes minuten minuti minutos minut דקות دقيقة 分 分钟 分鐘",
    "days": "d day days tag tage tagen jour jours día días giorni giorno dagen dag dias dia dni "
    "ימים יום يوم أيام 天 日間",
    "months": "month months monat monate mois mes meses mese mesi maand maanden mês miesiąc "
    "miesięcy חודשים شهر أشهر 个月 か月 ヶ月",
    "years": "year years yr yrs jahr jahre jahren an ans año años anno anni jaar ano anos lat rok "
    "שנים سنة سنوات 年 年間",
    "pieces": "pc pcs pcs. piece pieces stk stk. stck stück st st. pce pièce pièces pz pz. pezzi "
    "ud uds uds. unid unidades stuks szt szt. יח' יחידות قطعة حبة 个 個 件 台 枚 本 只 套",
    "kilowatt-hours": 'kwh квтч קוט"ש كيلوواط',
    "degrees Celsius": "°c ℃",
    "hundredths of the currency": "ct cts cent cents centimes céntimos centesimi ¢ rp. rappen",
    "volts": "v volt",
    "watts": "w watt",
    "kilowatts": "kw",
    "amperes": "a amp ampere",
    "per mille": "‰",
}
UNITS: Mapping[str, str] = {form: name for name, forms in _UNITS.items() for form in forms.split()}
"""Forms in lower case by what we call them in a message."""
