"""Settings: command-line options first, then ``STACKDOCS_*``, then defaults; read once."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
)

PREFIX = "STACKDOCS_"


class BadSettings(Exception):
    """One line per problem, each naming the setting; no value that could be a secret in it."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def _folders(value: Any) -> Any:
    """A list as the system's PATH is written: separated by ``:`` (``;`` on Windows)."""
    return [one for one in value.split(os.pathsep) if one] if isinstance(value, str) else value


def _names(value: Any) -> Any:
    return [one.strip() for one in value.split(",")] if isinstance(value, str) else value


def _data_dir() -> Path:
    import platformdirs  # noqa: PLC0415  only when no folder is named

    return Path(platformdirs.user_data_dir("stackdocs-mcp", appauthor=False))


class Settings(BaseModel):
    """Everything that can be set; each name is an option and an environment variable."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    data_dir: Path = Field(default_factory=_data_dir)
    stack: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)
    ] = "default"
    folder: Path | None = None
    allow: Annotated[tuple[Path, ...], BeforeValidator(_folders)] = ()
    export_dir: Path | None = None
    toolset: Annotated[frozenset[str] | None, BeforeValidator(_names)] = None
    read_only: bool = False
    max_file_mb: Annotated[int, Field(ge=1, le=2_048)] = 100
    ocr_workers: Annotated[int, Field(ge=1, le=16)] = 1
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @property
    def exports(self) -> Path:
        """Where exported files are written."""
        return (self.export_dir or self.data_dir / "exports").absolute()

    @property
    def allowed(self) -> tuple[Path, ...]:
        """Folders that documents may be added from."""
        return (*self.allow, *([self.folder] if self.folder else []))


NAMES = tuple(name for name in Settings.model_fields if name != "folder")


def load(options: Mapping[str, Any], environment: Mapping[str, str]) -> Settings:
    """Raises BadSettings with every problem at once."""
    given: dict[str, Any] = {}
    for name in NAMES:
        text = environment.get(PREFIX + name.upper())
        if text:
            given[name] = text
    known = {PREFIX + name.upper() for name in NAMES}
    problems = [
        f"{name}: no such setting; known are {', '.join(sorted(known))}"
        for name in sorted(environment)
        if name.startswith(PREFIX) and name not in known and not name.startswith(f"{PREFIX}TEST_")
    ]
    given |= {name: value for name, value in options.items() if value not in (None, (), False)}
    try:
        settings = Settings.model_validate(given)
    except ValidationError as error:
        problems += [
            f"{_setting(one['loc'])}: {one['msg']}"
            for one in error.errors(include_url=False, include_input=False)
        ]
        raise BadSettings(problems) from error
    problems += _missing_folders(settings)
    if options.get("folder") and options.get("stack"):
        problems.append("serve: give a folder or --stack, not both; a folder is a stack of its own")
    if problems:
        raise BadSettings(problems)
    return settings


def sources(options: Mapping[str, Any], environment: Mapping[str, str]) -> dict[str, str]:
    """Where each setting comes from: its option, its variable, or the default."""
    return {
        name: f"--{name.replace('_', '-')}"
        if options.get(name)
        else PREFIX + name.upper()
        if environment.get(PREFIX + name.upper())
        else "default"
        for name in NAMES
    }


def _setting(where: tuple[int | str, ...]) -> str:
    name = str(where[0])
    return f"{PREFIX}{name.upper()} (--{name.replace('_', '-')})"


def _missing_folders(settings: Settings) -> list[str]:
    problems = [
        f"{_setting(('allow',))}: {str(folder)!r} is not a folder"
        for folder in settings.allow
        if not folder.is_dir()
    ]
    if settings.folder is not None and not settings.folder.is_dir():
        problems.append(f"serve: {str(settings.folder)!r} is not a folder")
    return problems
