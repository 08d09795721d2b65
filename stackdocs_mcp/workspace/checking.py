"""Typing a value and checking it against the page, with no more pages loaded than it takes."""

import time
from collections import defaultdict
from collections.abc import Sequence

import anyio
import anyio.lowlevel

from stackdocs_mcp.core.errors import BadValue
from stackdocs_mcp.core.evidence import (
    Claim,
    Finding,
    PageText,
    at,
    elsewhere,
    located,
    search_terms,
)
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
from stackdocs_mcp.core.paths import FieldPath
from stackdocs_mcp.core.schema import Node, Schema
from stackdocs_mcp.core.stack import Policy
from stackdocs_mcp.core.strictness import evidence_rule, min_confidence
from stackdocs_mcp.core.values import Signs, Typed, typed
from stackdocs_mcp.workspace.context import Workspace

FEW_PAGES = 20
"""A document of so many pages is looked through whole; in a longer one the index finds pages."""

WORK_SECONDS = 0.01
PAUSE_SECONDS = 0.002

_TERMS = 8
_HITS = 10


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
        self._paused = time.monotonic()
        self._siblings: defaultdict[FieldPath, list[Place]] = defaultdict(list)

    async def typed(self, path: FieldPath, value: object) -> Typed:
        """The value as the schema wants it at the path; its inner values are typed on their own.

        Raises InvalidPath for a path that the schema does not have, BadValue with the reason.
        """
        return typed(value, self._node(path).expected, await self._document_signs())

    async def leaf(
        self,
        path: FieldPath,
        value: JsonValue,
        citation: Citation | None,
        confidence: float | None,
        notes: Sequence[Warn] = (),
    ) -> Leaf:
        """The leaf with its evidence and warnings. Raises BadValue when it breaks the schema."""
        await self._give_way()
        if self._schema is not None:
            for violation in self._schema.violations_at(path, value):
                raise BadValue("schema", violation.message, "Call get_schema for what is allowed.")
        finding = await self._finding(path, value, citation)
        if finding.evidence.place is not None and finding.evidence.verdict.holds:
            self._siblings[path[:-1]].append(finding.evidence.place)
        warnings = [*notes, *finding.warnings]
        floor = min_confidence(path, self._schema, self._policy)
        if floor is not None and confidence is not None and confidence < floor:
            warnings.append(Warn("low_confidence", f"the confidence {confidence} is below {floor}"))
        return Leaf(path, value, finding.evidence, confidence, tuple(warnings))

    async def _give_way(self) -> None:
        """Let others run, now and then: a call of many leaves must not hold them up.

        A pause, and not only a turn of the event loop: the store's threads need the interpreter.
        """
        if time.monotonic() - self._paused < WORK_SECONDS:
            await anyio.lowlevel.checkpoint()
            return
        await anyio.sleep(PAUSE_SECONDS)
        self._paused = time.monotonic()

    async def _finding(
        self, path: FieldPath, value: JsonValue, citation: Citation | None
    ) -> Finding:
        rule = evidence_rule(path, self._schema, self._policy)
        node = self._node(path)
        claim = Claim(
            value=value,
            expected=node.expected,
            signs=await self._document_signs(),
            citation=citation,
            labels=(*_names(path), *node.labels),
            near=tuple(self._siblings[path[:-1]]),
        )
        if rule == "derived":
            return Finding(Evidence(Verdict.DERIVED))
        if rule == "off" or claim.is_nothing:
            return Finding(Evidence(Verdict.UNCHECKED))
        if citation is None:
            return located(claim, await self._candidates(claim))

        cited = await self._pages([citation.page])
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


def _names(path: FieldPath) -> list[str]:
    """What the page may call a field, from its own name and the one above it."""
    names = [segment.replace("_", " ") for segment in path if isinstance(segment, str)]
    return [names[-1], " ".join(names[-2:])] if len(names) > 1 else names
