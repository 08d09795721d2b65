"""Tokens from the provider, asked for by hand: OAuth 2.1 with PKCE and a resource (RFC 8707)."""

import base64
import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlencode

import httpx2

from tests.oidc.provider import CALLBACK, Browser, Provider


@dataclass(frozen=True)
class Tokens:
    """What the provider gave; an ID token only where ``openid`` was asked for."""

    access: str
    identity: str = ""

    @property
    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.access}"}


async def tokens(provider: Provider, person: str, resource: str, scopes: Iterable[str]) -> Tokens:
    """Tokens of this person for the resource, with these scopes."""
    async with httpx2.AsyncClient(base_url=provider.issuer) as http:
        metadata = (await http.get("/.well-known/openid-configuration")).json()
        client = {"redirect_uris": [CALLBACK], "token_endpoint_auth_method": "none"}
        registered = await http.post(metadata["registration_endpoint"], json=client)
        verifier = secrets.token_urlsafe(48)
        digest = hashlib.sha256(verifier.encode()).digest()
        shared = {"client_id": registered.json()["client_id"], "redirect_uri": CALLBACK}
        asked = {
            **shared,
            "response_type": "code",
            "scope": " ".join(scopes),
            "resource": resource,
            "code_challenge_method": "S256",
            "code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="),
        }
        browser = Browser(person)
        await browser.open(f"{metadata['authorization_endpoint']}?{urlencode(asked)}")
        exchange = {
            **shared,
            "grant_type": "authorization_code",
            "code": browser.answer["code"],
            "code_verifier": verifier,
            "resource": resource,
        }
        given = (await http.post(metadata["token_endpoint"], data=exchange)).json()
    return Tokens(given["access_token"], given.get("id_token", ""))
