"""``export``: the stack's fields on standard output, or in files."""

from pathlib import Path
from typing import cast

import anyio.to_thread

from stackdocs_mcp.cli.opening import opened
from stackdocs_mcp.cli.output import put, put_text, say
from stackdocs_mcp.core.errors import StoreFailed
from stackdocs_mcp.settings import Settings
from stackdocs_mcp.workspace import exporting


async def export(settings: Settings, format_: str, *, evidence: bool, output: str | None) -> int:
    """Print the documents, or write them and their lists, and print the files' names."""
    chosen = cast("exporting.Format", format_)
    async with opened(settings) as workspace:
        texts = await exporting.texts(workspace, chosen, evidence=evidence)

    if output is None:
        put_text(texts.pop(""))
        if texts:
            say(
                f"Left out: {', '.join(map(repr, texts))}, which are lists with rows of their own; "
                "--output FILE writes a table for each, and json has all in one."
            )
        return 0

    path = Path(output)
    files = {
        path.with_name(f"{path.stem}.{name}{path.suffix}") if name else path: text
        for name, text in texts.items()
    }
    try:
        await anyio.to_thread.run_sync(exporting.write_all, files)
    except StoreFailed as error:
        raise StoreFailed(
            f"{output!r} could not be written", "Check the folder's rights and the free space."
        ) from error
    for file in files:
        put(str(file))
    return 0
