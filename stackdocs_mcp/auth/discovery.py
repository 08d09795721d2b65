"""Where an issuer's keys are: OpenID Connect Discovery 1.0, and RFC 8414 where there is none."""

from urllib.parse import urlsplit

from stackdocs_mcp.auth.fetching import Fetcher, NotFetched
from stackdocs_mcp.auth.providers import is_fit


async def key_address(issuer: str, fetcher: Fetcher) -> str:
    """The address of the issuer's key set. Raises NotFetched.

    The issuer must call itself exactly that: another one could pass on the keys of a third.
    """
    first, second = _metadata_addresses(issuer)
    try:
        found = await fetcher.json(first)
    except NotFetched as error:
        if not error.is_absent:
            raise
        found = await fetcher.json(second)

    if not isinstance(found, dict) or found.get("issuer") != issuer:
        raise NotFetched("issuer")
    address = found.get("jwks_uri")
    if not isinstance(address, str) or not _may_hold_keys(address, issuer):
        raise NotFetched("jwks_uri")
    return address


def _metadata_addresses(issuer: str) -> tuple[str, str]:
    """OpenID's has its suffix behind the path, RFC 8414's in front of it."""
    parts = urlsplit(issuer)
    path = parts.path.rstrip("/")
    origin = f"{parts.scheme}://{parts.netloc}"
    return (
        f"{origin}{path}/.well-known/openid-configuration",
        f"{origin}/.well-known/oauth-authorization-server{path}",
    )


def _may_hold_keys(address: str, issuer: str) -> bool:
    """As secure as the issuer is: one that has https does not send us to this machine."""
    scheme = "http" if issuer.startswith("http:") else "https"
    return is_fit(address.partition("?")[0]) and address.startswith((f"{scheme}:", "https:"))
