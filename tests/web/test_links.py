"""One-time links for files: who may use one, for which bytes, and how often."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import anyio
import anyio.lowlevel
import httpx2
import pytest

from stackdocs_mcp.core.binding import Binding, Right, Role, StackId, UserId
from stackdocs_mcp.core.links import Download, Link, Upload
from stackdocs_mcp.http import admission
from stackdocs_mcp.http.links import SealedLinks
from stackdocs_mcp.http.places import Addresses
from stackdocs_mcp.workspace.cursors import Cursors
from tests.server.harness import PATIENCE, Era, Session, in_memory, settings, text_of
from tests.server.papers import INVOICE
from tests.web.sending import MIB, arriving, documents, error_of, kept, raw_request, status_of
from tests.web.site import ALICE, BOB, Site, site

pytestmark = pytest.mark.anyio

CONTENT = INVOICE.encode()


async def offered(session: Session, content: bytes = CONTENT, name: str = "a.txt") -> str:
    """The path of a link for this file."""
    answer = await session.data("add_document", filename=name, size=len(content))
    return urlsplit(str(answer["upload"]["url"])).path


@asynccontextmanager
async def linked(
    served: Site, user: UserId, stack: StackId, content: bytes = CONTENT
) -> AsyncIterator[tuple[httpx2.AsyncClient, str]]:
    """Plain HTTP without a token, and the path of a link."""
    async with served.client(user, stack) as session:
        path = await offered(session, content)
    async with served.raw() as http:
        yield http, path


def sealed(served: Site, at: datetime | None = None) -> SealedLinks:
    """Links as the server makes them, at another time."""
    moment = datetime.now(UTC) if at is None else at
    return SealedLinks(served.app.shared.cursors, Addresses(served.url), lambda: moment)


def path_of(link: Link) -> str:
    return urlsplit(link.url).path


@pytest.mark.requirement("LINK-02")
async def test_a_file_goes_to_its_link_without_a_token(served: Site, era: Era) -> None:
    stack = await served.stack(ALICE)
    async with served.client(ALICE, stack, era) as session:
        result = await session.call("add_document", filename="in/../voice 1.txt", size=len(CONTENT))
        assert result.structured_content is not None
        upload = result.structured_content["upload"]
        assert set(upload) == {"url", "method", "expires_at", "max_bytes"}
        assert (upload["method"], upload["max_bytes"]) == ("PUT", len(CONTENT))
        left = datetime.fromisoformat(upload["expires_at"]) - datetime.now(UTC)
        assert timedelta(minutes=14) < left <= timedelta(minutes=15)
        assert text_of(result) == f"send the bytes: curl --fail-with-body -T FILE {upload['url']}"
        assert await documents(served, ALICE, stack) == [], "a link is no document"

        async with served.raw() as http:
            answer = await http.put(upload["url"], content=CONTENT)
        (listed,) = (await session.data("list_documents"))["documents"]

    assert answer.status_code == 201
    assert answer.json()["new"]
    assert answer.json()["document"]["id"] == listed["id"]
    assert listed["filename"] == "voice 1.txt"


@pytest.mark.requirement("LINK-02")
async def test_a_name_stands_in_the_command_only_where_no_shell_reads_it_as_more(
    served: Site,
) -> None:
    stack = await served.stack(ALICE)
    async with served.client(ALICE, stack) as session:
        for name in ("scan_1-b.pdf", "a b.txt", "$(id).txt", "a;b", "-o.txt", "'x'.txt", "é.txt"):
            result = await session.call("add_document", filename=name, size=1)
            said = text_of(result).split("curl --fail-with-body -T ")[1].split(" http")[0]
            assert said == (name if name == "scan_1-b.pdf" else "FILE")


@pytest.mark.requirement("LINK-02")
async def test_each_transport_takes_one_form_alone(served: Site, tmp_path: Path) -> None:
    stack = await served.stack(ALICE)
    by_path: dict[str, Any] = {"path": "a.txt"}
    by_link: dict[str, Any] = {"filename": "a.txt", "size": 3}
    async with served.client(ALICE, stack) as session:
        assert "unknown argument 'path'" in await session.refusal("add_document", **by_path)
        assert "unknown argument 'path'" in await session.refusal(
            "add_document", **by_path, **by_link
        )
        for wrong in ({"size": 0}, {"size": "3"}, {"size": None}, {"filename": ""}):
            await session.refusal("add_document", **{**by_link, **wrong})
        for name in ("..", "a/", "/"):
            assert "is not a file's name" in await session.refusal(
                "add_document", filename=name, size=1
            )
        most = served.app.shared.max_file_bytes
        assert "more than" in await session.refusal("add_document", filename="a.txt", size=most + 1)
        await session.data("add_document", filename="a.txt", size=most)
    other = tmp_path / "other"
    other.mkdir()
    async with in_memory(settings(other)) as session:
        assert "unknown argument 'size'" in await session.refusal("add_document", **by_link)


@pytest.mark.requirement("LINK-02")
async def test_what_is_listed_over_http_names_no_path(served: Site, era: Era) -> None:
    stack = await served.stack(ALICE)
    async with served.client(ALICE, stack, era) as session:
        tools = {one.name: one for one in (await session.client.list_tools()).tools}

    adding = tools["add_document"].input_schema
    assert set(adding["properties"]) == set(adding["required"]) == {"filename", "size"}
    exported = tools["export"].output_schema
    assert exported is not None
    assert "files" not in exported["properties"]
    hints = tools["export"].annotations
    assert hints is not None
    assert hints.read_only_hint


@pytest.mark.requirement("LINK-03")
async def test_the_same_bytes_again_are_the_same_document_and_others_are_refused(
    served: Site,
) -> None:
    stack = await served.stack(ALICE)
    async with linked(served, ALICE, stack, b"first") as (http, path):
        first = await http.put(path, content=b"first")
        again = await http.put(path, content=b"first")
        other = await http.put(path, content=b"other")
        then = await http.put(path, content=b"first")

    assert [one.status_code for one in (first, again, other, then)] == [201, 200, 409, 200]
    assert error_of(other) == "link_used"
    assert "add_document" in other.json()["error"]["advice"]
    ids = {one.json()["document"]["id"] for one in (first, again, then)}
    assert len(ids) == 1
    assert len(kept(served)) == 1


@pytest.mark.requirement("LINK-03")
async def test_a_used_link_is_used_after_a_restart_and_in_another_process(tmp_path: Path) -> None:
    async with site(tmp_path) as one:
        stack = await one.stack(ALICE)
        async with (
            linked(one, ALICE, stack, b"first") as (http, path),
            linked(one, ALICE, stack, b"later") as (_, later),
        ):
            assert (await http.put(path, content=b"first")).status_code == 201
        async with site(tmp_path) as beside, beside.raw() as http:
            assert (await http.put(path, content=b"other")).status_code == 409
            assert (await http.put(path, content=b"first")).status_code == 200
    async with site(tmp_path) as restarted, restarted.raw() as http:
        assert (await http.put(path, content=b"other")).status_code == 409
        assert (await http.put(later, content=b"later")).status_code == 201


@pytest.mark.requirement("LINK-03")
async def test_of_many_uploads_to_one_link_at_once_one_file_is_taken(served: Site) -> None:
    stack = await served.stack(ALICE)
    found: list[int] = []
    async with linked(served, ALICE, stack, b"00") as (http, path):

        async def send(number: int) -> None:
            found.append((await http.put(path, content=b"%02d" % number)).status_code)

        async with anyio.create_task_group() as tasks:
            for number in range(12):
                tasks.start_soon(send, number)

    assert sorted(found) == [201, *[409] * 11]
    assert len(await documents(served, ALICE, stack)) == 1
    assert len(kept(served)) == 1


@pytest.mark.requirement("LINK-04")
async def test_every_link_that_does_not_hold_answers_alike(served: Site) -> None:
    stack = await served.stack(ALICE, bob=Role.EDITOR, carol=Role.EDITOR)
    theirs = await served.stack(BOB)
    bound = Binding(ALICE, stack, frozenset(Right))
    what, download = Upload("a.txt", len(CONTENT)), Download("json", evidence=False)
    good = path_of(sealed(served).upload(bound, what))
    removed = path_of(sealed(served).upload(Binding(BOB, stack, frozenset(Right)), what))
    demoted = path_of(
        sealed(served).upload(Binding(UserId("carol"), stack, frozenset(Right)), what)
    )
    owner = served.workspace(ALICE, stack).store
    await owner.revoke(BOB)
    await owner.grant(UserId("carol"), Role.VIEWER)
    ago = datetime.now(UTC) - timedelta(minutes=15, seconds=1)
    foreign_key = SealedLinks(Cursors(bytes(32)), Addresses(served.url), lambda: datetime.now(UTC))
    changed = good[:40] + ("A" if good[40] != "A" else "B") + good[41:]
    export = path_of(sealed(served).download(bound, download))
    bad = {
        "garbled": "/uploads/nonsense",
        "short": "/uploads/x",
        "long": f"/uploads/{'x' * 4_096}",
        "changed": changed,
        "cut": good[:-1],
        "of another server": path_of(foreign_key.upload(bound, what)),
        "expired": path_of(sealed(served, ago).upload(bound, what)),
        "of the other kind": export.replace("/exports/", "/uploads/"),
        "of a removed member": removed,
        "of a member who may not write": demoted,
        "into a stack of others": path_of(
            sealed(served).upload(Binding(ALICE, theirs, frozenset(Right)), what)
        ),
        "into no stack": path_of(
            sealed(served).upload(Binding(ALICE, StackId("none"), frozenset(Right)), what)
        ),
        "a cursor": "/uploads/" + served.app.shared.cursors.seal(["a", 1], "('alice', 'x')"),
    }
    async with served.raw() as http:
        answers = {why: await http.put(path, content=CONTENT) for why, path in bad.items()}
        exports = [
            await http.get(path.replace("/uploads/", "/exports/"))
            for why, path in bad.items()
            if why != "of the other kind"
        ]
        assert (await http.put(good, content=CONTENT)).status_code == 201

    found = [*answers.values(), *exports]
    assert {one.status_code for one in found} == {404}
    assert len({one.content for one in found}) == 1
    assert len({tuple(sorted(set(one.headers) - {"date"})) for one in found}) == 1
    assert await documents(served, BOB, theirs) == []
    denied = [row.denial for row in await served.app.store.denials(limit=20)]
    assert {(one.user, one.what) for one in denied} == {
        (BOB, "upload"),
        (UserId("carol"), "upload"),
        (ALICE, "upload"),
    }


@pytest.mark.requirement("LINK-04")
async def test_a_link_tells_nothing_and_other_methods_are_refused(served: Site) -> None:
    stack = await served.stack(ALICE)
    async with linked(served, ALICE, stack) as (http, path):
        answers = [await http.request(one, path) for one in ("GET", "POST", "HEAD", "DELETE")]
        garbled = await http.get("/uploads/nonsense")

    assert {one.status_code for one in (*answers, garbled)} == {405}
    assert {one.headers["allow"] for one in (*answers, garbled)} == {"PUT"}
    assert str(stack) not in path
    assert "alice" not in path


@pytest.mark.requirement("LINK-04")
async def test_a_server_that_only_reads_takes_no_file_by_an_older_link(tmp_path: Path) -> None:
    async with site(tmp_path) as writing:
        stack = await writing.stack(ALICE)
        async with linked(writing, ALICE, stack) as (_, path):
            pass
    async with site(tmp_path, read_only=True) as reading, reading.raw() as http:
        assert (await http.put(path, content=CONTENT)).status_code == 404
        async with reading.client(ALICE, stack) as session:
            assert "export" in {one.name for one in (await session.client.list_tools()).tools}


@pytest.mark.requirement("LINK-05")
async def test_a_link_takes_exactly_its_size(served: Site) -> None:
    async def parts(content: bytes) -> AsyncIterator[bytes]:
        yield content

    stack = await served.stack(ALICE)
    async with linked(served, ALICE, stack, b"12345") as (http, path):
        answers = [
            await http.put(path, content=b"1234"),
            await http.put(path, content=b"123456"),
            await http.put(path, content=parts(b"1234")),
            await http.put(path, content=parts(b"123456")),
            await http.put(path, content=b""),
        ]
        assert kept(served) == []
        assert (await http.put(path, content=parts(b"12345"))).status_code == 201

    assert [one.status_code for one in answers] == [400, 400, 400, 413, 400]


@pytest.mark.requirement("LINK-05")
async def test_what_a_link_brings_is_told_by_its_content_too(served: Site) -> None:
    stack = await served.stack(ALICE)
    program = b"MZ\x90\x00\x03\x00\x00\x00" + bytes(99)
    async with linked(served, ALICE, stack, program) as (http, path):
        answer = await http.put(path, content=program)

    assert answer.status_code == 415
    assert kept(served) == []


@pytest.mark.requirement("LINK-06")
async def test_using_a_link_counts_as_a_call_of_its_user(tmp_path: Path) -> None:
    async with site(tmp_path, rate_per_second=0.001, rate_burst=3) as served:
        stack = await served.stack(ALICE)
        link = sealed(served).upload(
            Binding(ALICE, stack, frozenset(Right)), Upload("a.txt", len(CONTENT))
        )
        async with served.raw() as http:
            answers = [await http.put(path_of(link), content=CONTENT) for _ in range(4)]

    assert [one.status_code for one in answers] == [201, 200, 200, 429]
    assert int(answers[-1].headers["retry-after"]) > 0


@pytest.mark.requirement("LINK-06")
async def test_a_file_that_is_coming_is_one_of_its_users_calls(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admission, "WAIT_SECONDS", 0.0)
    async with site(tmp_path, calls_at_once=1) as served:
        stack = await served.stack(ALICE)
        bound = Binding(ALICE, stack, frozenset(Right))
        size = 2 * MIB
        links = [path_of(sealed(served).upload(bound, Upload("a.txt", size))) for _ in range(2)]
        with anyio.fail_after(PATIENCE):
            coming = await raw_request(
                served.port,
                f"PUT {links[0]} HTTP/1.1\nContent-Length: {size}",
                b"x" * (size - 1),
            )
            while not arriving(served.app.settings.data_dir):
                await anyio.lowlevel.checkpoint()
            async with served.raw() as http:
                assert (await http.put(links[1], content=b"y" * size)).status_code == 429
            await coming.send(b"x")
            assert await status_of(coming) == 201


@pytest.mark.requirement("LINK-06")
async def test_the_log_names_the_links_user_as_it_names_others_and_never_the_link(
    served: Site, caplog: pytest.LogCaptureFixture
) -> None:
    stack = await served.stack(ALICE)
    caplog.set_level("DEBUG")
    async with linked(served, ALICE, stack) as (http, path):
        await http.put(path, content=CONTENT)

    said = [record.getMessage() for record in caplog.records]
    by = {
        line.split(" user=")[1]
        for line in said
        if "route=upload" in line or ("route=mcp" in line and "tool=add_document" in line)
    }
    assert len(by) == 1, "the same opaque names of user and stack"
    ours = [r.getMessage() for r in caplog.records if r.name.startswith("stackdocs_mcp")]
    assert not [line for line in ours if path.rsplit("/", 1)[1] in line]
