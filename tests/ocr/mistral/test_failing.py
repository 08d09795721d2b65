"""A service that is busy, gone, broken, hostile, or does not like us."""

import gzip
import json
from pathlib import Path
from typing import Any

import anyio
import pytest

from stackdocs_mcp.core.engine import Extracted
from stackdocs_mcp.core.errors import ExtractionFailed
from stackdocs_mcp.ocr.mistral import MistralEngine
from stackdocs_mcp.ocr.mistral_retries import Patience
from stackdocs_mcp.ocr.mistral_sheets import BatchSize
from tests.ocr.mistral.conftest import Make, Naps, billed, read, sheets, texts
from tests.ocr.mistral.service import (
    DELETE,
    KEY,
    OCR,
    SECRET,
    UPLOAD,
    Fault,
    Reply,
    Request,
    Service,
    body,
    flood,
    hang,
    reset,
    status,
    trickle,
)

pytestmark = pytest.mark.anyio

HTML = b"<html><body>Bad gateway " + SECRET.encode() + b"</body></html>"


async def refused(engine: MistralEngine, file: Path) -> ExtractionFailed:
    with anyio.fail_after(30):
        with pytest.raises(ExtractionFailed) as failure:
            await read(engine, file)
    return failure.value


@pytest.mark.requirement("MISTRAL-FAIL-01")
@pytest.mark.parametrize("route", [UPLOAD, OCR, DELETE])
@pytest.mark.parametrize(
    "fault",
    [status(429), status(500), status(503), status(408), reset],
    ids=lambda f: f.__qualname__,
)
async def test_what_passes_is_tried_again(
    engine: MistralEngine,
    service: Service,
    naps: Naps,
    tmp_path: Path,
    *,
    route: str,
    fault: Fault,
) -> None:
    service.faults[route] += [fault, fault]

    items = await read(engine, sheets(tmp_path / "a", 1))

    assert texts(items) == {1: ["Sheet 1"]}
    assert billed(items) == [1]
    assert service.files == {}
    assert len(naps) == 2
    assert 0.5 <= naps[0] <= 1.0 <= naps[1] <= 2.0


@pytest.mark.requirement("MISTRAL-FAIL-02")
async def test_the_service_is_waited_for_as_long_as_it_asks(
    engine: MistralEngine, service: Service, naps: Naps, tmp_path: Path
) -> None:
    service.faults[OCR] += [status(429, retry_after="17"), status(503, retry_after="31")]

    await read(engine, sheets(tmp_path / "a", 1))

    assert naps == [17.0, 31.0]


@pytest.mark.requirement("MISTRAL-FAIL-03")
@pytest.mark.parametrize("fault", [status(503), status(429, retry_after="3600"), reset])
async def test_a_service_that_stays_busy_is_given_up_and_what_was_read_is_kept(
    make: Make, service: Service, naps: Naps, tmp_path: Path, fault: Fault
) -> None:
    engine = make(size=BatchSize(first=1, pages=2))
    file = sheets(tmp_path / "a", 1, 2, 3)
    items: list[Extracted] = []

    async def well(_stream: object, request: Request) -> Reply:
        return service.handled(request)

    service.faults[OCR].append(well)
    service.always[OCR] = fault
    with pytest.raises(ExtractionFailed) as failure:
        await read(engine, file, into=items)
    waited, error = list(naps), failure.value
    del service.always[OCR]
    items += await read(engine, file, have=texts(items))

    assert error.code == "ocr_busy"
    assert "kept" in error.advice
    assert len(waited) <= 4
    assert sum(waited) <= 120
    assert texts(items) == {1: ["Sheet 1"], 2: ["Sheet 2"], 3: ["Sheet 3"]}
    assert service.seen == [[1], [2], [3]]


@pytest.mark.requirement("MISTRAL-FAIL-04")
@pytest.mark.parametrize("fault", [hang, trickle], ids=["hangs", "trickles"])
async def test_an_answer_that_does_not_end_is_asked_for_again(
    make: Make, service: Service, tmp_path: Path, fault: Fault
) -> None:
    engine = make(patience=Patience(call_seconds=2.0))
    service.faults[OCR].append(fault)

    with anyio.fail_after(30):
        items = await read(engine, sheets(tmp_path / "a", 1))

    assert texts(items) == {1: ["Sheet 1"]}
    assert service.calls.count(OCR) >= 2


@pytest.mark.requirement("MISTRAL-FAIL-05")
async def test_a_service_that_is_not_there_is_said_to_be_busy(
    make: Make, naps: Naps, tmp_path: Path
) -> None:
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    port = listener.extra(anyio.abc.SocketAttribute.local_port)
    await listener.aclose()

    error = await refused(make(url=f"http://127.0.0.1:{port}"), sheets(tmp_path / "a", 1))

    assert error.code == "ocr_busy"
    assert naps


@pytest.mark.requirement("MISTRAL-FAIL-06")
async def test_a_key_that_is_refused_is_not_tried_again(
    make: Make, service: Service, naps: Naps, tmp_path: Path
) -> None:
    engine = make(key="sk-of-somebody-else")

    errors = [await refused(engine, sheets(tmp_path / "a", 1)) for _ in range(3)]

    assert {error.code for error in errors} == {"ocr_refused"}
    assert all("MISTRAL_API_KEY" in error.advice for error in errors)
    assert service.calls == [UPLOAD]
    assert naps == []


@pytest.mark.requirement("MISTRAL-FAIL-07")
@pytest.mark.parametrize("code", [307, 400, 402, 404, 413, 422])
async def test_what_the_service_refuses_is_not_tried_again(
    engine: MistralEngine, service: Service, naps: Naps, tmp_path: Path, code: int
) -> None:
    service.always[OCR] = status(code, location="http://127.0.0.1:1/elsewhere")

    error = await refused(engine, sheets(tmp_path / "a", 1))

    assert error.code == "ocr_refused"
    assert service.calls.count(OCR) == 1
    assert naps == []


def packed(content: bytes) -> Fault:
    async def answer(_stream: object, _request: object) -> Reply:
        return Reply(200, gzip.compress(content), {"content-encoding": "gzip"})

    return answer


@pytest.mark.requirement("MISTRAL-FAIL-08")
@pytest.mark.parametrize(
    "fault",
    [
        body(b"{not json"),
        body(b"[]"),
        body(b"null"),
        body(b'{"pages": [{"index": "zero"}], "model": "m", "usage_info": {}}'),
        body(b'{"pages": ' + b"[" * 100_000),
        body(HTML, "text/html"),
        body(b"\xff\xfe\x00"),
        flood,
        packed(b" " * 50_000_000),
        packed(b"{"),
    ],
    ids=["cut", "list", "null", "types", "deep", "html", "bytes", "flood", "bomb", "packed"],
)
async def test_an_answer_that_makes_no_sense_fails_the_document_in_our_words(
    engine: MistralEngine, service: Service, tmp_path: Path, fault: Fault
) -> None:
    service.always[OCR] = fault

    error = await refused(engine, sheets(tmp_path / "a", 1))

    assert error.code == "crashed"
    assert "OCR service" in error.message
    assert service.files == {}


def _no_page(_whole: dict[str, Any]) -> None:
    return None


def _elsewhere(whole: dict[str, Any]) -> dict[str, Any]:
    return {**whole, "index": 700}


def _before(whole: dict[str, Any]) -> dict[str, Any]:
    return {**whole, "index": -1}


def _vast_table(whole: dict[str, Any]) -> dict[str, Any]:
    return {**whole, "blocks": [], "markdown": "<table>" + "<tr><td>1" * 30_000}


def _vast_text(whole: dict[str, Any]) -> dict[str, Any]:
    return {**whole, "blocks": [], "markdown": "word " * 500_000}


@pytest.mark.requirement("MISTRAL-FAIL-09")
@pytest.mark.parametrize("change", [_no_page, _elsewhere, _before, _vast_table, _vast_text])
async def test_a_page_without_a_good_answer_does_not_lose_the_others(
    engine: MistralEngine, service: Service, tmp_path: Path, change: Any
) -> None:
    service.changed[2] = change
    items: list[Extracted] = []

    with pytest.raises(ExtractionFailed) as failure:
        await read(engine, sheets(tmp_path / "a", 1, 2, 3), into=items)

    assert failure.value.code == "crashed"
    assert texts(items) == {1: ["Sheet 1"], 3: ["Sheet 3"]}
    assert billed(items) == [3]


@pytest.mark.requirement("MISTRAL-FAIL-10")
async def test_two_answers_for_one_page_are_none(
    engine: MistralEngine, service: Service, tmp_path: Path
) -> None:
    service.answer = lambda whole: {**whole, "pages": [*whole["pages"], whole["pages"][0]]}
    items: list[Extracted] = []

    with pytest.raises(ExtractionFailed):
        await read(engine, sheets(tmp_path / "a", 1, 2), into=items)

    assert texts(items) == {2: ["Sheet 2"]}


@pytest.mark.requirement("MISTRAL-FAIL-11")
@pytest.mark.parametrize("said", [-1, 1_000_000])
async def test_a_charge_that_cannot_be_is_taken_as_one_for_each_page(
    engine: MistralEngine, service: Service, tmp_path: Path, said: int
) -> None:
    service.answer = lambda whole: {**whole, "usage_info": {"pages_processed": said}}

    assert billed(await read(engine, sheets(tmp_path / "a", 1, 2))) == [2]


@pytest.mark.requirement("MISTRAL-FAIL-12")
@pytest.mark.parametrize("file", ["../../v1/models", "a/b", "", "x" * 200, "file 1"])
async def test_a_name_of_a_file_that_is_none_is_not_used(
    engine: MistralEngine, service: Service, tmp_path: Path, file: str
) -> None:
    made = {
        "id": file,
        "object": "file",
        "bytes": 1,
        "created_at": 1,
        "filename": "a.pdf",
        "purpose": "ocr",
        "sample_type": "ocr_input",
        "source": "upload",
    }

    async def misnamed(_stream: object, _request: object) -> Any:
        return Reply(200, made)

    service.always[UPLOAD] = misnamed

    error = await refused(engine, sheets(tmp_path / "a", 1))

    assert error.code == "crashed"
    assert OCR not in service.calls
    assert DELETE not in service.calls


@pytest.mark.requirement("MISTRAL-FAIL-13")
@pytest.mark.parametrize("code", [200, 400, 401, 422, 500])
async def test_nothing_of_the_document_the_key_or_the_service_is_said(
    engine: MistralEngine,
    service: Service,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    *,
    code: int,
) -> None:
    monkeypatch.setenv("MISTRAL_DEBUG", "1")
    caplog.set_level("DEBUG")
    items = await read(engine, sheets(tmp_path / "a", 1))
    service.always = {route: status(code) for route in (OCR, DELETE)}

    error = await refused(engine, sheets(tmp_path / "a", 1))

    assert texts(items) == {1: ["Sheet 1"]}
    said = caplog.text + error.message + error.advice + repr(error)
    for secret in (KEY, SECRET, "Sheet 1", service.url, "file-0", "sk-"):
        assert secret not in said
    assert error.__cause__ is None
    assert error.__context__ is None


@pytest.mark.requirement("MISTRAL-FAIL-14")
async def test_headers_of_an_answer_do_not_steer_how_it_is_read(
    engine: MistralEngine, service: Service, tmp_path: Path
) -> None:
    async def odd(_stream: object, request: Request) -> Reply:
        headers = {
            "content-type": "application/json; charset=zlib",
            "x-model-deprecation-timestamp": SECRET,
        }
        return Reply(200, service.handled(request).content, headers)

    service.always = {UPLOAD: odd, OCR: odd, DELETE: odd}

    assert texts(await read(engine, sheets(tmp_path / "a", 1))) == {1: ["Sheet 1"]}
    assert service.files == {}


@pytest.mark.requirement("MISTRAL-READ-14")
async def test_answers_may_come_packed(
    engine: MistralEngine, service: Service, tmp_path: Path
) -> None:
    async def smaller(_stream: object, request: Request) -> Reply:
        assert "gzip" in request.headers["accept-encoding"]
        content = gzip.compress(json.dumps(service.handled(request).content).encode())
        return Reply(200, content, {"content-encoding": "gzip"})

    service.always = {UPLOAD: smaller, OCR: smaller, DELETE: smaller}

    assert texts(await read(engine, sheets(tmp_path / "a", 1))) == {1: ["Sheet 1"]}
    assert service.files == {}
