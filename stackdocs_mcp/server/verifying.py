"""Which tokens this server takes, from its settings."""

from stackdocs_mcp.auth.local import LocalIssuer
from stackdocs_mcp.auth.opening import open_verifier
from stackdocs_mcp.auth.providers import Provider
from stackdocs_mcp.core.identity import Verifier
from stackdocs_mcp.server.compose import now
from stackdocs_mcp.settings import Settings


def verifier_of(settings: Settings) -> Verifier:
    """The provider's tokens where one is set, and else the built-in local issuer's. Blocking.

    Never both: where a provider says who users are, no file on this machine does. The data folder
    is there already. Raises BadKey.
    """
    if settings.auth_issuer is None:
        local = LocalIssuer.open(settings.data_dir.absolute(), now)
        return open_verifier((), clock=now, local=local)
    return open_verifier([provider_of(settings, settings.auth_issuer)], clock=now)


def provider_of(settings: Settings, issuer: str) -> Provider:
    """How this issuer's tokens are taken."""
    return Provider(
        issuer=issuer,
        profile=settings.auth_profile,
        audiences=settings.auth_audience,
        algorithms=settings.auth_algorithms,
        authorized_parties=settings.auth_authorized_parties,
        scopes=settings.auth_scopes,
        token_type=settings.auth_token_type,
        max_lifetime=settings.auth_max_lifetime,
        assurance=settings.auth_assurance,
        organization=settings.auth_organization,
    )
