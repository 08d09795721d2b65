"""The engine itself: what it is called, what it accepts, when it loads what."""

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from stackdocs_mcp.ocr.mistral import MODEL, MistralEngine
from stackdocs_mcp.ocr.mistral_retries import retry_after
from tests.ocr.mistral.conftest import Make, read, sheets
from tests.ocr.mistral.service import OCR, UPLOAD, Service

pytestmark = pytest.mark.anyio


@pytest.mark.requirement("MISTRAL-ENGINE-01")
async def test_the_identity_names_the_model_and_all_that_decides_what_is_read(make: Make) -> None:
    engine = make()

    assert engine.identity.startswith(f"mistral-1 model={MODEL} dpi=200 ocr=auto pypdfium2-")
    assert "latest" not in MODEL
    assert make(model="another").identity != engine.identity
    assert engine.variant("always", ()).identity != engine.identity
    assert engine.variant("auto", ("de",)).identity == engine.identity
    assert "rapidocr" not in engine.identity


@pytest.mark.requirement("MISTRAL-ENGINE-02")
async def test_the_documented_options_are_asked_for(
    engine: MistralEngine, service: Service, tmp_path: Path
) -> None:
    await read(engine, sheets(tmp_path / "a", 1))

    (asked,) = service.asked
    assert asked == {
        "model": MODEL,
        "document": {"type": "file", "file_id": "file-0"},
        "include_image_base64": False,
        "include_blocks": True,
        "table_format": "html",
        "confidence_scores_granularity": "block",
    }


@pytest.mark.requirement("MISTRAL-ENGINE-03")
def test_the_service_library_is_loaded_with_the_first_call() -> None:
    program = (
        "import sys; from stackdocs_mcp.ocr.mistral import MistralEngine; MistralEngine('key');"
        "print(*sys.modules)"
    )

    printed = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, check=True, text=True
    ).stdout

    heavy = {"mistralai", "httpx2", "opentelemetry", "PIL", "lxml", "pypdfium2"}
    assert heavy & {name.partition(".")[0] for name in printed.split()} == set()


@pytest.mark.requirement("MISTRAL-ENGINE-04")
@pytest.mark.parametrize("key", ["", "   ", "sk-a\nb", "sk-ä", "two words"])
def test_a_key_that_cannot_be_one_is_refused_without_being_quoted(key: str) -> None:
    with pytest.raises(ValueError, match="the key of the OCR service") as refusal:
        MistralEngine(key)

    assert not key.strip() or key not in str(refusal.value)


@pytest.mark.requirement("MISTRAL-ENGINE-05")
@pytest.mark.parametrize(
    ("url", "is_good"),
    [
        ("https://ocr.example", True),
        ("https://ocr.example/eu/", True),
        ("http://127.0.0.1:8080", True),
        ("http://localhost", True),
        ("http://ocr.example", False),
        ("http://127.0.0.1.example", False),
        ("https://name:password@ocr.example", False),
        ("https://ocr.example/?key=1", False),
        ("file:///etc/passwd", False),
        ("ocr.example", False),
    ],
)
def test_pages_and_key_go_by_https_only_unless_to_this_machine(url: str, is_good: bool) -> None:
    if is_good:
        assert MistralEngine("key", url=url)
        return
    with pytest.raises(ValueError, match="the address of the OCR service") as refusal:
        MistralEngine("key", url=url)
    assert "password" not in str(refusal.value)


@pytest.mark.requirement("MISTRAL-ENGINE-06")
async def test_an_engine_can_be_closed_twice_and_before_it_is_used(
    make: Make, tmp_path: Path
) -> None:
    unused, used = make(), make()
    await read(used, sheets(tmp_path / "a", 1))

    for engine in (unused, used, unused, used):
        await engine.close()


@pytest.mark.requirement("MISTRAL-ENGINE-07")
async def test_variants_share_one_account(make: Make, service: Service, tmp_path: Path) -> None:
    from stackdocs_mcp.core.errors import ExtractionFailed

    engine = make(key="sk-unknown")
    for one in (engine, engine.variant("always", ()), engine):
        with pytest.raises(ExtractionFailed):
            await read(one, sheets(tmp_path / "a", 1))

    assert service.calls == [UPLOAD]  # a refusal of the key is known to all of them
    assert OCR not in service.calls


@pytest.mark.requirement("MISTRAL-ENGINE-08")
@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        (" 0 ", 0.0),
        ("Sat, 21 Nov 2026 12:00:30 GMT", 30.0),
        ("Sat, 21 Nov 2026 12:00:30 -0000", 30.0),
        ("Sat, 21 Nov 2026 11:00:00 GMT", 0.0),
        ("soon", None),
        ("-3", None),
        ("9" * 400, None),
        ("Sat, 99 Nov 2026", None),
        ("", None),
        (None, None),
    ],
)
def test_the_time_to_wait_is_read_as_seconds_or_a_date(
    header: str | None, seconds: float | None
) -> None:
    assert retry_after(header, datetime(2026, 11, 21, 12, tzinfo=UTC)) == seconds
