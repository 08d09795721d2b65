"""Addresses of resources: good ones, hostile ones, and what is answered to them."""

import json
from collections.abc import Mapping
from typing import Any

import mcp_types as types
import pytest
from mcp.shared.exceptions import MCPError

from tests.server.harness import Session

NOWHERE = "00000000-0000-4000-8000-000000000000"
SCHEMA_URI = "stackdocs://schema"


def text_uri(document: str) -> str:
    return f"stackdocs://documents/{document}"


def extraction_uri(document: str) -> str:
    return f"stackdocs://documents/{document}/extraction"


async def held(session: Session, uri: str) -> str:
    """What the resource holds."""
    result = await session.client.read_resource(uri, cache_mode="bypass")
    (content,) = result.contents
    assert isinstance(content, types.TextResourceContents)
    assert content.uri == uri
    assert (result.ttl_ms, result.cache_scope) == (0, "private")
    return content.text


async def extraction(session: Session, document: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(await held(session, extraction_uri(document)))
    return found


async def refusal(session: Session, uri: str) -> Mapping[str, Any]:
    with pytest.raises(MCPError) as refused:
        await session.client.read_resource(uri, cache_mode="bypass")
    return refused.value.error.model_dump()


def hostile(document: str) -> list[str]:
    """Addresses that some reader takes for the document's."""
    own = text_uri(document)
    quoted = "".join(f"%{ord(one):02x}" for one in document)
    return [
        *("", "stackdocs:", "stackdocs://", "stackdocs:///", "schema", "stackdocs://documents"),
        *("stackdocs://documents/", "stackdocs://schema/", "stackdocs://schema?", "about:blank"),
        *("file:///etc/passwd", "http://127.0.0.1/", "ui://review", f"stack://{document}"),
        f"stack://B/doc/{document}",
        f"stackdocs://stacks/B/documents/{document}",
        f"stackdocs://B/../documents/{document}",
        f"stackdocs://documents/../documents/{document}",
        f"stackdocs://documents/./{document}",
        f"stackdocs://documents/%2e%2e%2fdocuments/{document}",
        f"stackdocs://documents/%2e/{document}",
        f"stackdocs://documents/{quoted}",
        f"stackdocs://documents/%25{quoted[1:]}",
        f"stackdocs://documents%2F{document}",
        f"stackdocs://documents\\{document}",
        f"stackdocs://documents//{document}",
        f"stackdocs://user@documents/{document}",
        f"stackdocs://documents:80/{document}",
        f"stackdocs://documents./{document}",
        f"stackdocs://%64ocuments/{document}",
        f"stackdocs:/documents/{document}",
        f"STACKDOCS://documents/{document}",
        f"StackDocs://documents/{document}",
        f"stackdocs://DOCUMENTS/{document}",
        f"stackdocs://documents/{document.upper()}x",
        f"stackdocs://documents/{{{document}}}",
        f"stackdocs://documents/urn:uuid:{document}",
        f"stackdocs://documents/{document.replace('-', '')}",
        *(f"{own}{tail}" for tail in ("/", ".", "%00", "\x00", "\n", "\r\n", " ", "\t", "\u200b")),
        *(f"{own}{tail}" for tail in ("?", "?a=1", "#", "#page", ";a", "/..", "/extraction/..")),
        *(f"{own}/{tail}" for tail in ("Extraction", "extraction/", "extraction%00", "fields")),
        *(f"{head}{own}" for head in (" ", "\n", "\x00", "\ufeff", "url:")),
        own.replace("0", "\u0660").replace("1", "\uff11").replace("2", "\u0662") + "\u0663",
        own.replace("s", "\u017f"),
        own + "a" * 100_000,
        own * 2,
    ]
