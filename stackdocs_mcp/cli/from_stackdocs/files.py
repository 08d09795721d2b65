"""Where the original's files are: in the project's Storage, or downloaded into a folder."""

from pathlib import Path, PurePosixPath
from typing import Protocol
from urllib.parse import quote

import anyio

from stackdocs_mcp.core.errors import FileTooLarge, StoreFailed

BUCKET = "documents"
_TIMEOUT_SECONDS = 60.0
_NO_OBJECT = frozenset({"not_found", "NoSuchKey"})


class FileMissing(Exception):
    """There is no file of this path. Everything else is a StoreFailed."""


class Source(Protocol):
    """Bytes by the path that the original has for them."""

    async def fetch(self, path: str, limit: int) -> bytes:
        """The whole file. Raises FileMissing, FileTooLarge, StoreFailed."""

    async def aclose(self) -> None:
        """Give connections back. Harmless twice."""


class Folder:
    """A folder that has the bucket's files under their paths."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def fetch(self, path: str, limit: int) -> bytes:
        """The file below the folder; a path that leads out of it is missing."""
        return await anyio.to_thread.run_sync(self._read, path, limit)

    async def aclose(self) -> None:
        pass

    def _read(self, path: str, limit: int) -> bytes:
        parts = PurePosixPath(path).parts
        try:
            file = self._folder.joinpath(*parts).resolve()
            if not file.is_relative_to(self._folder.resolve()) or not file.is_file():
                raise FileMissing
            with file.open("rb") as opened:
                content = opened.read(limit + 1)
        except (OSError, ValueError) as error:  # a NUL in it, or a name that is too long
            raise FileMissing from error
        if len(content) > limit:
            raise FileTooLarge(limit)
        return content


class Storage:
    """The project's own bucket, with the secret key, which no other part of the program takes."""

    def __init__(self, url: str, secret_key: str) -> None:
        import httpx  # noqa: PLC0415  for this command alone

        self._url = f"{url.rstrip('/')}/storage/v1/object/{BUCKET}"
        self._http = httpx.AsyncClient(
            timeout=_TIMEOUT_SECONDS,
            headers={"apikey": secret_key, "Authorization": f"Bearer {secret_key}"},
        )

    async def fetch(self, path: str, limit: int) -> bytes:
        """The object. The service answers 400 to everything, with the truth in its answer."""
        import httpx  # noqa: PLC0415  see above

        if any(part in {"", ".", ".."} for part in path.split("/")):
            raise FileMissing
        content = bytearray()
        try:
            async with self._http.stream("GET", f"{self._url}/{quote(path)}") as answer:
                if answer.status_code != 200:
                    raise _refused(answer.status_code, await answer.aread())
                async for piece in answer.aiter_bytes():
                    content += piece
                    if len(content) > limit:
                        raise FileTooLarge(limit)
        except httpx.HTTPError as error:
            raise StoreFailed(
                "the project's Storage cannot be reached", "Run the command again: it goes on."
            ) from error
        return bytes(content)

    async def aclose(self) -> None:
        await self._http.aclose()


def _refused(status: int, body: bytes) -> Exception:
    import json  # noqa: PLC0415  for this command alone

    try:
        told = json.loads(body)
    except ValueError:
        told = None
    code = told.get("error") if isinstance(told, dict) else None
    if status in {400, 404} and code in _NO_OBJECT:
        return FileMissing()
    return StoreFailed(
        f"the project's Storage refused to give a file (HTTP {status})",
        "Check STACKDOCS_SUPABASE_SECRET_KEY and the bucket `documents`, then run it again.",
    )
