"""What the bound stack's folder looked like when its files were taken in."""

from collections.abc import Sequence

from stackdocs_mcp.core.stack import FolderFile
from stackdocs_mcp.stores.supabase.calling import Calling


class BoundFolder(Calling):
    """The part of ``core.ports.Documents`` about a folder; the sentences of the port hold."""

    async def folder_files(self) -> Sequence[FolderFile]:
        return [FolderFile(*row) for row in await self._call("folder_files")]

    async def remember_file(self, file: FolderFile) -> None:
        await self._call(
            "remember_file",
            file.document,
            name=file.name,
            size=file.size,
            modified_ns=file.modified_ns,
        )
