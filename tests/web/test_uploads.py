"""Files posted to a stack: streamed, capped, told by their content."""

from pathlib import Path

import pytest

from stackdocs_mcp.core.binding import Right, Role, StackId
from tests.server.papers import INVOICE
from tests.web.sending import (
    MIB,
    PDF_HEAD,
    documents,
    error_of,
    in_parts,
    kept,
    read,
)
from tests.web.site import ALICE, BOB, Site, site

pytestmark = pytest.mark.anyio


FORM = {"Content-Type": "multipart/form-data; boundary=x"}
FORM_BODY = (
    b'--x\r\nContent-Disposition: form-data; name="file"; filename="%b"\r\n\r\n%b\r\n--x--\r\n'
)


@pytest.mark.requirement("UPLOAD-02")
async def test_a_posted_file_becomes_a_document_and_is_read(served: Site) -> None:
    stack = await served.stack(ALICE)
    where = f"/stacks/{stack}/documents?filename=invoice.txt"
    async with served.raw(served.bearer(ALICE, stack)) as http:
        first = await http.post(where, content=INVOICE.encode())
        again = await http.post(where, content=INVOICE.encode())

    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["new"]
    assert not again.json()["new"]
    made = first.json()["document"]
    assert made["id"] == again.json()["document"]["id"]
    assert made["filename"] == "invoice.txt"
    async with served.client(ALICE, stack) as session:
        (listed,) = (await session.data("list_documents"))["documents"]
        assert listed["id"] == made["id"]
        assert set(listed) == set(made)
        await read(served, ALICE, stack)
        assert "INV-2031" in await session.read(made["id"])


@pytest.mark.requirement("UPLOAD-02")
async def test_reading_begins_with_the_upload(served: Site) -> None:
    stack = await served.stack(ALICE)
    async with served.raw(served.bearer(ALICE, stack)) as http:
        answer = await http.post(f"/stacks/{stack}/documents?filename=a.txt", content=b"a text")

    assert answer.json()["document"]["id"] in served.app.shared.intake._running


@pytest.mark.requirement("UPLOAD-02")
async def test_a_file_that_failed_is_tried_again_when_it_is_sent_again(served: Site) -> None:
    stack = await served.stack(ALICE)
    store = served.workspace(ALICE, stack).store
    broken = PDF_HEAD + b"nothing of a PDF"
    async with served.raw(served.bearer(ALICE, stack)) as http:
        await http.post(f"/stacks/{stack}/documents?filename=a.pdf", content=broken)
        assert (await read(served, ALICE, stack)).status == "failed"
        again = await http.post(f"/stacks/{stack}/documents?filename=a.pdf", content=broken)

    assert again.status_code == 200
    assert again.json()["document"]["status"] == "processing"
    assert len(await store.documents(limit=9)) == 1


@pytest.mark.requirement("UPLOAD-03")
async def test_a_file_comes_as_a_body_or_in_a_form(served: Site) -> None:
    stack = await served.stack(ALICE)
    where = f"/stacks/{stack}/documents"
    other = "attachment; filename=\"x.txt\"; filename*=UTF-8''B%C3%BCro%20%E2%82%AC.txt"
    async with served.raw(served.bearer(ALICE, stack)) as http:
        answers = [
            await http.post(
                where, content=in_parts(b"one"), headers={"Content-Disposition": other}
            ),
            await http.post(where, params={"filename": "Büro 2.txt"}, content=b"two"),
            await http.post(where, files={"file": ("Büro 3.txt", b"three\r\n--x" * 99_999)}),
            await http.post(
                where, data={"note": "more"}, files={"file": ("4.txt", b"", "application/pdf")}
            ),
            await http.post(
                where, files=[("file", ("5.txt", b"five")), ("file", ("6.txt", b"six"))]
            ),
            await http.post(where, data={"note": "no file"}, files={"file": (None, b"x")}),
            await http.post(where, content=b"without a name"),
        ]

    assert [one.status_code for one in answers] == [201, 201, 201, 400, 400, 400, 400]
    names = [one.json()["document"]["filename"] for one in answers[:3]]
    assert names == ["Büro €.txt", "Büro 2.txt", "Büro 3.txt"]
    assert [error_of(one) for one in answers[3:]] == [
        "file_refused",
        "several_files",
        "no_file",
        "file_refused",
    ]
    sizes = [one.size for one in await documents(served, ALICE, stack)]
    assert sizes == [3, 3, 10 * 99_999]
    assert len(kept(served)) == 3


@pytest.mark.requirement("UPLOAD-03")
@pytest.mark.parametrize(
    ("kind", "body", "code"),
    [
        ("multipart/form-data", b"--x\r\n\r\n--x--\r\n", "form_broken"),
        ("multipart/form-data; boundary=", b"x", "form_broken"),
        (f"multipart/form-data; boundary={'x' * 71}", b"x", "form_broken"),
        ("multipart/form-data; boundary=x", b"", "no_file"),
        ("multipart/form-data; boundary=x", b"no form at all", "form_broken"),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="f"; filename="a.txt"\r\n\r\ncut sho',
            "form_broken",
        ),
        (
            "multipart/form-data; boundary=x",
            b"--x\r\nContent-Disposition: " + b"a" * 9_000 + b"\r\n\r\nb\r\n--x--\r\n",
            "form_broken",
        ),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="f"\r\n\r\nb\r\n' * 30 + b"--x--\r\n",
            "form_broken",
        ),
    ],
)
async def test_a_form_that_is_broken_is_refused(
    served: Site, kind: str, body: bytes, code: str
) -> None:
    stack = await served.stack(ALICE)
    headers = {**served.bearer(ALICE, stack), "Content-Type": kind}
    async with served.raw(headers) as http:
        answer = await http.post(f"/stacks/{stack}/documents", content=body)

    assert (answer.status_code, error_of(answer)) == (400, code)
    assert answer.json()["error"]["advice"]
    assert kept(served) == []


@pytest.mark.requirement("UPLOAD-04")
@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("../../B/x.txt", "x.txt"),
        ("/etc/passwd.txt", "passwd.txt"),
        ("C:\\Users\\b\\x.txt", "x.txt"),
        ("a\0b.txt", "a\N{REPLACEMENT CHARACTER}b.txt"),
        ("invoice\u202etxt.exe", "invoice\N{REPLACEMENT CHARACTER}txt.exe"),
        ("two\nlines.txt", "two\N{REPLACEMENT CHARACTER}lines.txt"),
        ("é" * 300 + ".txt", "é" * 251 + ".txt"),
        ("x" * 300, "x" * 255),
        (".txt", ".txt"),
    ],
)
async def test_a_hostile_name_is_only_a_name(served: Site, sent: str, shown: str) -> None:
    stack = await served.stack(ALICE)
    where = f"/stacks/{stack}/documents"
    quoted = sent.replace("\\", "\\\\").replace("\n", "\0")
    form = FORM_BODY % (quoted.encode(), b"in a form")
    async with served.raw(served.bearer(ALICE, stack)) as http:
        answers = [
            await http.post(where, params={"filename": sent}, content=ascii(sent).encode()),
            await http.post(where, content=form, headers=FORM),
        ]

    names = [one.json()["document"]["filename"] for one in answers]
    assert names == [shown, shown]
    assert {path.name for path in kept(served)} == {
        one.sha256 for one in await documents(served, ALICE, stack)
    }


@pytest.mark.requirement("UPLOAD-04")
@pytest.mark.parametrize("sent", ["", "..", "/", "a/", "\\", " ", "...."])
async def test_what_is_no_name_is_refused(served: Site, sent: str) -> None:
    stack = await served.stack(ALICE)
    async with served.raw(served.bearer(ALICE, stack)) as http:
        answer = await http.post(
            f"/stacks/{stack}/documents", params={"filename": sent}, content=b"x"
        )

    assert (answer.status_code, error_of(answer)) == (400, "file_refused")


@pytest.mark.requirement("UPLOAD-07")
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("invoice.pdf", b"MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00" + bytes(999)),
        ("scan.png", b"\x7fELF\x02\x01\x01" + bytes(99)),
        ("notes.txt", b"{\\rtf1\\ansi hello}"),
        ("logo.xml", b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>'),
        ("film.pdf", b"\x00\x00\x00\x18ftypmp42" + bytes(MIB)),
        ("all.txt", b"\x1f\x8b\x08\x00" + bytes(range(256)) * 99),
    ],
)
async def test_a_kind_that_nobody_can_read_is_refused_whatever_it_is_called(
    served: Site, name: str, content: bytes
) -> None:
    stack = await served.stack(ALICE)
    async with served.raw(served.bearer(ALICE, stack)) as http:
        answer = await http.post(
            f"/stacks/{stack}/documents",
            params={"filename": name},
            content=in_parts(content),
            headers={"Content-Type": "application/pdf"},
        )

    assert (answer.status_code, error_of(answer)) == (415, "file_unsupported")
    assert "PDF" in answer.json()["error"]["advice"]
    assert await documents(served, ALICE, stack) == []
    assert kept(served) == []


@pytest.mark.requirement("UPLOAD-07")
async def test_a_readable_file_under_a_wrong_name_and_type_is_taken(served: Site) -> None:
    stack = await served.stack(ALICE)
    async with served.raw(served.bearer(ALICE, stack)) as http:
        answer = await http.post(
            f"/stacks/{stack}/documents?filename=a.exe",
            content=INVOICE.encode(),
            headers={"Content-Type": "image/png"},
        )
        packed = await http.post(
            f"/stacks/{stack}/documents?filename=a.txt",
            content=b"x",
            headers={"Content-Encoding": "gzip"},
        )

    assert answer.status_code == 201
    assert packed.status_code == 415


@pytest.mark.requirement("UPLOAD-09")
async def test_an_upload_needs_a_token_that_reads_and_writes(served: Site) -> None:
    stack = await served.stack(ALICE, bob=Role.VIEWER)
    theirs = await served.stack(BOB)
    where = f"/stacks/{stack}/documents?filename=a.txt"
    async with served.raw() as http:
        none = await http.post(where, content=b"x")
        reading = await http.post(
            where, content=b"x", headers=served.bearer(ALICE, stack, Right.READ)
        )
        viewer = await http.post(where, content=b"x", headers=served.bearer(BOB, stack))
        foreign, unknown = [
            await http.post(
                f"/stacks/{one}/documents?filename=a.txt",
                content=b"x",
                headers=served.bearer(ALICE, one),
            )
            for one in (theirs, StackId("00000000-0000-4000-8000-000000000000"))
        ]
        wrong = [
            await http.request(method, where, headers=served.bearer(ALICE, stack))
            for method in ("GET", "PUT", "DELETE", "HEAD")
        ]

    assert none.status_code == 401
    assert reading.status_code == 403
    assert 'scope="stack:read stack:write"' in reading.headers["www-authenticate"]
    assert (viewer.status_code, error_of(viewer)) == (403, "missing_right")
    assert foreign.status_code == 404
    assert foreign.content == unknown.content
    assert {one.status_code for one in wrong} == {405}
    assert {one.headers["allow"] for one in wrong} == {"POST"}
    assert {error_of(one) for one in wrong if one.content} == {"method_not_allowed"}
    assert sum(bool(one.content) for one in wrong) == 3
    assert kept(served) == []
    denied = [row.denial for row in await served.app.store.denials(limit=9)]
    assert {(one.user, one.what, one.code) for one in denied} >= {
        (BOB, "documents", "missing_right"),
        (ALICE, "documents", "not_found"),
    }


@pytest.mark.requirement("UPLOAD-10")
async def test_the_same_bytes_of_two_users_are_two_documents(served: Site) -> None:
    mine, theirs = await served.stack(ALICE, bob=Role.EDITOR), await served.stack(BOB)
    answers = []
    async with served.raw() as http:
        for user, stack in ((ALICE, mine), (BOB, theirs), (BOB, mine)):
            answers.append(
                await http.post(
                    f"/stacks/{stack}/documents?filename=a.txt",
                    content=b"the same bytes",
                    headers=served.bearer(user, stack),
                )
            )

    assert [one.status_code for one in answers] == [201, 201, 200]
    ids = [one.json()["document"]["id"] for one in answers]
    assert ids[0] == ids[2] != ids[1]
    assert len(kept(served)) == 2, "each of the owners has a copy, and the editor none"


@pytest.mark.requirement("UPLOAD-12")
async def test_an_upload_above_the_quota_is_refused_until_the_month_is_over(
    tmp_path: Path,
) -> None:
    async with site(tmp_path, quota_documents=1) as served:
        stack = await served.stack(ALICE)
        where = f"/stacks/{stack}/documents?filename=a.txt"
        async with served.raw(served.bearer(ALICE, stack)) as http:
            first = await http.post(where, content=b"one")
            above = await http.post(where, content=b"two")
            again = await http.post(where, content=b"one")
        async with served.client(ALICE, stack) as session:
            offered = await session.data("add_document", filename="b.txt", size=3)
        async with served.raw() as http:
            linked = await http.put(offered["upload"]["url"], content=b"two")
        left = len(kept(served))

    assert [one.status_code for one in (first, above, again, linked)] == [201, 429, 200, 429]
    assert first.json()["quota"]["documents_left"] == offered["quota"]["documents_left"] == 0
    assert error_of(above) == error_of(linked) == "quota_exceeded"
    assert 0 < int(above.headers["retry-after"]) <= 31 * 86_400
    assert left == 1
