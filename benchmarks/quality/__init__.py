"""How good the checks are, on real documents: ``python -m benchmarks.quality CORPUS [SECTION...]``.

CORPUS is a folder with ``invoices``, ``replay`` and ``ocr`` as its README describes them. Each
module here but ``report`` and ``client`` is a section: ``async def run(corpus) -> list[Row]``.
"""
