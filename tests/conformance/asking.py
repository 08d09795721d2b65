"""The suite's fixtures that ask the client for something before they answer.

On 2025-11-25 the server sends a request of its own and waits. On 2026-07-28 it answers with what
it needs, and the client calls again with it (SEP-2322).
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

import mcp_types as types
from mcp.shared.exceptions import MCPError
from mcp.shared.message import ServerMessageMetadata

from tests.conformance.answering import Called, Context, Tool, text

Properties = Mapping[str, Mapping[str, Any]]

_DEFAULTS: Final[Properties] = {
    "name": {"type": "string", "default": "John Doe"},
    "age": {"type": "integer", "default": 30},
    "score": {"type": "number", "default": 95.5},
    "status": {"type": "string", "enum": ["active", "inactive", "pending"], "default": "active"},
    "verified": {"type": "boolean", "default": True},
}
_OPTIONS: Final = ["option1", "option2", "option3"]
_TITLED: Final = [{"const": f"value{n}", "title": f"Choice {n}"} for n in (1, 2, 3)]
_CHOICES: Final[Properties] = {
    "untitledSingle": {"type": "string", "enum": _OPTIONS},
    "titledSingle": {"type": "string", "oneOf": _TITLED},
    "legacyEnum": {
        "type": "string",
        "enum": ["opt1", "opt2", "opt3"],
        "enumNames": ["Option One", "Option Two", "Option Three"],
    },
    "untitledMulti": {"type": "array", "items": {"type": "string", "enum": _OPTIONS}},
    "titledMulti": {"type": "array", "items": {"anyOf": _TITLED}},
}


def form(message: str, properties: Properties, *, required: bool = True) -> types.ElicitRequest:
    schema = {"type": "object", "properties": dict(properties)}
    if required:
        schema["required"] = list(properties)
    params = types.ElicitRequestFormParams(message=message, requested_schema=schema)
    return types.ElicitRequest(params=params)


def question(message: str, max_tokens: int = 100) -> types.CreateMessageRequest:
    said = types.SamplingMessage(role="user", content=types.TextContent(text=message))
    params = types.CreateMessageRequestParams(messages=[said], max_tokens=max_tokens)
    return types.CreateMessageRequest(params=params)


# 2025-11-25: a request of the server's own on the stream of the call.


def eliciting(make: Callable[[types.CallToolRequestParams], types.ElicitRequest]) -> Tool:
    """A tool that asks the user with this form and tells what was answered."""

    async def run(context: Context, params: types.CallToolRequestParams) -> Called:
        answer = await context.session.send_request(
            make(params), types.ElicitResult, metadata=_on_stream(context)
        )
        return text(f"Elicitation completed: action={answer.action}, content={answer.content}")

    return run


async def sampling(context: Context, params: types.CallToolRequestParams) -> Called:
    asked = question(str((params.arguments or {}).get("prompt")))
    answer = await context.session.send_request(
        asked, types.CreateMessageResult, metadata=_on_stream(context)
    )
    return text(f"LLM response: {answer.content}")


def _on_stream(context: Context) -> ServerMessageMetadata:
    return ServerMessageMetadata(related_request_id=context.request_id)


# 2026-07-28: what is needed is the answer, and the call comes again.

_NAME: Final = {"name": {"type": "string"}}
_OK: Final = {"ok": {"type": "boolean"}}


def rounds(*wanted: types.InputRequests, state: bool = False) -> Tool:
    """A tool that needs all of these, one round after the other, and then answers.

    A round is over when every key of it has an answer of the right kind; which round comes next
    is kept in the state, which the server seals.
    """

    async def run(_context: Context, params: types.CallToolRequestParams) -> Called:
        # Content with whatever begins with a number: that nobody changed it is the seal's to prove.
        index = int((params.request_state or "0").partition("-")[0])
        if index >= len(wanted):
            raise MCPError(types.INVALID_PARAMS, "The state is of another call.")
        given = params.input_responses or {}
        if not all(answers(one, given.get(key)) for key, one in wanted[index].items()):
            return needed(wanted[index], str(index) if state else None)
        if index + 1 < len(wanted):
            return needed(wanted[index + 1], str(index + 1))
        return text(f"state-ok: {', '.join(wanted[index])}")

    return run


def needed(wanted: types.InputRequests, state: str | None = None) -> types.InputRequiredResult:
    return types.InputRequiredResult(input_requests=wanted, request_state=state)


def answers(asked: types.InputRequest, given: types.InputResponse | None) -> bool:
    """Whether this is an answer to the request, and one that can be used."""
    match asked:
        case types.ElicitRequest():
            return isinstance(given, types.ElicitResult) and given.action == "accept"
        case types.CreateMessageRequest():
            return isinstance(given, types.CreateMessageResult | types.CreateMessageResultWithTools)
        case types.ListRootsRequest():
            return isinstance(given, types.ListRootsResult)


async def whatever_the_client_can(context: Context, _params: types.CallToolRequestParams) -> Called:
    """Asks for as much as the client has declared that it can answer."""
    able = context.session.client_capabilities or types.ClientCapabilities()
    wanted: types.InputRequests = {}
    if able.elicitation is not None:
        wanted["user_name"] = form("What is your name?", _NAME)
    if able.sampling is not None:
        wanted["greeting"] = question("Generate a greeting")
    return needed(wanted) if wanted else text("Nothing can be asked.")


async def needs_sampling(context: Context, _params: types.CallToolRequestParams) -> Called:
    able = context.session.client_capabilities
    if able is None or able.sampling is None:
        raise MCPError(
            types.MISSING_REQUIRED_CLIENT_CAPABILITY,
            "This tool needs sampling.",
            {"requiredCapabilities": {"sampling": {}}},
        )
    return text("The client can sample.")


_USER_NAME: Final = form("What is your name?", _NAME)
_CONFIRM: Final[types.InputRequests] = {"confirm": form("Please confirm", _OK)}
CONTEXT: Final[types.InputRequests] = {
    "user_context": form("What context should the prompt use?", {"context": {"type": "string"}})
}

TOOLS: Final[Mapping[str, Tool]] = {
    "test_elicitation": eliciting(
        lambda params: form(
            str((params.arguments or {}).get("message")),
            {"username": {"type": "string"}, "email": {"type": "string"}},
        )
    ),
    "test_elicitation_sep1034_defaults": eliciting(
        lambda _params: form("Check the defaults.", _DEFAULTS, required=False)
    ),
    "test_elicitation_sep1330_enums": eliciting(
        lambda _params: form("Choose.", _CHOICES, required=False)
    ),
    "test_sampling": sampling,
    "test_missing_capability": needs_sampling,
    "test_streaming_elicitation": rounds({"user_name": _USER_NAME}),
    "test_input_required_result_elicitation": rounds({"user_name": _USER_NAME}),
    "test_input_required_result_sampling": rounds(
        {"capital_question": question("What is the capital of France?")}
    ),
    "test_input_required_result_list_roots": rounds({"client_roots": types.ListRootsRequest()}),
    "test_input_required_result_request_state": rounds(_CONFIRM, state=True),
    "test_input_required_result_tampered_state": rounds(_CONFIRM, state=True),
    "test_input_required_result_multiple_inputs": rounds(
        {
            "user_name": _USER_NAME,
            "greeting": question("Generate a greeting", 50),
            "client_roots": types.ListRootsRequest(),
        },
        state=True,
    ),
    "test_input_required_result_multi_round": rounds(
        {"step1": form("Step 1: What is your name?", _NAME)},
        {"step2": form("Step 2: What is your favorite color?", {"color": {"type": "string"}})},
        state=True,
    ),
    "test_input_required_result_capabilities": whatever_the_client_can,
}
