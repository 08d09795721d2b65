"""Everything that is no address of a resource looks like one that is not there."""

import re

import pytest
from hypothesis import HealthCheck, given, settings as bounded, strategies as st

from stackdocs_mcp.resources import RESOURCES
from stackdocs_mcp.resources.listing import addressed
from stackdocs_mcp.resources.resource import ResourceNotFound
from tests.server.addresses import (
    NOWHERE,
    SCHEMA_URI,
    extraction_uri,
    held,
    hostile,
    refusal,
    text_uri,
)
from tests.server.harness import Era, Session
from tests.server.papers import INVOICE

pytestmark = pytest.mark.anyio


@pytest.mark.requirement("RES-08")
async def test_an_address_that_is_not_ours_to_the_letter_looks_like_one_that_is_not_there(
    any_session: Session, era: Era
) -> None:
    document = await any_session.add("invoice.txt", INVOICE)
    missing = await refusal(any_session, text_uri(NOWHERE))

    assert missing == {
        "code": -32002 if era == "legacy" else -32602,
        "message": "Resource not found",
        "data": {"uri": text_uri(NOWHERE)},
    }
    assert await refusal(any_session, extraction_uri(NOWHERE)) == {
        **missing,
        "data": {"uri": extraction_uri(NOWHERE)},
    }
    for uri in hostile(document):
        assert await refusal(any_session, uri) == {**missing, "data": {"uri": uri[:256]}}, uri
    assert await held(any_session, text_uri(document))


CHARACTERS = st.characters(exclude_categories=["Cs"])
PARTS = st.sampled_from(
    ["stackdocs", "://", "/", "documents", "schema", "extraction", "..", "%2e", "%00", "\\", "@"]
) | st.text(CHARACTERS, max_size=4)


@pytest.mark.requirement("RES-08")
@bounded(max_examples=1_000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    document=st.uuids().map(str),
    parts=st.lists(PARTS | st.uuids().map(str), max_size=10),
    place=st.integers(0, 90),
    inserted=st.text(CHARACTERS, min_size=1, max_size=3) | PARTS.filter(bool),
)
def test_no_other_text_means_a_resource(
    document: str, parts: list[str], place: int, inserted: str
) -> None:
    exact = {SCHEMA_URI, text_uri(document), extraction_uri(document)}
    for uri in exact:
        assert addressed(uri).uri == uri
        changed = uri[:place] + inserted + uri[place:]
        for other in (changed, "".join(parts), uri[:place], uri[place:] + inserted):
            try:
                found = addressed(other)
            except ResourceNotFound:
                continue
            # What is taken is one of the table's own spellings, with the form of an id in it.
            spelled = {one.uri(found.document) for one in RESOURCES}
            assert other in spelled
            assert re.fullmatch("[0-9a-f-]{36}|", found.document)
