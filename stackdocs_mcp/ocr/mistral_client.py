"""Calls to Mistral's OCR service: a batch goes up, is read, and is deleted. Loads ``mistralai``.

Nothing that the service says is passed on but its answers: its messages quote requests and
answers, that is, documents.
"""

import contextlib
import logging
import math
import re
import uuid
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeVar

import anyio
import httpx2
from mistralai.client import Mistral, errors
from mistralai.client.models import FileChunk, OCRResponse
from mistralai.client.models.file import File
from mistralai.client.utils.logger import NoOpLogger

from stackdocs_mcp.core.engine import Pages
from stackdocs_mcp.ocr import mistral_pages, pages
from stackdocs_mcp.ocr.failures import failure
from stackdocs_mcp.ocr.mistral_retries import (
    Patience,
    Sleep,
    TryAgain,
    Unanswered,
    persistently,
    retry_after,
)
from stackdocs_mcp.ocr.mistral_sheets import Batch

log = logging.getLogger(__name__)
Result = TypeVar("Result")

_MOST_ANSWER = 16 * 1024 * 1024
"""Bytes; a page of text with its blocks and tables is some tens of thousands."""
_CONNECT_SECONDS = 15.0
_DELETE_SECONDS = 20.0
"""For the deletion of one batch, which also runs while the server shuts down."""
_FILE_ID = re.compile(r"[A-Za-z0-9_-]{1,100}")
"""It becomes part of an address."""
_REFUSED_SECONDS = 60.0
"""For so long a key that was refused is not tried again."""
_PASSING = frozenset({408, 425, 429})
_TALKATIVE = ("httpx2", "httpcore2", "mistralai")
"""Loggers that quote addresses, headers and what the service says."""


class KeyRefused(Exception):
    """The service does not know the key, or the key may not do this."""


class Refused(Exception):
    """The service will not read this batch, however often it is asked."""


class Garbled(Exception):
    """The service's answer is not one."""


class _Stay:
    """What is known of the batch that may be at the service."""

    def __init__(self) -> None:
        self.name = f"{uuid.uuid4().hex}.pdf"
        """Tells nothing of the document, and finds the file where its id is not known."""
        self.file: str | None = None
        self.lost = 0
        """Uploads that were begun and of which nothing was heard."""


class Service:
    """The OCR service with one account's key. For one event loop."""

    def __init__(self, key: str, url: str | None, patience: Patience, sleep: Sleep) -> None:
        for name in _TALKATIVE:
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
        self._patience = patience
        self._sleep = sleep
        self._refused_until = -math.inf
        self._http = _Bounded(
            timeout=httpx2.Timeout(patience.call_seconds, connect=_CONNECT_SECONDS),
            follow_redirects=False,  # a document goes where the user said, and nowhere else
        )
        sdk = Mistral(
            api_key=key,
            server_url=url,
            async_client=self._http,
            retry_config=None,
            timeout_ms=round(patience.call_seconds * 1000),
            debug_logger=NoOpLogger(),  # or MISTRAL_DEBUG would print the key
        )
        self._files, self._ocr = sdk.files, sdk.ocr

    async def read(self, pdf: bytes, model: str) -> OCRResponse:
        """The answer for a PDF, which is deleted at the service then, whatever happens.

        Raises ExtractionFailed.
        """
        if anyio.current_time() < self._refused_until:
            raise failure("ocr_key_refused")
        try:
            return await self._read(pdf, model)
        except KeyRefused:
            self._refused_until = anyio.current_time() + _REFUSED_SECONDS
            reason = "ocr_key_refused"
        except Refused:
            reason = "ocr_refused"
        except Unanswered:
            reason = "ocr_busy"
        except Garbled:
            reason = "ocr_garbled"
        raise failure(reason)

    def pages(self, answer: OCRResponse, batch: Batch) -> Pages:
        """The pages of a batch that the answer has, and what they cost. Blocking."""
        found = mistral_pages.by_index(answer, len(batch))
        read = []
        for index, sheet in enumerate(batch):
            page = found.get(index)
            if page and (said := mistral_pages.recognised(page, sheet.picture)):
                read.append(pages.recognised(sheet.picture, said))
        return Pages(tuple(read), mistral_pages.billed(answer, len(batch)))

    async def close(self) -> None:
        await self._http.aclose()

    async def _read(self, pdf: bytes, model: str) -> OCRResponse:
        stay = _Stay()
        try:
            file = await self._persistently(lambda: self._upload(stay, pdf))
            return await self._persistently(lambda: self._process(file, model))
        finally:
            with anyio.move_on_after(_DELETE_SECONDS, shield=True) as deleting:
                await self._delete(stay)
            if deleting.cancelled_caught:
                log.warning("pages could not be deleted at the OCR service: out of time")

    async def _persistently(self, call: Callable[[], Awaitable[Result]]) -> Result:
        return await persistently(lambda: _translated(call), self._patience, self._sleep)

    async def _upload(self, stay: _Stay, pdf: bytes) -> str:
        stay.lost += 1
        content = File(file_name=stay.name, content=pdf, content_type="application/pdf")
        try:
            made = await self._files.upload_async(file=content, purpose="ocr")
        except errors.MistralError as error:
            if 400 <= error.status_code < 500:  # it was refused: there is nothing to delete
                stay.lost -= 1
            raise
        stay.file = _checked(made.id)
        stay.lost -= 1
        return stay.file

    async def _process(self, file: str, model: str) -> OCRResponse:
        return await self._ocr.process_async(
            model=model,
            document=FileChunk(file_id=file),
            include_image_base64=False,
            include_blocks=True,
            table_format="html",
            confidence_scores_granularity="block",
        )

    async def _delete(self, stay: _Stay) -> None:
        """Delete the batch, and what was uploaded under its name without an answer."""
        kept = {stay.file} if stay.file else set()
        try:
            if stay.lost:
                found = await self._persistently(
                    lambda: self._files.list_async(search=stay.name, purpose="ocr")
                )
                kept |= {_checked(file.id) for file in found.data if file.filename == stay.name}
            for file in kept:
                await self._persistently(partial(self._gone, file))
        except (KeyRefused, Refused, Garbled, Unanswered) as error:
            log.warning("pages could not be deleted at the OCR service: %s", type(error).__name__)

    async def _gone(self, file: str) -> None:
        try:
            await self._files.delete_async(file_id=file)
        except errors.MistralError as error:
            if error.status_code not in (200, 404):
                raise


class _Bounded(httpx2.AsyncClient):
    """A client that reads no more of an answer than fits, whatever it unpacks to."""

    async def send(self, request: httpx2.Request, **options: Any) -> httpx2.Response:
        request.extensions["timeout"] = self.timeout.as_dict()  # the SDK knows one for all phases
        options["stream"] = True
        answer = await super().send(request, **options)
        content = bytearray()
        async with contextlib.aclosing(answer):
            async for piece in answer.aiter_bytes():
                content += piece
                if len(content) > _MOST_ANSWER:
                    raise Garbled
        return httpx2.Response(
            answer.status_code,
            headers=_needed(answer.headers),
            content=bytes(content),
            request=request,
        )


def _needed(headers: httpx2.Headers) -> dict[str, str]:
    """Headers that tell what the answer is. Others steer what the SDK does, as a charset would."""
    kept = {"content-type": headers.get("content-type", "").partition(";")[0].strip()}
    if "retry-after" in headers:
        kept["retry-after"] = headers["retry-after"]
    return kept


async def _translated(call: Callable[[], Awaitable[Result]]) -> Result:
    """The call with its errors as ours. What they say is left behind: it quotes documents."""
    try:
        return await call()
    except httpx2.TransportError:
        reason: Exception = TryAgain()
    except httpx2.DecodingError:
        reason = Garbled()
    except errors.MistralError as error:
        reason = _meaning(error.status_code, error.headers.get("retry-after"))
    raise reason


def _meaning(status: int, retry: str | None) -> Exception:
    if status in _PASSING or status >= 500:
        return TryAgain(retry_after(retry, datetime.now(UTC)))
    if status in (401, 403):
        return KeyRefused()
    return Garbled() if status < 300 else Refused()


def _checked(file: str) -> str:
    if not _FILE_ID.fullmatch(file):
        raise Garbled
    return file
