"""Currencies: the code that a sign or a name stands for."""

import re

from stackdocs_mcp.core.errors import BadValue
from stackdocs_mcp.core.model import Warn
from stackdocs_mcp.core.values.expected import Typed
from stackdocs_mcp.core.values.signs import Signs
from stackdocs_mcp.core.values.strings import matching_key
from stackdocs_mcp.core.values.words import CURRENCIES

_CODE = re.compile(r"[A-Za-z]{3}")
_ADVICE = "Send the ISO 4217 code, such as EUR."


def currency_of(text: str, _: Signs) -> Typed:
    """``eur``, ``€`` -> ``EUR``. A sign of several countries, as ``$``, is refused with all."""
    sign = matching_key(text)
    found = [code for code, names in CURRENCIES.items() if sign in names]
    if len(found) == 1:
        note = Warn("currency_code", "The sign or name was written as its ISO 4217 code.")
        return Typed(found[0], (note,))
    if found:
        raise BadValue("ambiguous_currency", f"the sign is that of {', '.join(found)}", _ADVICE)
    if _CODE.fullmatch(sign):
        return Typed(sign.upper())
    raise BadValue("not_a_currency", "the text is neither a code nor a sign of money", _ADVICE)
