"""Addresses of this server as its clients know it: from the configured public address alone."""

import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from stackdocs_mcp.core.binding import StackId
from stackdocs_mcp.loopback import NETLOCS

LONGEST_LINK = 4_096
_NONE = StackId("")
_STACK = r"(?P<stack>[A-Za-z0-9-]{1,64})"
_LINK = rf"(?P<link>[A-Za-z0-9_-]{{1,{LONGEST_LINK}}})"
_WELL_KNOWN = "/.well-known/oauth-protected-resource"
_ROUTES = {
    "mcp": re.compile(rf"/stacks/{_STACK}/mcp"),
    "documents": re.compile(rf"/stacks/{_STACK}/documents"),
    "metadata": re.compile(rf"{_WELL_KNOWN}/stacks/{_STACK}/mcp"),
    "upload": re.compile(rf"/uploads/{_LINK}"),
    "export": re.compile(rf"/exports/{_LINK}"),
    "health": re.compile(r"/healthz"),
    "ready": re.compile(r"/readyz"),
}

Route = Literal["mcp", "documents", "metadata", "upload", "export", "health", "ready"]


@dataclass(frozen=True, slots=True)
class Place:
    """What a path leads to; ``stack`` and ``link`` are as they were asked, and not yet checked."""

    route: Route
    stack: StackId = _NONE
    link: str = ""


def place(path: str, raw: bytes) -> Place | None:
    """Where a path leads, decoded and as it was sent. None for any that is not exactly one of ours.

    None of ours has a character that must be escaped. One that is all the same is another path to
    a proxy in front, whose rules it would slip past.
    """
    if b"%" in raw:
        return None
    for name, pattern in _ROUTES.items():
        if match := pattern.fullmatch(path):
            found = match.groupdict()
            route: Route = name  # type: ignore[assignment]  # the keys are the routes
            return Place(route, StackId(found.get("stack", "")), found.get("link", ""))
    return None


@dataclass(frozen=True, slots=True)
class Addresses:
    """The public address of this server, without a slash at its end, and what hangs below it."""

    public: str

    def endpoint(self, stack: StackId) -> str:
        """A stack's MCP endpoint: the resource that a token is for (RFC 8707)."""
        return f"{self.public}/stacks/{stack}/mcp"

    def metadata(self, stack: StackId) -> str:
        """Where a stack's protected resource metadata is (RFC 9728)."""
        prefix, path = self._parts()
        return f"{prefix}{_WELL_KNOWN}{path}/stacks/{stack}/mcp"

    def upload(self, link: str) -> str:
        """Where a one-time upload goes."""
        return f"{self.public}/uploads/{link}"

    def export(self, link: str) -> str:
        """Where an export is fetched."""
        return f"{self.public}/exports/{link}"

    def _parts(self) -> tuple[str, str]:
        parts = urlsplit(self.public)
        return f"{parts.scheme}://{parts.netloc}", parts.path


def hosts_of(public: str, port: int) -> frozenset[str]:
    """``Host`` headers that mean this server: the public address's, and loopback's on its port."""
    return frozenset({urlsplit(public).netloc.lower(), *(f"{one}:{port}" for one in NETLOCS)})


def origins_of(public: str, port: int) -> frozenset[str]:
    """``Origin`` headers of pages that this server's own address has, on loopback too."""
    parts = urlsplit(public)
    own = f"{parts.scheme}://{parts.netloc}".lower()
    return frozenset({own, *(f"http://{one}:{port}" for one in NETLOCS)})
