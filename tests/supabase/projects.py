"""What a test may ask of a project, whoever runs it."""

from pathlib import Path
from typing import Protocol

import asyncpg

from stackdocs_mcp.stores.supabase.project import SigningKey


class Project(Protocol):
    """One that is up, with the program's tables in it."""

    place: Path | None
    """The folder of the processes whose data is in it."""

    @property
    def url(self) -> str: ...
    @property
    def publishable_key(self) -> str: ...
    @property
    def key(self) -> dict[str, str]:
        """The signing key, with its private part."""
        ...

    @property
    def signing_key(self) -> SigningKey: ...
    @property
    def database_url(self) -> str:
        """As the user ``postgres``."""
        ...

    async def sql(self, text: str, *values: object) -> list[asyncpg.Record]:
        """The statement's rows, in the name of ``postgres``."""
        ...

    async def clean(self) -> None:
        """Nothing of any user left; what migrations wrote stays."""
        ...
