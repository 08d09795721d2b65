"""The shape of a project's database: numbered ``.sql`` files, and what was applied of them."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import resources

RELOAD = "notify pgrst, 'reload schema'"
"""Has PostgREST look again at what functions there are."""
VERSION_DIGITS = 14


@dataclass(frozen=True)
class Migration:
    """One step: ``20261121000100_foundation.sql`` is version 20261121000100, named foundation."""

    version: str
    name: str
    text: str

    @property
    def label(self) -> str:
        """What a person calls it."""
        return f"{self.version}_{self.name}"

    @cached_property
    def sha256(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def script(self) -> str:
        """All statements, in the end with the record of what they were made from."""
        return (
            f"{self.text}\n"
            f"update stackdocs.migrations set sha256 = '{self.sha256}'\n"
            f"    where version = '{self.version}';\n"
        )

    @property
    def file_name(self) -> str:
        """How Supabase's own tool wants it called, beside migrations of the project's owner."""
        return f"{self.version}_stackdocs_{self.name}.sql"


@dataclass(frozen=True, slots=True)
class Applied:
    """A step that a database says it has; without a SHA-256 another tool has applied the file."""

    version: str
    name: str
    sha256: str | None = None


def known() -> list[Migration]:
    """The steps that this program has, in order. Blocking."""
    folder = resources.files("stackdocs_mcp.stores.supabase").joinpath("migrations")
    files = {
        one.name: one.read_text("utf-8").replace("\r\n", "\n")
        for one in folder.iterdir()
        if one.name.endswith(".sql")
    }
    cut = VERSION_DIGITS
    return [
        Migration(name[:cut], name[cut + 1 : -len(".sql")], files[name]) for name in sorted(files)
    ]


def missing(steps: Sequence[Migration], there: Iterable[str]) -> list[Migration]:
    """Those of the steps that are not among these versions, in order."""
    found = set(there)
    return [one for one in steps if one.version not in found]


def unknown(steps: Sequence[Migration], there: Iterable[str]) -> list[str]:
    """Those of these versions that are none of the steps, in order."""
    return sorted(set(there) - {one.version for one in steps})


def changed(steps: Sequence[Migration], there: Iterable[Applied]) -> list[Migration]:
    """The steps whose files say something else than what was applied."""
    recorded = {one.version: one.sha256 for one in there}
    return [one for one in steps if recorded.get(one.version) not in {None, one.sha256}]


def as_script(steps: Iterable[Migration]) -> str:
    """All of them to be run at once by another tool, each in a transaction of its own."""
    parts = [f"-- {one.label}\nbegin;\n\n{one.script}\ncommit;\n" for one in steps]
    return "\n".join([*parts, f"{RELOAD};\n"]) if parts else ""
