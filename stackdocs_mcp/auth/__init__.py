"""Bearer tokens: the local issuer's own, and those of OpenID providers. Sees only the core.

A token goes through ``compact`` (what it is), ``claims`` (what it says), ``keys`` (who signed it),
the cheapest first. Signatures are checked by PyJWT's algorithms; nothing else of PyJWT reads a
token, because it takes duplicate claims, texts for times, padding and any size or ``typ``.
"""
