"""Whatever a client says about who it is and where, is refused or not heard."""

from typing import Any

import pytest

from tests.isolation.kinds import FORBIDDEN, samples
from tests.isolation.surface import listing
from tests.isolation.world import World

pytestmark = pytest.mark.anyio


@pytest.mark.requirement("ISO-07")
async def test_every_tool_refuses_to_be_told_a_user_or_a_stack(world: World) -> None:
    before = world.digest()
    wrong: dict[str, Any] = {}
    values: list[Any] = [world.foreign.stack, world.foreign.user, None, {}]
    tools = (await listing(world.speaker)).tools
    for tool, known in samples(world.own.document, tools).items():
        for name in sorted(FORBIDDEN | {"_meta", "binding", "document_ids", "__proto__", ""}):
            for value in values:
                seen = await world.speaker.tool(tool, **{**known, name: value})
                if not seen.is_refusal or b"unknown argument" not in seen.body:
                    wrong[f"{tool}({name})"] = seen

    assert wrong == {}
    assert world.digest() == before


@pytest.mark.requirement("ISO-07")
async def test_what_stands_beside_the_arguments_is_not_heard(world: World) -> None:
    plain = await world.speaker.tool("list_documents")
    for name in sorted(FORBIDDEN | {"binding", "headers", "scope"}):
        for value in (world.foreign.stack, world.foreign.user):
            params = {"name": "list_documents", "arguments": {}, name: value}
            seen = await world.speaker.ask("tools/call", params)
            assert seen == plain, name


@pytest.mark.requirement("ISO-07")
async def test_what_stands_in_the_meta_is_not_heard(world: World) -> None:
    plain = await world.speaker.tool("list_documents")
    told = dict.fromkeys(FORBIDDEN, world.foreign.stack)
    meta = {**told, "stackdocs.binding": told, "io.modelcontextprotocol/user": told}
    params = {"name": "list_documents", "arguments": {}}

    seen = await world.speaker.ask("tools/call", {**params, "more_meta": meta})

    assert seen == plain


@pytest.mark.requirement("ISO-08")
async def test_what_is_listed_searched_and_exported_is_the_stacks_own(world: World) -> None:
    ask = world.speaker.ask
    seen = {
        "list": await world.speaker.tool("list_documents", limit=200),
        "by name": await world.speaker.tool("list_documents", query="canary"),
        "search": await world.speaker.tool("search_documents", query="word", limit=100),
        "theirs": await world.speaker.tool("search_documents", query=world.foreign.canary),
        "siblings": await world.speaker.tool("search_documents", query=world.sibling.canary),
        "schema": await world.speaker.tool("get_schema"),
        "export": await world.speaker.tool("export", format="json", evidence=True),
        "resources": await ask("resources/list"),
        "templates": await ask("resources/templates/list"),
        "schema resource": await ask("resources/read", {"uri": "stackdocs://schema"}),
        "discovered": await ask("tools/list"),
        "prompts": await ask("prompts/list"),
    }
    for name, one in seen.items():
        assert not one.is_refusal, (name, one)
        assert not world.leaks(one.body), name
    listed = seen["list"].result["structuredContent"]["documents"]
    assert [one["id"] for one in listed] == list(world.own.documents)
    for name in ("theirs", "siblings"):
        assert seen[name].result["structuredContent"] == {"hits": []}
    uris = [one["uri"] for one in seen["resources"].result["resources"]]
    assert len(uris) == 1 + 2 * len(world.own.documents)


HOSTILE = [
    *("stackdocs://{stack}/documents/{document}", "stackdocs://x/../documents/{document}"),
    *("stackdocs://documents/../documents/{document}", "stackdocs://documents/./{document}"),
    *("stackdocs://documents/%2e%2e%2f{document}", "stackdocs://documents/{document}%00"),
    *("stackdocs://documents/{document}/", "stackdocs://documents//{document}"),
    *("stackdocs://documents/{document}.", "stackdocs://documents\\{document}"),
    *("STACKDOCS://documents/{document}", "stackdocs:documents/{document}"),
    *("stackdocs://user@documents/{document}", "stackdocs://documents:80/{document}"),
    *("stackdocs://documents/{document}?stack={stack}", "stackdocs://documents/{document}#x"),
    *("stackdocs://documents/{document}/extraction/", "stack://{stack}/doc/{document}"),
    *("file:///etc/passwd", "http://127.0.0.1/", "", "stackdocs://", "stackdocs://schema/{stack}"),
    *("stackdocs://documents/{{document_id}}", "stackdocs://documents/*", " stackdocs://schema"),
    *("stackdocs://documents/%252e%252e/{document}", "stackdocs://documents/{document}\u2044"),
]


@pytest.mark.requirement("ISO-09")
async def test_an_address_that_is_not_exactly_a_resources_own_is_nothing(world: World) -> None:
    before = world.digest()
    wrong: dict[str, Any] = {}
    for address in HOSTILE:
        for planted in (world.own, world.foreign):
            uri = address.format(stack=planted.stack, document=planted.document)
            seen = await world.speaker.ask("resources/read", {"uri": uri})
            if not seen.is_refusal or b"canary" in seen.body:
                wrong[uri] = seen

    assert wrong == {}
    assert world.digest() == before
