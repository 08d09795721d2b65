"""The verdict on a value: at the place that was cited, elsewhere, or wherever it stands."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice

from stackdocs_mcp.core.evidence import messages
from stackdocs_mcp.core.evidence.claim import Claim, Finding
from stackdocs_mcp.core.evidence.labels import likeliest
from stackdocs_mcp.core.evidence.match import Grade, Match
from stackdocs_mcp.core.evidence.matching import matches, standings as standings_on
from stackdocs_mcp.core.evidence.page import PageText
from stackdocs_mcp.core.evidence.slips import is_signed_slip, is_slip
from stackdocs_mcp.core.evidence.standing import Standing
from stackdocs_mcp.core.evidence.texts import quote_spans
from stackdocs_mcp.core.model import Citation, Evidence, Place, Verdict

MAX_OTHERS = 5
_MOST_PLACES = 20
"""Of a quote that stands in more places, only the first are looked at."""
_NEEDS_A_CITATION = frozenset({"part_of_longer", "unticked"})
"""What is no place of a value without somebody who says that it is meant."""
_TELLING = 3
"""Letters and digits of a quote; fewer tell a place only if they stand there once."""
_MANY = 12
"""More cited lines than this are no citation of a place."""
_PROOF = 6
"""Texts of this many characters do not stand on a line next to the cited one by chance."""


def at(claim: Claim, page: PageText | None) -> Finding:
    """The verdict from the cited page alone; None for a page that the document does not have.

    Not ``settled`` when the value does not stand there: pages that hold one of ``search_terms``
    may, and ``elsewhere`` looks at them.
    """
    citation = _cited(claim)
    if claim.is_nothing:
        return Finding(Evidence(Verdict.DERIVED))
    if page is None:
        warning = messages.no_such_page(citation)
        return Finding(Evidence(Verdict.NOT_FOUND), (warning,), settled=False)
    if not citation.quote and not citation.lines:
        return _anywhere_on(claim, page)
    found = _by_quote(claim, citation, page) if citation.quote else _by_lines(claim, citation, page)
    return found or _by_hidden(claim, page) or _missing(claim, citation, page)


def elsewhere(claim: Claim, cited: Finding, pages: Iterable[PageText]) -> Finding:
    """The verdict from other pages than the cited one, when ``at`` did not settle it.

    A cited quote must stand there too; without it the value's places are listed, no more.
    """
    citation = _cited(claim)
    others = [page for page in pages if page.number != citation.page]
    if citation.quote:
        for page in others:
            found = _by_quote(claim, citation, page)
            if found and found.evidence.verdict in (Verdict.VERIFIED, Verdict.FUZZY):
                return _relocated(citation, found.evidence)
    places = _ranked(claim, others)
    if not places:
        warnings = (messages.near_elsewhere(claim, one, others) for one in cited.warnings)
        return replace(cited, warnings=tuple(warnings))
    if citation.quote:
        evidence = Evidence(
            cited.evidence.verdict, cited.evidence.place, tuple(places[:MAX_OTHERS])
        )
        return Finding(evidence, cited.warnings)
    return _relocated(citation, Evidence(Verdict.WRONG_PAGE, places[0], tuple(places[1:])))


def located(claim: Claim, pages: Sequence[PageText]) -> Finding:
    """The likeliest place of a value that came without a citation, from all pages given."""
    if claim.is_nothing:
        return Finding(Evidence(Verdict.DERIVED))
    found = [
        one
        for page in pages
        for one in standings_on(claim, page)
        if one.match.why not in _NEEDS_A_CITATION
    ]
    best = min((one.match.grade for one in found), default=Grade.SURE)
    found = [one for one in found if one.match.grade is best]
    standings = likeliest(claim, found)
    if isinstance(claim.value, bool):
        standings = [one for one in standings if one.label > 0]  # a yes is anybody's without it
    return placed(standings) if standings else _nowhere(claim, pages)


def placed(standings: Sequence[Standing]) -> Finding:
    """The finding for a value that came without a citation and stands there, likeliest first."""
    first = standings[0].place
    others = tuple(one.place for one in standings[1 : MAX_OTHERS + 1])
    return Finding(
        Evidence(Verdict.LOCATED, first, others),
        tuple(messages.why(standings[0].match, first)),
        standings=tuple(standings),
    )


def _anywhere_on(claim: Claim, page: PageText) -> Finding:
    """For a citation that names no more than the page."""
    found = located(claim, [page])
    return found if found.evidence.verdict.holds else replace(found, settled=False)


def _by_lines(claim: Claim, citation: Citation, page: PageText) -> Finding | None:
    cited = page.only(citation.lines)
    against: Finding | None = None
    for view in (cited, cited.rows):
        if view is not None and (found := matches(claim, view)):
            place = view.place(found[0].spans)
            if _is_likelier_slip(claim, found[0], cited):
                return _slip(claim, cited, page)
            if found[0].grade is not Grade.AGAINST:
                return _held_in(claim, citation, view, found)
            against = against or _other_than(claim, found[0], place, page)

    whole = [one for one in matches(claim, page) if one.grade is not Grade.AGAINST]
    overlapping = [
        one for one in whole if set(page.numbers_at(one.start, one.end)) & set(citation.lines)
    ]
    if overlapping:
        return _held(overlapping[0], page.place(overlapping[0].spans))
    if against:
        return against
    if is_slip(claim, cited):
        return _slip(claim, cited, page)
    return _on_other_line(claim, citation, page)


def _held_in(claim: Claim, citation: Citation, view: PageText, found: Sequence[Match]) -> Finding:
    """Very many lines name no place, unless the value takes up half of them."""
    first = view.place(found[0].spans)
    if len(view.lines) <= max(_MANY, 2 * len(first.lines)):
        return _held(found[0], first)
    best = [Standing(view, match) for match in found if match.grade is found[0].grade]
    finding = placed(likeliest(claim, best))
    assert finding.evidence.place is not None, "it is among the cited lines"
    warning = messages.many_lines(citation, finding.evidence.place)
    return replace(finding, warnings=(*finding.warnings, warning))


def _by_quote(claim: Claim, citation: Citation, page: PageText) -> Finding | None:
    for view in (page, page.rows):
        spans = quote_spans(citation.quote, view) if view is not None else []
        if view is not None and spans:
            if (
                len(spans) > 1
                and _says_little(citation.quote)
                and any(
                    _within(citation.quote, claim, view.only(lines))
                    for lines in _standing(view, spans)
                )
            ):
                found = _anywhere_on(claim, page)
                return replace(found, warnings=(*found.warnings, messages.short_quote(citation)))
            return _quoted(claim, citation, page, view, spans)
    return None


def _quoted(
    claim: Claim,
    citation: Citation,
    page: PageText,
    view: PageText,
    spans: Sequence[tuple[int, int]],
) -> Finding:
    """The verdict where the quote stands, at spans of the view of the page."""
    against: Finding | None = None
    for lines in _standing(view, spans):
        cited = view.only(lines)
        for match in _within(citation.quote, claim, cited):
            place = cited.place(match.spans)
            if match.grade is not Grade.AGAINST:
                return _held(match, place)
            against = against or _other_than(claim, match, place, page)
    if against:
        return against

    place = view.place(spans[:1])
    cited = view.only(place.lines)
    if is_slip(claim, cited):
        return _slip(claim, cited, page)
    places = _ranked(claim, [page])
    is_beside = bool(places) and set(places[0].lines) <= set(place.lines)
    if is_beside and not _says_little(citation.quote):
        warning = messages.other_line(claim, citation, page, places[0])
        return Finding(Evidence(Verdict.LOCATED, places[0], tuple(places[1:])), (warning,))
    warning = messages.value_differs(claim, cited, page.number, places)
    warning = warning if places else messages.concluded(claim, warning)
    evidence = Evidence(Verdict.VALUE_DIFFERS, place, tuple(places[:MAX_OTHERS]))
    return Finding(evidence, (warning,), settled=bool(places))


def _standing(view: PageText, spans: Sequence[tuple[int, int]]) -> Iterator[tuple[int, ...]]:
    """The lines of each place of a quote, of the first ones at most."""
    return islice(dict.fromkeys(view.numbers_at(*span) for span in spans), _MOST_PLACES)


def _says_little(quote: str) -> bool:
    """It is a word like "no" or "of" or a small number, and would fit anywhere."""
    return sum(map(str.isalnum, quote)) < _TELLING


def _other_than(claim: Claim, match: Match, place: Place, page: PageText) -> Finding:
    """It stands there, but as something else than the field asks for."""
    others = tuple(_ranked(claim, [page])[:MAX_OTHERS])
    warning = messages.stands_as_other(claim, match, place)
    return Finding(Evidence(Verdict.VALUE_DIFFERS, place, others), (warning,))


def _slip(claim: Claim, cited: PageText, page: PageText) -> Finding:
    """What is cited has it but for one digit: where else it may stand proves nothing then."""
    others = tuple(_ranked(claim, [page])[:MAX_OTHERS])
    place = cited.place([(0, len(cited.text))])
    warning = messages.value_differs(claim, cited, page.number, others)
    return Finding(Evidence(Verdict.VALUE_DIFFERS, place, others), (warning,))


def _is_likelier_slip(claim: Claim, match: Match, cited: PageText) -> bool:
    """What is doubtful where it stands is a slip sooner if the lines have it but for a digit."""
    if match.why == "sign_differs":
        return is_signed_slip(claim, cited)
    return match.why == "unknown_heading" and is_slip(claim, cited)


def _within(quote: str, claim: Claim, cited: PageText) -> list[Match]:
    """The places of the value that lie inside the quote."""
    spans = quote_spans(quote, cited)
    return [
        match
        for match in matches(claim, cited)
        if any(start <= match.start and match.end <= end for start, end in spans)
    ]


def _on_other_line(claim: Claim, citation: Citation, page: PageText) -> Finding | None:
    """A long text on the line next to a cited one is a citation that is off by one."""
    places = _ranked(claim, [page])
    if not places:
        return None
    proved = isinstance(claim.value, str) and len(claim.value) >= _PROOF and not _is_figure(claim)
    is_next = any(abs(one - line) == 1 for one in places[0].lines for line in citation.lines)
    verdict = Verdict.VERIFIED if proved and is_next else Verdict.LOCATED
    warning = messages.other_line(claim, citation, page, places[0])
    return Finding(Evidence(verdict, places[0], tuple(places[1:])), (warning,))


def _by_hidden(claim: Claim, page: PageText) -> Finding | None:
    if not page.hidden.lines:
        return None
    found = matches(claim, page.hidden)
    if not found:
        return None
    place = page.hidden.place(found[0].spans)
    return Finding(Evidence(Verdict.HIDDEN, place), (messages.hidden(place),), settled=False)


def _missing(claim: Claim, citation: Citation, page: PageText) -> Finding:
    if citation.quote:
        places = tuple(_ranked(claim, [page])[:MAX_OTHERS])
        warning = messages.quote_not_found(citation, places)
        return Finding(Evidence(Verdict.NOT_FOUND, None, places), (warning,), settled=False)
    cited = page.only(citation.lines)
    if not cited.lines:
        warning = messages.no_such_lines(citation, len(page.lines))
        return Finding(Evidence(Verdict.NOT_FOUND), (warning,), settled=False)
    place = cited.place([(0, len(cited.text))])
    warning = messages.concluded(claim, messages.value_differs(claim, cited, page.number))
    return Finding(Evidence(Verdict.VALUE_DIFFERS, place), (warning,), settled=False)


def _held(match: Match, place: Place) -> Finding:
    verdict = Verdict.VERIFIED if match.grade is Grade.SURE else Verdict.FUZZY
    return Finding(Evidence(verdict, place), tuple(messages.why(match, place)))


def _relocated(citation: Citation, evidence: Evidence) -> Finding:
    assert evidence.place is not None
    moved = Evidence(Verdict.WRONG_PAGE, evidence.place, evidence.others)
    return Finding(moved, (messages.wrong_page(citation, evidence.place),))


def _nowhere(claim: Claim, pages: Sequence[PageText]) -> Finding:
    for page in pages:
        if found := matches(claim, page.hidden):
            place = page.hidden.place(found[0].spans)
            return Finding(Evidence(Verdict.HIDDEN, place), (messages.hidden(place),))
    warning = messages.concluded(claim, messages.not_found(claim, pages))
    return Finding(Evidence(Verdict.NOT_FOUND), (warning,))


def _ranked(claim: Claim, pages: Sequence[PageText]) -> list[Place]:
    """The sure places of the value, the likeliest first; a yes or no stands everywhere."""
    if isinstance(claim.value, bool):
        return []
    found = [
        one for page in pages for one in standings_on(claim, page) if one.match.grade is Grade.SURE
    ]
    return [one.place for one in likeliest(claim, found)[: MAX_OTHERS + 1]]


def _is_figure(claim: Claim) -> bool:
    """The value is digits in the main, which stand anywhere sooner than words do."""
    text = str(claim.value)
    return sum(char.isdigit() for char in text) * 2 > len(text)


def _cited(claim: Claim) -> Citation:
    assert claim.citation is not None, "a claim without a citation goes to located()"
    return claim.citation
