"""A schema's own rules: ``x-rules``, conditions in CEL that an extraction has to keep.

    "x-rules": [
      {"id": "net-and-tax", "expression": "net + tax == total", "message": "...", "path": "total"},
      "invoice",
      {"use": "receipt", "fields": {"line_items": "goods", "line_items.amount": "price"}}
    ]

**The language** is CEL (cel.dev), as in Kubernetes' ``x-kubernetes-validations``, read by
``cel-expr-python``: the CEL team's own C++ parser (Apache-2.0, released 2026-06, wheels for Linux,
macOS and Windows), which bounds what it reads. Evaluating is ours, because no CEL counts money:
numbers are int64, uint64 and double by specification (cel-go issue 456), and of PyPI's three,
``cel-expr-python`` refuses a Decimal, ``common-expression-language`` turns it into a float (and has
no bound on loops), and ``cel-python`` hangs on a text of thirty escapes and needs 330 ms for 2,500
rows. Here 0.1 + 0.2 == 0.3.

**Names** are the schema's fields; ``self`` is the whole extraction, for names that are no words of
CEL (``self["net total"]``) and for ``has(self.total)``. A name that the schema does not have is
refused, and so is an operation that the field's type does not have.

**Numbers** are one kind, exact decimals. ``/`` also divides integers exactly, to 60 digits where it
does not end; ``round(x, 2)`` rounds half away from zero. **Dates** are ISO texts: they compare, and
their difference is in days. Other texts have no order.

**What is missing** - no value, null, a row that does not exist, a value of another type - makes
what is computed of it missing too, and a rule whose answer is missing neither holds nor fails, as
errors do in CEL: ``false && missing`` is false, ``true || missing`` is true. So the sum of a list
with a missing amount is missing; ``rows.filter(i, has(i.amount))`` leaves such rows out. ``x ==
null`` asks whether a value is missing.

**Functions**: ``sum``, ``min``, ``max``, ``size``, ``abs``, ``round``, ``contains``,
``startsWith``, ``endsWith``, also as ``list.sum()``; and CEL's macros ``all``, ``exists``,
``exists_one``, ``map``, ``filter``, ``has``. No regular expressions; texts and lists are not
joined, so nothing grows. Every evaluation is bounded in steps.

The schema's author is trusted with ids and messages; of an extraction only numbers and dates are
said.
"""

from stackdocs_mcp.core.rules.declared import Rule, rules_of
from stackdocs_mcp.core.rules.findings import broken

__all__ = ["Rule", "broken", "rules_of"]
