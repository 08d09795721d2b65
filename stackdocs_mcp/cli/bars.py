"""How far reading is: a bar for all documents, and one for each that is being read now."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from stackdocs_mcp.cli.output import shown
from stackdocs_mcp.workspace.intake import OnPage

NAME_WIDTH = 40

Watched = Callable[[str], AbstractContextManager[OnPage]]
"""Given a file name, while its document is read: what to call when a page of it is ready."""


@contextmanager
def bars(documents: int) -> Iterator[Watched]:
    """Bars on standard error where that is a terminal, and nothing where it is not.

    More documents than were announced are counted as they come.
    """
    if not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield lambda _name: nullcontext(lambda _done, _pages: None)
        return

    from rich.console import Console  # noqa: PLC0415  only on a terminal
    from rich.markup import escape  # noqa: PLC0415
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn  # noqa: PLC0415

    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[unit]}"),
        console=Console(stderr=True),
        redirect_stdout=sys.stdout.isatty(),  # else data would end up on standard error
        transient=True,
    ) as progress:
        everything = progress.add_task("All", total=documents, unit="documents")
        begun = 0

        @contextmanager
        def watched(name: str) -> Iterator[OnPage]:
            nonlocal begun
            begun += 1
            progress.update(everything, total=max(documents, begun))
            text = escape(shown(name)[-NAME_WIDTH:])
            task = progress.add_task(text, total=None, unit="pages")

            try:
                yield lambda done, pages: progress.update(task, completed=done, total=pages or None)
            finally:
                progress.remove_task(task)
                progress.advance(everything)

        yield watched
