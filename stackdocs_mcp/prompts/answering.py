"""What ``prompts/*`` answers: the prompts of the release, and one of them for a document."""

from collections.abc import Mapping

import mcp_types as types

from stackdocs_mcp.core.binding import Right
from stackdocs_mcp.core.errors import DocumentNotFound, InvalidArgument
from stackdocs_mcp.core.model import DocumentId
from stackdocs_mcp.prompts.prompt import DOCUMENT, Prompt
from stackdocs_mcp.prompts.table import PROMPTS
from stackdocs_mcp.workspace import Workspace

ARGUMENT = "document_id"
TTL_MS = 3_600_000
LONGEST = 64


def listed() -> types.ListPromptsResult:
    """The same for every stack."""
    return types.ListPromptsResult(
        prompts=[_listed(one) for one in PROMPTS], ttl_ms=TTL_MS, cache_scope="private"
    )


async def get(
    workspace: Workspace, name: str, arguments: Mapping[str, str]
) -> types.GetPromptResult:
    """The prompt's text, for a document of the bound stack if one is named.

    Raises InvalidArgument for an unknown prompt, an unknown argument or a missing one, and
    DocumentNotFound for a document that is not there, foreign or unknown.
    """
    workspace.binding.require(Right.READ)
    prompt = next((one for one in PROMPTS if one.name == name), None)
    if prompt is None:
        raise InvalidArgument(f"unknown prompt {name[:LONGEST]!r}")
    if unknown := sorted(arguments.keys() - {ARGUMENT}):
        raise InvalidArgument(f"unknown argument {unknown[0][:LONGEST]!r}")

    document = arguments.get(ARGUMENT)
    if document is None:
        if prompt.without is None:
            raise InvalidArgument(f"the argument {ARGUMENT!r} is missing")
        return _result(prompt, prompt.without)
    if len(document) > LONGEST:
        raise DocumentNotFound(document[:LONGEST])
    found = await workspace.store.document(DocumentId(document))
    return _result(prompt, prompt.text.replace(DOCUMENT, found.id))


def _result(prompt: Prompt, text: str) -> types.GetPromptResult:
    message = types.PromptMessage(role="user", content=types.TextContent(text=text))
    return types.GetPromptResult(description=prompt.description, messages=[message])


def _listed(prompt: Prompt) -> types.Prompt:
    argument = types.PromptArgument(
        name=ARGUMENT,
        title="Document",
        description="The id of a document of this stack",
        required=prompt.without is None,
    )
    return types.Prompt(
        name=prompt.name,
        title=prompt.title,
        description=prompt.description,
        arguments=[argument],
    )
