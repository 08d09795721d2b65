"""The official Python client with OAuth: it is given the address of a stack, and nothing else."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import anyio
import httpx2
from mcp import Client
from mcp.client.auth import AuthorizationCodeResult, OAuthClientProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import OAuthClientInformationFull, OAuthClientMetadata, OAuthToken

from tests.oidc.provider import CALLBACK, Browser
from tests.server.harness import PATIENCE, Era, Session

_SCOPE = re.compile(r'scope="([^"]*)"')


@dataclass
class Kept:
    """What a client keeps: how it is registered, and its newest token; ``given`` has them all."""

    tokens: OAuthToken | None = None
    given: list[str] = field(default_factory=list)
    client: OAuthClientInformationFull | None = None

    async def get_tokens(self) -> OAuthToken | None:
        return self.tokens

    async def set_tokens(self, tokens: OAuthToken) -> None:
        self.tokens = tokens
        self.given.append(tokens.access_token)

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        return self.client

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        self.client = client_info

    @property
    def scopes(self) -> list[str]:
        assert self.tokens is not None
        return sorted((self.tokens.scope or "").split())

    @property
    def bearer(self) -> dict[str, str]:
        assert self.tokens is not None
        return {"Authorization": f"Bearer {self.tokens.access_token}"}


@dataclass
class Agent:
    """A client and its person, with all that was refused on the way."""

    browser: Browser
    kept: Kept = field(default_factory=Kept)
    challenges: list[tuple[int, list[str]]] = field(default_factory=list)
    """Status and scopes of each refusal, in order."""

    @asynccontextmanager
    async def connected(self, url: str, era: Era, files: Path) -> AsyncIterator[Session]:
        provider = OAuthClientProvider(
            server_url=url,
            client_metadata=OAuthClientMetadata.model_validate(
                {"client_name": "an agent", "redirect_uris": [CALLBACK]}
            ),
            storage=self.kept,
            redirect_handler=self.browser.open,
            callback_handler=self._called_back,
        )
        hooks = {"response": [self._look]}
        with anyio.fail_after(PATIENCE):
            async with (
                httpx2.AsyncClient(auth=provider, event_hooks=hooks, timeout=PATIENCE) as http,
                Client(streamable_http_client(url, http_client=http), mode=era) as client,
            ):
                yield Session(client, files)

    async def _called_back(self) -> AuthorizationCodeResult:
        said = self.browser.answer
        return AuthorizationCodeResult(
            code=said["code"], state=said.get("state"), iss=said.get("iss")
        )

    async def _look(self, response: httpx2.Response) -> None:
        if response.status_code in {401, 403}:
            found = _SCOPE.search(response.headers["www-authenticate"])
            self.challenges.append((response.status_code, found[1].split() if found else []))
