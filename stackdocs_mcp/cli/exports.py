"""``export``: the stack's fields on standard output, or in files."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import cast

from stackdocs_mcp.cli.opening import opened
from stackdocs_mcp.cli.output import put, put_text, say
from stackdocs_mcp.core.errors import StoreFailed
from stackdocs_mcp.settings import Settings
from stackdocs_mcp.workspace import Workspace, exporting
from stackdocs_mcp.workspace.rendering import Format


async def export(settings: Settings, format_: str, *, evidence: bool, output: str | None) -> int:
    """Print the documents, or write them and their lists, and print the files' names."""
    chosen = cast("Format", format_)
    async with opened(settings) as workspace:
        if output is None:
            with tempfile.TemporaryDirectory() as folder:
                _print(await _written(workspace, chosen, Path(folder), evidence=evidence))
            return 0

        target = Path(output)
        with _beside(target) as folder:
            files = await _written(workspace, chosen, folder, evidence=evidence)
            named = _moved(files, target)
    for file in named:
        put(str(file))
    return 0


async def _written(
    workspace: Workspace, chosen: Format, folder: Path, *, evidence: bool
) -> dict[str, Path]:
    """The export's files in the folder by table name, the documents' own (named "") first."""
    shared = replace(workspace.shared, exports=folder)
    exported = await exporting.export(replace(workspace, shared=shared), chosen, evidence=evidence)
    own, *lists = exported.files
    return {"": own} | {path.stem.removeprefix(f"{own.stem}."): path for path in lists}


def _print(files: dict[str, Path]) -> None:
    put_text(files.pop("").read_bytes().decode("utf-8"))
    if files:
        say(
            f"Left out: {', '.join(map(repr, files))}, with rows of their own; "
            "--output FILE writes a table for each, and json has all in one."
        )


@contextmanager
def _beside(target: Path) -> Iterator[Path]:
    """A folder next to the target, from which files can be moved there whole."""
    try:
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".export-") as folder:
            yield Path(folder)
    except OSError as error:
        raise StoreFailed(
            f"{str(target)!r} could not be written",
            "Check that its folder is there, the rights, and the free space.",
        ) from error


def _moved(files: dict[str, Path], target: Path) -> list[Path]:
    """The files in their places, each one whole or not at all."""
    return [
        path.replace(target.with_name(f"{target.stem}.{name}{target.suffix}") if name else target)
        for name, path in files.items()
    ]
