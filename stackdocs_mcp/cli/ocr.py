"""``ocr set`` and ``ocr show``: how the documents of one stack are read.

No tool does this: an agent must not be able to send documents to somebody else.
"""

from collections.abc import Callable
from typing import Any

from stackdocs_mcp import choices
from stackdocs_mcp.cli.opening import opened
from stackdocs_mcp.cli.output import put_table, say
from stackdocs_mcp.core.errors import InvalidArgument
from stackdocs_mcp.core.stack import Ocr
from stackdocs_mcp.settings import KEY, Settings

SERVER = "server"
"""As a choice: nothing of its own."""


def read_choice(engine_and_mode: str, languages: str | None) -> Ocr:
    """What was typed. Raises InvalidArgument where it means nothing."""
    chosen = Ocr()
    if engine_and_mode != SERVER:
        chosen = _understood("CHOICE", choices.ocr, engine_and_mode)
    spoken = None
    if languages is not None:
        spoken = _understood("--languages", choices.languages, languages)
    return Ocr(chosen.engine, chosen.mode, spoken)


async def set_ocr(settings: Settings, chosen: Ocr) -> int:
    """Set it for the stack, which is made when there is none; documents there stay as they are.

    Raises InvalidArgument for languages that the engine cannot read.
    """
    if why := choices.unreadable(chosen.over(settings.reading)):
        raise InvalidArgument(why)
    async with opened(settings, make=True) as workspace:
        stack = await workspace.store.set_ocr(chosen)
    rows = _rows(stack.ocr, settings.reading)
    say(f"stack {stack.name!r}: {', '.join(f'{part} {value}' for part, value, _ in rows)}")
    if stack.ocr.over(settings.reading).engine == "mistral" and settings.mistral_key is None:
        say(f"{KEY} is not set here. A server without it reads nothing of this stack.")
    return 0


async def show_ocr(settings: Settings) -> int:
    """Print engine, mode and languages, and whether the stack has chosen them or the settings."""
    async with opened(settings) as workspace:
        stack = await workspace.store.stack()
    put_table(("part", "value", "from"), _rows(stack.ocr, settings.reading))
    return 0


def _rows(chosen: Ocr, otherwise: Ocr) -> list[tuple[str, str, str]]:
    result = chosen.over(otherwise)
    values = {
        "engine": (result.engine or "", chosen.engine),
        "mode": (result.mode or "", chosen.mode),
        "languages": (",".join(result.languages or ()) or "any", chosen.languages),
    }
    return [
        (part, value, "settings" if own is None else "stack")
        for part, (value, own) in values.items()
    ]


def _understood(name: str, read: Callable[[str], Any], text: str) -> Any:
    try:
        return read(text)
    except ValueError as error:  # the words in it are ours
        raise InvalidArgument(f"{name} {error}") from error
