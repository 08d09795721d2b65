"""One strict message: what the gate decides upon is what runs, or nothing runs at all."""

import gzip
import json
from typing import Any

import httpx2
import pytest

from stackdocs_mcp.core.binding import Right, StackId
from tests.server.harness import Era
from tests.server.raw import META
from tests.web.site import ALICE, Site, call, headers_for, message

pytestmark = pytest.mark.anyio

PLANTED = {"type": "object", "properties": {"planted": {"type": "string"}}}


class Sender:
    """Sends bodies as they are, with a token that only reads."""

    def __init__(self, served: Site, stack: StackId, era: Era, *scopes: Right) -> None:
        self._served = served
        self._stack = stack
        self._era = era
        self._scopes = scopes or (Right.READ,)

    async def send(self, content: bytes, **headers: str) -> httpx2.Response:
        given = {
            **headers_for(call("list_documents"), self._era),
            **self._served.bearer(ALICE, self._stack, *self._scopes),
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        async with self._served.raw() as http:
            return await http.post(f"/stacks/{self._stack}/mcp", content=content, headers=given)


@pytest.fixture
async def stack(served: Site) -> StackId:
    return await served.stack(ALICE)


@pytest.fixture
def sender(served: Site, stack: StackId, era: Era) -> Sender:
    return Sender(served, stack, era)


def text(**more: Any) -> str:
    return json.dumps({**call("list_documents"), **more})


READING = text()
HALF = text(id="HERE").replace("HERE", "\\ud800")
UNREADABLE: dict[str, bytes] = {
    "nothing": b"",
    "half of one": READING.encode()[:-3],
    "two": (READING + READING).encode(),
    "two lines": f"{READING}\n{READING}".encode(),
    "the same key twice": READING.replace('"id": 1', '"id": 1, "id": 2').encode(),
    "a key twice, written in two ways": READING.replace(
        '"method"', '"\\u006dethod": "tools/list", "method"'
    ).encode(),
    "a key twice, deep inside": READING.replace(
        '"arguments": {}', '"arguments": {"limit": 1, "limit": 2}'
    ).encode(),
    "not a number": READING.replace('"id": 1', '"id": NaN').encode(),
    "infinity": READING.replace('"arguments": {}', '"arguments": {"limit": Infinity}').encode(),
    "half of a pair": HALF.encode(),
    "half of a pair as a key": READING.replace('"id"', '"\\udfff": 1, "id"').encode(),
    "UTF-16": READING.encode("utf-16"),
    "UTF-16 without a mark": READING.encode("utf-16-le"),
    "UTF-32": READING.encode("utf-32"),
    "a byte order mark": b"\xef\xbb\xbf" + READING.encode(),
    "invalid UTF-8": READING.replace('"id": 1', '"id": "HERE"').encode().replace(b"HERE", b"\xff"),
    "overlong UTF-8": READING.encode().replace(b"tools/call", b"tools\xc0\xafcall"),
    "a half pair in bytes": READING.encode().replace(b"tools/call", b"\xed\xa0\x80"),
    "NUL": READING.encode() + b"\0",
    "too deep": READING.replace('"arguments": {}', f'"arguments": {"[" * 70 + "]" * 70}').encode(),
    "far too deep": b'{"a":' * 10_000,
    "a number of 10,000 digits": READING.replace('"id": 1', f'"id": {"9" * 10_000}').encode(),
    "a comment": (READING + "//").encode(),
    "gzip": gzip.compress(READING.encode()),
    "a form": b"method=tools%2Fcall&name=list_documents",
}
NO_MESSAGE: dict[str, bytes] = {
    "a batch": f"[{READING}]".encode(),
    "an empty batch": b"[]",
    "a text": b'"x"',
    "null": b"null",
    "id null": text(id=None).encode(),
    "id with a fraction": text(id=1.5).encode(),
    "id as a float": text(id=1.0).encode(),
    "id true": text(id=True).encode(),
    "id as a list": text(id=[1]).encode(),
    "id of 10 KB": text(id="x" * 10_240).encode(),
    "another version": text(jsonrpc="1.0").encode(),
    "a version that is a number": text(jsonrpc=2.0).encode(),
    "no method": b'{"jsonrpc": "2.0", "id": 1}',
    "a method that is a list": text(method=["tools/call"]).encode(),
    "an empty method": text(method="").encode(),
    "a request that is a response too": text(result={}).encode(),
    "params as a list": text(params=[]).encode(),
    "params null": text(params=None).encode(),
}


@pytest.mark.requirement("GATE-20")
@pytest.mark.parametrize("what", list(UNREADABLE))
async def test_what_two_parsers_could_read_differently_is_refused(
    sender: Sender, what: str
) -> None:
    answer = await sender.send(UNREADABLE[what])

    assert answer.status_code == 400
    said = answer.json()
    assert (said["id"], said["error"]["code"]) == (None, -32700)


@pytest.mark.requirement("GATE-21")
@pytest.mark.parametrize("what", list(NO_MESSAGE))
async def test_what_is_no_one_message_is_refused_in_our_words(sender: Sender, what: str) -> None:
    answer = await sender.send(NO_MESSAGE[what])

    assert answer.status_code == 400
    said = answer.json()
    assert (said["id"], said["error"]["code"]) == (None, -32600)
    assert len(answer.content) < 300
    assert "pydantic" not in answer.text


@pytest.mark.requirement("GATE-20")
@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate", "identity, gzip", "x"])
async def test_an_encoded_body_is_not_unpacked(sender: Sender, encoding: str) -> None:
    answer = await sender.send(gzip.compress(READING.encode()), Content_Encoding=encoding)

    assert answer.status_code == 415


@pytest.mark.requirement("GATE-20")
@pytest.mark.parametrize("kind", ["text/plain", "multipart/form-data; boundary=x", "text/json"])
async def test_a_body_of_another_type_runs_nothing(sender: Sender, kind: str) -> None:
    answer = await sender.send(READING.encode(), Content_Type=kind)

    assert 400 <= answer.status_code < 500
    assert "documents" not in answer.text


@pytest.mark.requirement("GATE-22")
@pytest.mark.parametrize(
    "number", [0, -1, 2**53, "", "x" * 256, "a\nb\x1b[31m\u2028", "\U0001f600"]
)
async def test_the_id_of_a_request_comes_back_as_it_was(
    sender: Sender, era: Era, number: int | str
) -> None:
    sent = {**call("list_documents", era=era), "id": number}

    answer = await sender.send(json.dumps(sent).encode())

    assert answer.status_code == 200
    data = answer.text.partition("data: ")[2] if era == "legacy" else answer.text
    assert json.loads(data)["id"] == number


WRITE = {"schema": PLANTED}


NO_TOOL = "a name with a space"
"""There is no such tool: nobody needs a scope to be told so."""


def _mixed() -> dict[str, tuple[dict[str, Any], dict[str, str]]]:
    """Calls of the one tool that needs most, dressed up as something that only reads."""
    modern = message("tools/call", name="set_schema", arguments=WRITE)
    legacy = message("tools/call", era="legacy", name="set_schema", arguments=WRITE)
    as_listing = headers_for(call("list_documents"))
    as_old = headers_for(legacy, "legacy")
    return {
        "headers of another tool": (modern, as_listing),
        "headers of another method": (modern, headers_for(message("tools/list"))),
        "an old version and a new body": (modern, as_old),
        "a new version and an old body": (legacy, as_listing),
        "both versions' names, old header": (modern, {**as_listing, **as_old}),
        "no version": (modern, {**as_old, "MCP-Protocol-Version": ""}),
        "an unknown version": (modern, {**as_listing, "MCP-Protocol-Version": "2099-01-01"}),
        "a version of long ago": (legacy, {**as_old, "MCP-Protocol-Version": "2024-11-05"}),
        "another name in the _meta": (
            {**modern, "params": {**modern["params"], "_meta": {**META, "name": "get_schema"}}},
            as_listing,
        ),
        "a method behind the method": ({**modern, "Method": "tools/list"}, as_listing),
        "a name behind the name": (
            {**modern, "params": {**modern["params"], "Name": "get_schema", "tool": "x"}},
            as_listing,
        ),
        "a method overridden": (modern, {**as_listing, "X-HTTP-Method-Override": "GET"}),
        NO_TOOL: (
            message("tools/call", name=" set_schema", arguments=WRITE),
            as_listing,
        ),
        "a notification": ({k: v for k, v in modern.items() if k != "id"}, as_listing),
        "a session": (modern, {**as_old, "Mcp-Session-Id": "x" * 32}),
        "query parameters": (modern, {**as_listing, "X-Original-URL": "/healthz"}),
    }


@pytest.mark.requirement("GATE-23")
@pytest.mark.parametrize("what", [one for one in _mixed() if one != NO_TOOL])
async def test_the_scope_is_that_of_the_call_that_would_run(
    served: Site, stack: StackId, what: str
) -> None:
    """A parser that saw another call than the gate would run this with a token that reads."""
    sent, headers = _mixed()[what]
    async with served.raw({**headers, **served.bearer(ALICE, stack, Right.READ)}) as http:
        answer = await http.post(f"/stacks/{stack}/mcp?method=tools/list&name=x", json=sent)

    assert answer.status_code == 403
    assert 'scope="stack:read' in answer.headers["www-authenticate"]
    assert (await served.workspace(ALICE, stack).store.stack()).schema is None


@pytest.mark.requirement("GATE-23")
@pytest.mark.parametrize("what", list(_mixed()))
async def test_with_all_scopes_it_runs_as_itself_or_not_at_all(
    served: Site, stack: StackId, what: str
) -> None:
    sent, headers = _mixed()[what]
    async with served.raw({**headers, **served.bearer(ALICE, stack)}) as http:
        answer = await http.post(f"/stacks/{stack}/mcp", json=sent)

    schema = (await served.workspace(ALICE, stack).store.stack()).schema
    ran = answer.status_code == 200 and "planted" in answer.text
    assert ran == (schema is not None)
    assert schema in (None, PLANTED)
    assert "documents" not in answer.text
