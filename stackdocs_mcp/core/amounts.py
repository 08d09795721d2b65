"""Counts and sizes as sentences say them."""

MIB = 1 << 20


def counted(count: int, things: str) -> str:
    """``1 page``, ``2 pages``; ``things`` is a plural that ends in s."""
    return f"{count} {things.removesuffix('s') if count == 1 else things}"


def sized(size: int) -> str:
    """``100 MB`` for whole ones, as limits are set; else ``1,234 bytes``."""
    if size and size % MIB == 0:
        return f"{size // MIB:,} MB"
    return f"{size:,} {'byte' if size == 1 else 'bytes'}"
