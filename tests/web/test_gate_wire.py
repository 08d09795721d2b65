"""What stands in front of the gate: requests that two servers could read differently."""

import pytest

from tests.web.site import ALICE, Site, call, headers_for
from tests.web.wire import body, exchange, head, statuses

pytestmark = pytest.mark.anyio

SMUGGLED = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.mark.requirement("GATE-09")
@pytest.mark.parametrize(
    "lines",
    [
        (b"Content-Length: 4", b"Transfer-Encoding: chunked"),
        (b"Transfer-Encoding: chunked", b"Content-Length: 4"),
        (b"Content-Length: 4", b"Content-Length: 5"),
        (b"Content-Length: 4, 5",),
        (b"Content-Length: +4",),
        (b"Content-Length: -1",),
        (b"Content-Length: 0x4",),
        (b"Transfer-Encoding: identity, chunked",),
        (b"Transfer-Encoding: xchunked",),
        (b"Transfer-Encoding : chunked",),
        (b"X-One: a\0b", b"Content-Length: 4"),
        (b"X-One: a\rb", b"Content-Length: 4"),
        (b"Bad Name: a", b"Content-Length: 4"),
        (b"Host: 127.0.0.1:1", b"Content-Length: 4"),
    ],
)
async def test_a_request_that_ends_in_two_places_is_refused_and_nothing_follows_it(
    served: Site, lines: tuple[bytes, ...]
) -> None:
    stack = await served.stack(ALICE)
    asked = call("list_documents")
    given = {**headers_for(asked), **served.bearer(ALICE, stack)}
    sent = head(served, f"/stacks/{stack}/mcp", given, *lines) + b"0\r\n\r\n" + SMUGGLED

    said = await exchange(served, sent)

    assert all(status >= 400 for status in statuses(said)), said
    assert b'"ok"' not in said
    assert len(statuses(said)) == 1


@pytest.mark.requirement("GATE-09")
async def test_a_folded_header_is_one_header_and_no_second_one(served: Site) -> None:
    stack = await served.stack(ALICE)
    asked = call("list_documents")
    content = body(asked)
    token = served.bearer(ALICE, stack)["Authorization"].encode()
    length = b"Content-Length: %d" % len(content)
    for lines in (
        (b"X-One: a\r\n Authorization: " + token, length),  # hidden in another
        (b"Authorization: Bearer x\r\n " + token, length),  # two in one
    ):
        sent = head(
            served, f"/stacks/{stack}/mcp", headers_for(asked), *lines, b"Connection: close"
        )
        said = await exchange(served, sent + content)
        assert statuses(said) in ([401], [400]), said


@pytest.mark.requirement("GATE-09")
async def test_only_one_host_and_one_authorization_are_heard(served: Site) -> None:
    stack = await served.stack(ALICE)
    asked = call("list_documents")
    content = body(asked)
    token = b"Authorization: " + served.bearer(ALICE, stack)["Authorization"].encode()
    ends = (b"Content-Length: %d" % len(content), b"Connection: close")
    path = f"/stacks/{stack}/mcp"

    async def status(*lines: bytes) -> list[int]:
        sent = head(served, path, headers_for(asked), *lines, *ends)
        return statuses(await exchange(served, sent + content))

    assert await status(token) == [200]
    assert await status(token, token) == [401]
    assert await status(token, b"authorization: Bearer other") == [401]
    assert await status(token, b"Host: 127.0.0.1:%d" % served.port) in ([400], [403])


@pytest.mark.requirement("GATE-09")
async def test_a_body_in_pieces_is_read_as_one(served: Site) -> None:
    stack = await served.stack(ALICE)
    asked = call("list_documents")
    content = body(asked)
    given = {**headers_for(asked), **served.bearer(ALICE, stack), "Connection": "close"}
    pieces = b"".join(b"1\r\n%c\r\n" % one for one in content) + b"0\r\n\r\n"
    sent = head(served, f"/stacks/{stack}/mcp", given, b"Transfer-Encoding: chunked")

    said = await exchange(served, sent + pieces)

    assert statuses(said) == [200]
    assert b'"documents"' in said


@pytest.mark.requirement("GATE-10")
async def test_headers_have_a_limit(served: Site) -> None:
    stack = await served.stack(ALICE)
    path = f"/stacks/{stack}/mcp"
    large = {"X-Large": "x" * 400_000}

    said = await exchange(served, head(served, path, large))

    assert statuses(said) == [400]


@pytest.mark.requirement("GATE-10")
async def test_what_is_no_http_says_nothing_about_the_server(served: Site) -> None:
    for sent in (
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",  # TLS
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET /healthz\r\n\r\n",
        b"\0" * 64,
    ):
        said = (await exchange(served, sent, gone=True)).lower()
        assert b"200 ok" not in said
        assert not any(word in said for word in (b"server:", b"uvicorn", b"python", b"traceback"))
