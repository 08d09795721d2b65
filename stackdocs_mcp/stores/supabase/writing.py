"""Fields written and read: what Python knows of a write goes along, the database decides."""

from collections.abc import Iterator, Sequence
from typing import Any

from stackdocs_mcp.core.at_once import Seen
from stackdocs_mcp.core.binding import Actor
from stackdocs_mcp.core.errors import ExtractionNotFound
from stackdocs_mcp.core.model import (
    ChangeId,
    Completion,
    Document,
    DocumentId,
    FieldValue,
    FieldWrite,
    WriteResult,
)
from stackdocs_mcp.core.paths import FieldPath, PathKey, key
from stackdocs_mcp.stores.leaves import acknowledged_text, is_scalar, leaf_from, leaf_text
from stackdocs_mcp.stores.supabase.calling import Calling, bounded, moment
from stackdocs_mcp.stores.supabase.documents import document_of


class BoundFields(Calling):
    """Reading, writing and completing of ``core.ports.Extractions``."""

    async def fields(
        self,
        document: DocumentId,
        *,
        extraction: int | None = None,
        below: FieldPath = (),
        after: PathKey | None = None,
        limit: int | None = None,
    ) -> Sequence[FieldValue]:
        try:
            found = await self._call(
                "fields",
                document,
                extraction=None if extraction is None else bounded(extraction, 31),
                below=key(below),
                after=after,
                limit=None if limit is None else bounded(max(limit, 0)),
            )
        except ExtractionNotFound as error:
            assert extraction is not None
            raise ExtractionNotFound(extraction) from error  # as it was asked for
        return [field_of(one) for one in found]

    async def write(
        self,
        document: DocumentId,
        writes: Sequence[FieldWrite],
        *,
        readings: int | None = None,
        seen: Seen | None = None,
        dry_run: bool = False,
    ) -> Sequence[WriteResult]:
        known = self._recent.find(self._caller, document)
        self._recent.forget(self._caller, document)  # until the answer says how it is
        sent = {
            "runs": [[_sent(one) for one in run] for run in apart(writes)],
            "readings": None if readings is None else bounded(readings, 31),
            "dry_run": dry_run,
        }
        if seen is None:
            answer = await self._call("write", document, **sent)
        else:
            checked = {"revision": bounded(seen.revision), "version": seen.version}
            answer = await self._call("write_seen", document, **sent, **checked)
            if known is not None and known[1].version == seen.version:
                self._recent.keep(self._caller, document_of(answer["document"]), known[1])
        return [_result(answer["revision"], *one) for one in answer["answers"]]

    async def unlock(self, document: DocumentId, path: FieldPath) -> WriteResult:
        answer = await self._call("unlock", document, path=key(path))
        return _result(answer["revision"], *answer["answer"])

    async def complete(
        self,
        document: DocumentId,
        *,
        revision: int,
        readings: int | None = None,
        version: str | None = None,
        completion: Completion,
    ) -> Document:
        completed = await self._call(
            "complete",
            document,
            revision=bounded(revision),
            readings=None if readings is None else bounded(readings, 31),
            version=version,
            reason=completion.reason,
            acknowledged=acknowledged_text(completion),
        )
        return document_of(completed)


def apart(writes: Sequence[FieldWrite]) -> Iterator[list[FieldWrite]]:
    """The writes in their order, in runs: none of a run touches what another one of it looks at.

    A write looks at the leaves at, above and below its path, and at whether the lists above it are
    lists and the objects objects. So two are apart where neither path begins with the other, and
    they part at two names or at two rows.
    """
    run: list[FieldWrite] = []
    ends: set[FieldPath] = set()
    passed: dict[FieldPath, bool] = {}  # whether there are rows below a path, or members
    for write in writes:
        path = write.path
        prefixes = [(path[:length], isinstance(path[length], int)) for length in range(len(path))]
        if (
            path in ends
            or path in passed
            or any(one in ends or passed.get(one, rows) != rows for one, rows in prefixes)
        ):
            yield run
            run, ends, passed = [], set(), {}
        run.append(write)
        ends.add(path)
        passed.update(prefixes)

    if run:
        yield run


def field_of(row: list[Any]) -> FieldValue:
    """The field of a row as ``stackdocs.field_json`` writes it."""
    stored, text, revision, kind, client, at, locked = row
    return FieldValue(
        leaf=leaf_from(stored, text),
        revision=revision,
        actor=Actor(kind, client),
        at=moment(at),
        locked=locked,
    )


def _sent(write: FieldWrite) -> dict[str, Any]:
    leaves = {key(leaf.path): leaf_text(leaf) for leaf in write.leaves}
    expected = write.expected_revision
    return {
        "path": key(write.path),
        "leaves": list(leaves.items()),
        "scalar": is_scalar(write),
        "expected": None if expected is None else bounded(expected),
    }


def _result(
    revision: int, conflict: Any, ordinal: int | None, current: Sequence[list[Any]]
) -> WriteResult:
    return WriteResult(
        changed=ordinal is not None,
        revision=revision,
        change=None if ordinal is None else ChangeId(f"{revision}-{ordinal}"),
        conflict=conflict,
        current=tuple(field_of(one) for one in current),
    )
