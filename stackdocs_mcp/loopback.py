"""Names of this machine that nobody else can have; what is sent there crosses no network."""

from urllib.parse import SplitResult

HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})
NETLOCS = frozenset({f"[{one}]" if ":" in one else one for one in HOSTS})
"""The same as addresses write them."""


def is_secure(address: SplitResult) -> bool:
    """Whether what is sent to the address can be read by nobody on the way: https, or loopback."""
    return address.scheme == "https" or (address.scheme == "http" and address.hostname in HOSTS)
