"""Full-text search over the lines of one stack.

The index is shared by all stacks, and yet a search must neither read nor rank by another's lines.
So the stack's id is part of every token: a term, also a beginning, is looked up within the stack's
own terms. BM25 is not used, because it weighs words by how often all stacks have them; the
order depends on the line alone: the larger the part of it that the query makes up, the better.

A line's number in the index says where it stands and how many words it has, so that ranking
reads nothing else: page reference (35 bits), words (8 bits, at most 255), line (20 bits).
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence

from stackdocs_mcp.core.binding import StackId
from stackdocs_mcp.core.model import DocumentId, Hit, Line
from stackdocs_mcp.stores import documents
from stackdocs_mcp.stores.leaves import lines_from
from stackdocs_mcp.stores.scope import Scope

SNIPPET = 240
"""Characters of a line that a hit shows at most."""

_LINE_BITS, _WORD_BITS = 20, 8
_LINES, _WORDS = (1 << _LINE_BITS) - 1, (1 << _WORD_BITS) - 1

_ACCENTS = re.compile("[\u0300-\u036f]")
# Scripts that put no spaces between words: each character is a word, a run of them a phrase.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"  # Thai, Lao, Burmese, Khmer
    "\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u9fff\uf900-\ufaff"  # kana, Han
    "\uac00-\ud7af\U00020000-\U0003ffff"  # Hangul, Han
)
_WORD = re.compile(f"[{_UNSPACED}]|[^\\W_{_UNSPACED}]+")

_INDEX = "INSERT INTO line_index (rowid, document, words) VALUES (:spot, :token, :words)"
_FORGET = """
INSERT INTO line_index (line_index, rowid, document, words)
VALUES ('delete', :spot, :token, :words)
"""
_MERGE = "INSERT INTO line_index (line_index, rank) VALUES ('merge', -500)"
_FIND = f"""
SELECT rowid AS spot FROM line_index WHERE line_index MATCH :terms
ORDER BY (rowid >> {_LINE_BITS}) & {_WORDS}, rowid LIMIT :limit OFFSET :after
"""  # noqa: S608  two constants
_HIT = """
SELECT d.id, d.filename, l.number, p.lines
FROM document_pages AS l
CROSS JOIN documents AS d ON d.stack_id = l.stack_id AND d.id = l.document_id
CROSS JOIN pages AS p ON p.id = l.page_id AND p.user_id = :owner
WHERE l.ref = :ref AND l.stack_id = :stack
"""


def index(scope: Scope, document: DocumentId, ref: int, lines: Iterable[Line]) -> None:
    """Make the visible lines of a page findable."""
    scope.each(_INDEX, _entries(scope, document, ref, lines))


def forget(scope: Scope, document: DocumentId, ref: int, lines: Iterable[Line]) -> None:
    """Undo ``index``, which was given the same: the index has no text of its own to go by."""
    scope.each(_FORGET, _entries(scope, document, ref, lines))


def forgotten(scope: Scope) -> bool:
    """Take a step towards an index that has no words of forgotten lines; whether it was needed.

    The index is a few sorted parts, and what is forgotten is written down in a newer one until all
    of them have been merged.
    """
    before = scope.connection.total_changes
    scope.run(_MERGE)
    return scope.connection.total_changes - before > 1  # one is the command itself


def _entries(
    scope: Scope, document: DocumentId, ref: int, lines: Iterable[Line]
) -> Iterator[dict[str, object]]:
    found = [(line.number, words(line.text)) for line in lines if not line.hidden]
    return (
        {
            "spot": _spot(ref, len(tokens), number),
            "token": _token(document),
            "words": _tokens(scope.stack, tokens),
        }
        for number, tokens in found
        if tokens and number <= _LINES
    )


def find(
    scope: Scope, query: str, document: DocumentId | None, after: int, limit: int
) -> Sequence[Hit]:
    """Lines that hold all words of the query, the last one also as a beginning, best first."""
    if document is not None:
        documents.held(scope, document)
    terms = _terms(scope.stack, query, document)
    if terms is None:
        return []
    rows = scope.rows(_FIND, terms=terms, after=max(after, 0), limit=max(limit, 0))
    hits = (_hit(scope, row["spot"], query) for row in rows)
    return [hit for hit in hits if hit is not None]


def words(text: str) -> list[str]:
    """The words of a text without case, accents and width, as they are indexed and looked for."""
    split = unicodedata.normalize("NFKD", text)
    plain = unicodedata.normalize("NFKC", _ACCENTS.sub("", split))
    return _WORD.findall(plain.casefold())


def phrases(query: str) -> list[list[str]]:
    """What is looked for. A word of the query that the index splits ("1,250.00") is a phrase."""
    return [found for part in query.split() if (found := words(part))]


def _terms(stack: StackId, query: str, document: DocumentId | None) -> str | None:
    """The query in FTS5's language, of which no character of ours becomes a part but in quotes.

    None when there is no word.
    """
    quoted = [f'"{_tokens(stack, phrase)}"' for phrase in phrases(query)]
    if not quoted:
        return None
    terms = f"words : ({' AND '.join(quoted)} *)"
    return terms if document is None else f'{terms} AND document : "{_token(document)}"'


def _hit(scope: Scope, spot: int, query: str) -> Hit | None:
    row = scope.one(_HIT, ref=spot >> (_LINE_BITS + _WORD_BITS))
    if row is None:
        return None
    number = spot & _LINES
    text = next(line.text for line in lines_from(row["lines"]) if line.number == number)
    return Hit(DocumentId(row["id"]), row["filename"], row["number"], number, snippet(text, query))


def snippet(text: str, query: str) -> str:
    """The line, or of a long one the part around the first word of the query."""
    if len(text) <= SNIPPET:
        return text
    at = text.casefold().find(query.split(maxsplit=1)[0].casefold())
    start = min(max(at - SNIPPET // 4, 0), len(text) - SNIPPET)
    return text[start : start + SNIPPET]


def _spot(ref: int, count: int, line: int) -> int:
    return (((ref << _WORD_BITS) | min(count, _WORDS)) << _LINE_BITS) | line


def _tokens(stack: StackId, found: Iterable[str]) -> str:
    prefix = _token(stack)
    return " ".join(prefix + word for word in found)


def _token(identifier: str) -> str:
    """An id as one token: letters and digits only."""
    return "x" + "".join(_WORD.findall(identifier))
