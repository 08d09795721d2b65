"""Which tokens this server takes, from its settings."""

from stackdocs_mcp.auth.local import LocalIssuer, LocalVerifier
from stackdocs_mcp.core.identity import Verifier
from stackdocs_mcp.server.compose import now
from stackdocs_mcp.settings import Settings


def verifier_of(settings: Settings) -> Verifier:
    """The built-in local issuer's tokens. The data folder is there already. Blocking."""
    return LocalVerifier(LocalIssuer.open(settings.data_dir.absolute(), now))
