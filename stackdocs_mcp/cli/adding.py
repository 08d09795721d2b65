"""``add``: files into the stack, read to their end."""

import stat
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import anyio.to_thread

from stackdocs_mcp.cli.barrier import FAILED
from stackdocs_mcp.cli.bars import bars
from stackdocs_mcp.cli.opening import opened
from stackdocs_mcp.cli.output import plain_name, say, shown
from stackdocs_mcp.cli.reading_in import Piece, complain, read_all
from stackdocs_mcp.core.errors import FileRefused
from stackdocs_mcp.core.model import Document
from stackdocs_mcp.ocr.formats import NAMES, SUFFIXES
from stackdocs_mcp.settings import Settings
from stackdocs_mcp.workspace import Workspace
from stackdocs_mcp.workspace.folder import look


@dataclass(frozen=True, slots=True)
class Source:
    """A file to be added, and the name that its document gets."""

    path: Path
    name: str

    def into(self, workspace: Workspace) -> Piece:
        """The file as a document of the stack, to be read there."""
        shared, store, files = workspace.shared, workspace.store, workspace.files

        async def document() -> Document:
            limit = shared.max_file_bytes
            added, _new = await shared.intake.add(store, files, self.path, self.name, limit)
            return added

        return Piece(self.name, document)


async def add(settings: Settings, paths: Sequence[str]) -> int:
    """Add and read everything, two documents at once; 1 when one of them could not be."""
    refused = 0
    sources: dict[Path, Source] = {}
    passed_over: dict[str, int] = {}
    for path in paths:
        try:
            found, others = await anyio.to_thread.run_sync(sources_of, Path(path))
        except FileRefused as error:
            refused += 1
            complain(path, error.message, error.advice)
            continue
        if others:
            passed_over[path] = others
        sources |= {source.path.absolute(): source for source in found}

    async with opened(settings, make=True) as workspace:
        for path, count in passed_over.items():
            files = "1 file" if count == 1 else f"{count} files"
            say(f"{shown(path)}: passed over for the suffix: {files}")
        with bars(len(sources)) as watched:
            pieces = [source.into(workspace) for source in sources.values()]
            failed = await read_all(workspace, pieces, watched)
    return FAILED if refused or failed else 0


def sources_of(path: Path) -> tuple[list[Source], int]:
    """The file, or every supported file of the folder, also in its subfolders.

    And how many files of the folder have a suffix that is not of a supported kind.

    Raises FileRefused for what is neither, and for a folder with nothing in it to be read.
    """
    try:
        status = path.stat()
    except OSError as error:
        raise FileRefused("there is no such file or folder, or it may not be read") from error
    if stat.S_ISREG(status.st_mode):
        return [Source(path, plain_name(path.name))], 0
    if not stat.S_ISDIR(status.st_mode):
        raise FileRefused("this is neither a file nor a folder")
    others = count()
    seen = look(path, SUFFIXES, lambda: next(others))
    found = [Source(one.path, plain_name(one.name)) for one in seen]
    if not found:
        raise FileRefused("the folder has no file that can be read", f"Supported are {NAMES}.")
    return found, next(others)
