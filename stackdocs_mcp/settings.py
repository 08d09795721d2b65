"""Settings: command-line options first, then ``STACKDOCS_*``, then defaults; read once."""

import difflib
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    ValidationError,
)

from stackdocs_mcp import auth_choices, choices, logs, project_choices
from stackdocs_mcp.auth.providers import (
    DAY,
    USUAL,
    Assurance,
    ProfileName,
    ScopeSource,
    TokenType,
)
from stackdocs_mcp.core.quota import Quotas
from stackdocs_mcp.core.stack import Ocr

PREFIX = "STACKDOCS_"
DEFAULT_STACK = "default"
KEY = "MISTRAL_API_KEY"
"""Never an option: what is on a command line is shown to everybody by ``ps``."""
LOCAL = Ocr("local", "auto")
MAX_PASSWORDS = 100
_MAX_PASSWORD_BYTES = 64 * 1024


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


def _complete(ocr: Ocr) -> Ocr:
    return ocr.over(LOCAL)


def _data_dir() -> Path:
    import platformdirs  # noqa: PLC0415  only when no folder is named

    return Path(platformdirs.user_data_dir("stackdocs-mcp", appauthor=False))


Quota = Annotated[int | None, Field(ge=0, le=1_000_000_000)]
"""For each user and calendar month (UTC); None is without limit."""


class Settings(BaseModel):
    """Everything that can be set; each name is an option and an environment variable."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    data_dir: Path = Field(default_factory=_data_dir)
    stack: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)
    ] = DEFAULT_STACK
    folder: Path | None = None
    allow: Annotated[tuple[Path, ...], BeforeValidator(_folders)] = ()
    export_dir: Path | None = None
    toolset: Annotated[frozenset[str] | None, BeforeValidator(_names)] = None
    read_only: bool = False
    max_file_mb: Annotated[int, Field(ge=1, le=2_048)] = 100
    ocr: Annotated[Ocr, BeforeValidator(choices.ocr), AfterValidator(_complete)] = LOCAL
    languages: Annotated[tuple[str, ...], BeforeValidator(choices.languages)] = ()
    password_file: Path | None = None
    mistral_url: Annotated[str | None, AfterValidator(choices.address)] = None
    ocr_workers: Annotated[int, Field(ge=1, le=16)] = 1
    host: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)] = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65_535)] = 8765
    public_url: Annotated[str | None, AfterValidator(choices.address)] = None
    auth_issuer: Annotated[str | None, AfterValidator(auth_choices.issuer)] = None
    auth_profile: ProfileName = "oidc"
    auth_audience: Annotated[frozenset[str], BeforeValidator(auth_choices.names)] = frozenset()
    auth_algorithms: Annotated[frozenset[str], BeforeValidator(auth_choices.algorithms)] = USUAL
    auth_authorized_parties: Annotated[frozenset[str], BeforeValidator(auth_choices.names)] = (
        frozenset()
    )
    auth_scopes: ScopeSource | None = None
    auth_token_type: TokenType | None = None
    auth_max_lifetime: Annotated[int, Field(ge=60, le=366 * DAY)] = DAY
    auth_assurance: Assurance | None = None
    auth_organization: Annotated[str | None, AfterValidator(auth_choices.name)] = None
    allowed_origins: Annotated[
        tuple[str, ...], BeforeValidator(_names), AfterValidator(choices.origins)
    ] = ()
    rate_per_second: Annotated[float, Field(gt=0, le=10_000)] = 20.0
    rate_burst: Annotated[int, Field(ge=1, le=100_000)] = 200
    refusals_per_second: Annotated[float, Field(gt=0, le=1_000_000)] = 400.0
    calls_at_once: Annotated[int, Field(ge=1, le=1_000)] = 16
    quota_documents: Quota = None
    quota_pages: Quota = None
    quota_ocr_pages: Quota = None
    supabase_url: Annotated[str | None, AfterValidator(choices.address)] = None
    supabase_publishable_key: Annotated[str, StringConstraints(strip_whitespace=True)] | None = None
    user: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=512)] | (
        None
    ) = None
    """Who the operating system's user is in a project, where others have the same number."""
    worker: Literal["on", "off"] = "on"
    log_level: logs.Level = "info"
    log_format: logs.Form = "text"
    otel: Literal["off", "on"] = "off"

    supabase_signing_key: SecretStr | None = None
    """The JSON Web Key of the project, as text."""
    supabase_db_url: SecretStr | None = None
    mistral_key: SecretStr | None = None
    passwords: tuple[SecretStr, ...] = ()
    """The lines of ``password_file``."""

    @property
    def address(self) -> str:
        """The address that clients know a server over HTTP by."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return self.public_url or f"http://{host}:{self.port}"

    @property
    def is_on_supabase(self) -> bool:
        """Data is in a Supabase project, and not on this machine."""
        return self.supabase_url is not None

    @property
    def quotas(self) -> Quotas:
        """What each user may use in a month."""
        return Quotas(self.quota_documents, self.quota_pages, self.quota_ocr_pages)

    @property
    def exports(self) -> Path:
        """Where exported files are written."""
        return (self.export_dir or self.data_dir / "exports").absolute()

    @property
    def allowed(self) -> tuple[Path, ...]:
        """Folders that documents may be added from."""
        return (*self.allow, *([self.folder] if self.folder else []))

    @property
    def reading(self) -> Ocr:
        """How documents of a stack are read that leaves all of it open."""
        return Ocr(self.ocr.engine, self.ocr.mode, self.languages)


_UNNAMED = {"folder", "mistral_key", "passwords", *project_choices.SECRETS}
NAMES = tuple(name for name in Settings.model_fields if name not in _UNNAMED)
SECRETS = (KEY, *(PREFIX + name.upper() for name in project_choices.SECRETS))
"""Variables that are a secret; nothing else sets them."""


def load(options: Mapping[str, Any], environment: Mapping[str, str]) -> Settings:
    """Raises BadSettings with every problem at once."""
    given: dict[str, Any] = {}
    for name in (*NAMES, *project_choices.SECRETS):
        text = environment.get(PREFIX + name.upper())
        if text:
            given[name] = text
    known = {PREFIX + name.upper() for name in (*NAMES, *project_choices.SECRETS)}
    problems = [
        f"{name}: no such setting; {_near(name, known)}"
        for name in sorted(environment)
        if name.startswith(PREFIX) and name not in known and not name.startswith(f"{PREFIX}TEST_")
    ]
    said = {name: value for name, value in options.items() if value not in (None, (), False)}
    if {"ocr"} <= given.keys() & said.keys():  # each of its parts counts by itself
        said["ocr"] = (said["ocr"], given["ocr"])
    try:
        settings = Settings.model_validate(given | said)
    except ValidationError as error:
        problems += [
            f"{_setting(one['loc'])}: {one['msg']}"
            for one in error.errors(include_url=False, include_input=False)
        ]
        raise BadSettings(problems) from error
    problems += _missing_folders(settings)
    unfit = (*auth_choices.problems(settings), *project_choices.problems(settings))
    problems += [f"{_setting((name,))}: {why}" for name, why in unfit]
    if why := choices.unreadable(settings.reading):
        problems.append(f"{_setting(('languages',))}: {why}")
    if options.get("folder") and options.get("stack"):
        problems.append("serve: give a folder or --stack, not both; a folder is a stack of its own")
    settings = _with_secrets(settings, environment, problems)
    if problems:
        raise BadSettings(problems)
    return settings


def sources(options: Mapping[str, Any], environment: Mapping[str, str]) -> dict[str, str]:
    """Where each setting comes from: its option, its variable, both, or the default."""
    return {name: _source(name, options, environment) for name in NAMES}


def _source(name: str, options: Mapping[str, Any], environment: Mapping[str, str]) -> str:
    option = f"--{name.replace('_', '-')}" if options.get(name) else ""
    variable = PREFIX + name.upper() if environment.get(PREFIX + name.upper()) else ""
    if option and variable and name == "ocr":
        return f"{option}, {variable}"
    return option or variable or "default"


def _setting(where: tuple[int | str, ...]) -> str:
    name = str(where[0])
    if name in project_choices.UNOFFERED:
        return PREFIX + name.upper()
    return f"{PREFIX}{name.upper()} (--{name.replace('_', '-')})"


def _near(name: str, known: Iterable[str]) -> str:
    if name == f"{PREFIX}SUPABASE_SECRET_KEY":
        return "`stackdocs-mcp migrate --from-stackdocs` alone takes it: unset it for all else"
    near = difflib.get_close_matches(name, sorted(known), n=2, cutoff=0.75)
    if near:
        return f"did you mean {' or '.join(near)}?"
    return "`stackdocs-mcp serve --help` lists the settings that there are"


def _missing_folders(settings: Settings) -> list[str]:
    problems = [
        f"{_setting(('allow',))}: {str(folder)!r} is not a folder"
        for folder in settings.allow
        if not folder.is_dir()
    ]
    if settings.folder is not None and not settings.folder.is_dir():
        problems.append(f"serve: {str(settings.folder)!r} is not a folder")
    return problems


def _with_secrets(
    settings: Settings, environment: Mapping[str, str], problems: list[str]
) -> Settings:
    """The settings with the key and the passwords; what is wrong with them joins the problems."""
    key = environment.get(KEY, "").strip()
    if not (key.isascii() and key.isprintable()) or " " in key:
        problems.append(f"{KEY}: this is not a key; copy it again from the Mistral console")
    if not key and settings.reading.engine == "mistral":
        problems.append(f"{KEY}: not set, and {_setting(('ocr',))} is mistral; {NO_KEY}")
    try:
        passwords = _passwords(settings.password_file)
    except (OSError, ValueError) as error:
        why = "cannot be read" if isinstance(error, OSError) else str(error)
        problems.append(f"{_setting(('password_file',))}: {str(settings.password_file)!r} {why}")
        passwords = ()
    return settings.model_copy(
        update={"mistral_key": SecretStr(key) if key else None, "passwords": passwords}
    )


NO_KEY = f"set {KEY} to a key from https://console.mistral.ai, or choose local"


def _passwords(file: Path | None) -> tuple[SecretStr, ...]:
    """One of each line. Raises OSError, or ValueError with what is wrong and no content."""
    if file is None:
        return ()
    with file.open("rb") as opened:
        content = opened.read(_MAX_PASSWORD_BYTES + 1)
    if len(content) > _MAX_PASSWORD_BYTES:
        raise ValueError(f"is larger than {_MAX_PASSWORD_BYTES // 1024} KiB")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:  # its own text would quote the content
        raise ValueError("is not UTF-8 text") from None
    found = [line for line in text.replace("\r\n", "\n").split("\n") if line]
    if len(found) > MAX_PASSWORDS:
        raise ValueError(f"has more than {MAX_PASSWORDS} lines, and each is tried on each file")
    return tuple(map(SecretStr, dict.fromkeys(found)))
