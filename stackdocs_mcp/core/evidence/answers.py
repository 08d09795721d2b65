"""Where on a page a yes or no stands, as a word or as a box that is ticked or not."""

import re
from collections.abc import Iterator
from dataclasses import replace

from stackdocs_mcp.core.evidence.claim import Claim
from stackdocs_mcp.core.evidence.concepts import concepts, label_concepts
from stackdocs_mcp.core.evidence.marks import Option
from stackdocs_mcp.core.evidence.match import Grade, Match
from stackdocs_mcp.core.evidence.page import PageText
from stackdocs_mcp.core.values.words import FALSE_WORDS, TRUE_WORDS

_LONE_WORD = re.compile(r"(?<!\w)[^\W\d_]+(?![\w.]|[ ]*[\d:#\u00b0])")
"""A word that numbers nothing: the "no" of "No. 12" denies nothing."""
_CHOICE = re.compile(r"\W{1,5}")
"""What stands between the two words of a question that nobody answered: "yes / no"."""


def booleans(value: bool, claim: Claim, page: PageText) -> Iterator[Match]:
    """Words and boxes that say yes for true, or no for false."""
    yield from _boxes(value, claim, page)
    words = [
        (match, _answer(match[0]))
        for match in _LONE_WORD.finditer(page.text)
        if _answer(match[0]) is not None
    ]
    for at, (match, answer) in enumerate(words):
        if answer is not value or page.option_at(*match.span()) is not None:
            continue
        beside = [words[i] for i in (at - 1, at + 1) if 0 <= i < len(words)]
        if not any(other is not answer and _is_choice(page, match, one) for one, other in beside):
            yield Match((match.span(),))


def _boxes(value: bool, claim: Claim, page: PageText) -> Iterator[Match]:
    by_line: dict[int, list[tuple[int, int, Option]]] = {}
    for start, end, option in page.options:
        by_line.setdefault(option.line, []).append((start, end, option))
    for found in by_line.values():
        for start, end, option in found:
            answer = _answer(option.label)
            if answer is None and (len(found) == 1 or _is_called(claim, option)):
                if option.is_ticked is value:
                    yield Match(((start, end),))
            elif option.is_ticked and answer is value:
                yield Match(((start, end),))


def unticked(match: Match, claim: Claim, page: PageText) -> Match:
    """The match of a text; one that the page says is not so if the text's box is not ticked.

    Boxes of which none is ticked on the page are bullets, unless the field is a choice.
    """
    option = page.option_at(match.start, match.end)
    if option is None or option.is_ticked:
        return match
    is_choice = claim.expected.enum is not None or (
        page.has_ticked and option.is_named(str(claim.value))
    )
    return replace(match, grade=Grade.AGAINST, why="unticked") if is_choice else match


def _answer(text: str) -> bool | None:
    folded = text.casefold()
    if folded in TRUE_WORDS:
        return True
    return False if folded in FALSE_WORDS else None


def _is_called(claim: Claim, option: Option) -> bool:
    """The box has the field's name."""
    said = concepts(option.label)
    return any(words and words <= said for words in map(label_concepts, claim.labels))


def _is_choice(page: PageText, one: re.Match[str], other: re.Match[str]) -> bool:
    low, high = sorted((one.span(), other.span()))
    return _CHOICE.fullmatch(page.text, low[1], high[0]) is not None
