"""The provider's process, and a browser in which a person agrees to whatever is asked."""

import json
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx2

from stackdocs_mcp.core.binding import UserId

CALLBACK = "http://127.0.0.1:1/callback"
"""Where clients want to be called back. Nobody listens: the browser reads it from the redirect."""
MOST_REDIRECTS = 12


@dataclass(frozen=True)
class Provider:
    """A running provider."""

    issuer: str

    def user(self, person: str) -> UserId:
        """The user that a token of this person speaks for."""
        return UserId(f"{self.issuer}#{person}")


@contextmanager
def provider_process(command: Sequence[str]) -> Iterator[Provider]:
    """A provider of its own, until the end. It says where it is when it listens."""
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        assert process.stdout is not None
        try:
            yield Provider(json.loads(process.stdout.readline())["issuer"])
        finally:
            process.terminate()


@dataclass
class Browser:
    """A person's browser: signs in, agrees, and stops at the client's own address.

    ``asked`` has the scopes of every authorization request, in order.
    """

    person: str
    asked: list[list[str]] = field(default_factory=list)
    answer: dict[str, str] = field(default_factory=dict)

    async def open(self, url: str) -> None:
        """Follow an authorization request to its end; ``answer`` is what the client is told."""
        self.asked.append(sorted(parse_qs(urlsplit(url).query)["scope"][0].split()))
        async with httpx2.AsyncClient(headers={"x-person": self.person}) as http:
            for _ in range(MOST_REDIRECTS):
                if url.startswith(CALLBACK):
                    said = parse_qs(urlsplit(url).query)
                    self.answer = {name: values[0] for name, values in said.items()}
                    return
                response = await http.get(url)
                assert response.is_redirect, response.text
                url = urljoin(url, response.headers["location"])
        raise AssertionError("the provider did not come to an end")
