"""Builds the verifier from plain values; no token is read and nothing is fetched for it."""

from collections.abc import Iterable

from stackdocs_mcp.auth.fetching import Fetcher
from stackdocs_mcp.auth.issuers import Issuer, Issuers
from stackdocs_mcp.auth.jwks import IssuerKeys
from stackdocs_mcp.auth.local import LocalIssuer, LocalVerifier
from stackdocs_mcp.auth.providers import Provider
from stackdocs_mcp.auth.remote import RemoteIssuer
from stackdocs_mcp.core.identity import Verifier
from stackdocs_mcp.core.ports import Clock


def open_verifier(
    providers: Iterable[Provider],
    *,
    clock: Clock,
    local: LocalIssuer | None = None,
    fetcher: Fetcher | None = None,
) -> Verifier:
    """A verifier for the tokens of these providers, and of the local issuer where there is one.

    Close it in the event loop that it was used in.
    """
    fetcher = fetcher or Fetcher()
    chosen = list(providers)
    issuers: list[Issuer] = [_remote(provider, fetcher, clock) for provider in chosen]
    if local is not None:
        issuers.append(LocalVerifier(local))
    return Issuers(issuers, [provider.issuer for provider in chosen], fetcher, clock)


def _remote(provider: Provider, fetcher: Fetcher, clock: Clock) -> RemoteIssuer:
    keys = IssuerKeys(
        provider.issuer, provider.algorithms, fetcher, clock, address=provider.key_address
    )
    return RemoteIssuer(provider, keys, clock)
