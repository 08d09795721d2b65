"""Typing a value and checking it against the page, with no more pages loaded than it takes."""

from collections import defaultdict
from collections.abc import Sequence, Set as AbstractSet
from dataclasses import dataclass

from anyio import to_thread

from stackdocs_mcp.core.errors import BadValue, InvalidPath
from stackdocs_mcp.core.evidence import (
    Claim,
    Finding,
    Looked,
    PageText,
    Seen,
    Standing,
    at,
    elsewhere,
    located,
    search_terms,
    signalled,
    together,
)
from stackdocs_mcp.core.evidence.together import row_of
from stackdocs_mcp.core.model import (
    Citation,
    Document,
    Evidence,
    JsonValue,
    Leaf,
    Place,
    Verdict,
    Warn,
)
from stackdocs_mcp.core.paths import FieldPath, key, with_prefixes
from stackdocs_mcp.core.schema import Node, Schema
from stackdocs_mcp.core.stack import Policy
from stackdocs_mcp.core.strictness import evidence_rule, min_confidence
from stackdocs_mcp.core.values import Signs, Typed, typed
from stackdocs_mcp.workspace.context import Workspace
from stackdocs_mcp.workspace.pauses import Pauses

FEW_PAGES = 20
"""A document of so many pages is looked through whole; in a longer one the index finds pages."""

_TERMS = 8
_HITS = 10
_EARLIER = 200
_ROWS_BEFORE = 3
_LISTS = 4


@dataclass(frozen=True, slots=True)
class Draft:
    """A leaf that was looked for by itself; the others of the call may change what is said."""

    looked: Looked
    confidence: float | None
    notes: tuple[Warn, ...]

    @property
    def path(self) -> FieldPath:
        return self.looked.path


class Checker:
    """The checks of one call on one document; pages and signs are loaded once for all fields."""

    def __init__(
        self, workspace: Workspace, document: Document, schema: Schema | None, policy: Policy
    ) -> None:
        self._workspace = workspace
        self._document = document
        self._schema = schema
        self._policy = policy
        self._signs: Signs | None = None
        self._seen = Seen()
        self._pauses = Pauses()
        self._siblings: defaultdict[FieldPath, list[Place]] = defaultdict(list)

    async def typed(self, path: FieldPath, value: object) -> Typed:
        """The value as the schema wants it at the path; its inner values are typed on their own.

        Raises InvalidPath for a path that the schema does not have, BadValue with the reason.
        """
        return typed(value, self._node(path).expected, await self._document_signs())

    def takes_null(self, path: FieldPath) -> bool:
        """Null is a value there, or the schema has no such field and will say so."""
        try:
            expected = self._node(path).expected
        except InvalidPath:
            return True
        typed_so = not expected.types or "null" in expected.types
        return typed_so and (expected.enum is None or None in expected.enum)

    async def is_set(self, path: FieldPath) -> bool:
        """Something is stored at the path or below it."""
        if not self._document.fields:
            return False
        return bool(await self._workspace.store.fields(self._document.id, below=path, limit=1))

    async def held(self, path: FieldPath) -> AbstractSet[FieldPath]:
        """The paths at or below this one where something is stored, or below which it is."""
        if not self._document.fields:
            return frozenset()
        fields = await self._workspace.store.fields(self._document.id, below=path)
        return with_prefixes(one.leaf.path for one in fields)

    async def draft(
        self,
        path: FieldPath,
        value: JsonValue,
        citation: Citation | None,
        confidence: float | None,
        notes: Sequence[Warn] = (),
    ) -> Draft:
        """What the leaf's own place shows. Raises BadValue when it breaks the schema."""
        await self._pauses.give_way()
        if self._schema is not None:
            for violation in self._schema.violations_at(path, value):
                raise BadValue("schema", violation.message, "Call get_schema for what is allowed.")
        looked = await self._looked(path, value, citation)
        evidence = looked.finding.evidence
        if evidence.place is not None and evidence.verdict.holds:
            self._siblings[path[:-1]].append(evidence.place)
        return Draft(looked, confidence, tuple(notes))

    async def leaves(self, drafts: Sequence[Draft]) -> list[Leaf]:
        """The leaves with all that is to be said of them, now that those of one call are known."""
        looked = [draft.looked for draft in drafts]
        earlier = await self._earlier(looked)
        settled = await to_thread.run_sync(lambda: signalled(together(looked, earlier)))
        return [self._leaf(draft, one) for draft, one in zip(drafts, settled, strict=True)]

    def _leaf(self, draft: Draft, looked: Looked) -> Leaf:
        finding = looked.finding
        warnings = [*draft.notes, *finding.warnings]
        floor = min_confidence(looked.path, self._schema, self._policy)
        confidence = draft.confidence
        if floor is not None and confidence is not None and confidence < floor:
            warnings.append(Warn("low_confidence", f"the confidence {confidence} is below {floor}"))
        return Leaf(looked.path, looked.claim.value, finding.evidence, confidence, tuple(warnings))

    async def _earlier(self, looked: Sequence[Looked]) -> dict[FieldPath, Standing]:
        """Where fields stand that earlier calls wrote in the same rows and those just before."""
        if not self._document.fields:
            return {}
        first: dict[FieldPath, int] = {}
        for one in looked:
            if (row := row_of(one.path)) is not None and isinstance(number := row[-1], int):
                first[row[:-1]] = min(number, first.get(row[:-1], number))
        pages = {one.page.number: one.page for each in looked for one in each.standings[:1]}
        written = {one.path for one in looked}
        found: dict[FieldPath, Standing] = {}
        for rows, number in list(first.items())[:_LISTS]:
            held = await self._workspace.store.fields(
                self._document.id,
                below=rows,
                after=key((*rows, max(number - _ROWS_BEFORE, 0))),
                limit=_EARLIER,
            )
            for leaf in (one.leaf for one in held):
                place = leaf.evidence.place
                if leaf.path in written or place is None or not leaf.evidence.verdict.holds:
                    continue
                standing = Standing.of(pages[place.page], place) if place.page in pages else None
                if standing is not None:
                    found[leaf.path] = standing
        return found

    async def _looked(self, path: FieldPath, value: JsonValue, citation: Citation | None) -> Looked:
        node = self._node(path)
        claim = Claim(
            value=value,
            expected=node.expected,
            signs=await self._document_signs(),
            citation=citation,
            labels=(*_names(path), *node.labels),
            near=tuple(self._siblings[path[:-1]]),
            beside=self._beside(path),
            seen=self._seen,
        )
        finding = await self._finding(path, claim)
        standings = finding.standings
        place = finding.evidence.place
        if not standings and place is not None and finding.evidence.verdict.holds:
            standings = tuple(
                standing
                for page in await self._pages([place.page])
                if (standing := Standing.of(page, place)) is not None
            )
        return Looked(path, claim, finding, standings)

    async def _finding(self, path: FieldPath, claim: Claim) -> Finding:
        rule = evidence_rule(path, self._schema, self._policy)
        if rule == "derived":
            return Finding(Evidence(Verdict.DERIVED))
        if rule == "off" or claim.is_nothing:
            return Finding(Evidence(Verdict.UNCHECKED))
        if claim.citation is None:
            return located(claim, await self._candidates(claim))

        cited = await self._pages([claim.citation.page])
        finding = at(claim, cited[0] if cited else None)
        if finding.settled:
            return finding
        return elsewhere(claim, finding, await self._candidates(claim))

    async def _candidates(self, claim: Claim) -> list[PageText]:
        """Pages where the value may stand: all of a short document, else what the index finds."""
        if self._document.pages <= FEW_PAGES:
            return await self._pages(range(1, self._document.pages + 1))
        numbers = set[int]()
        for term in search_terms(claim)[:_TERMS]:
            hits = await self._workspace.store.search(term, document=self._document.id, limit=_HITS)
            numbers.update(hit.page for hit in hits)
        return await self._pages(sorted(numbers))

    async def _pages(self, numbers: Sequence[int]) -> list[PageText]:
        workspace = self._workspace
        return await workspace.shared.pages.get(
            workspace.store, workspace.binding.stack, self._document, numbers
        )

    async def _document_signs(self) -> Signs:
        """How the document writes numbers and dates, from its first pages."""
        if self._signs is None:
            pages = await self._pages(range(1, min(self._document.pages, FEW_PAGES) + 1))
            self._signs = Signs()
            for page in pages:
                self._signs |= page.signs
        return self._signs

    def _node(self, path: FieldPath) -> Node:
        return Node(()) if self._schema is None else self._schema.node(path)

    def _beside(self, path: FieldPath) -> tuple[str, ...]:
        """The names of the other fields of the same object, as far as the schema has them."""
        if self._schema is None:
            return ()
        parent = self._schema.node(path[:-1]) if path[:-1] else self._schema.root
        return tuple(name for name in parent.names if name != path[-1])


def _names(path: FieldPath) -> list[str]:
    """What the page may call a field, from its own name and the one above it."""
    names = [segment.replace("_", " ") for segment in path if isinstance(segment, str)]
    return [names[-1], " ".join(names[-2:])] if len(names) > 1 else names
