"""The stack's schema, instructions and policy."""

from stackdocs_mcp.core import exact
from stackdocs_mcp.core.binding import Right
from stackdocs_mcp.core.errors import InvalidArgument, InvalidSchema
from stackdocs_mcp.core.model import JsonObject
from stackdocs_mcp.core.schema import Schema, cached
from stackdocs_mcp.core.schema.adopting import adopted
from stackdocs_mcp.core.schema.described import described
from stackdocs_mcp.core.stack import Policy, Stack
from stackdocs_mcp.workspace.context import Workspace

MAX_INSTRUCTIONS = 8_000


async def get_schema(workspace: Workspace) -> Stack:
    """The bound stack with all three."""
    workspace.binding.require(Right.READ)
    return await workspace.store.stack()


async def set_schema(
    workspace: Workspace,
    schema: JsonObject | str | None,
    instructions: str | None = None,
    policy: Policy | None = None,
) -> Stack:
    """Replace the schema; instructions and policy stay as they are when they are not given.

    ``schema`` is a JSON Schema, or a text that ``described`` makes one of. Raises InvalidSchema
    with the reason, and then changes nothing. Fields that are set stay; what they break under the
    new schema is said by ``read_extraction`` and ``complete``.
    """
    workspace.binding.require(Right.ADMIN)
    if isinstance(schema, str):
        schema = described(schema)
    if schema is not None:
        schema = adopted(schema)
        Schema.load(schema)
    if instructions is not None and len(instructions) > MAX_INSTRUCTIONS:
        raise InvalidArgument(f"the instructions have more than {MAX_INSTRUCTIONS} characters")
    exact.dumps(instructions)  # refuses what not every store can keep
    stack = await workspace.store.stack()
    return await workspace.store.set_schema(
        schema,
        stack.instructions if instructions is None else instructions,
        stack.policy if policy is None else policy,
    )


def rules(stack: Stack) -> tuple[str, ...]:
    """The ids of the rules that the stack's schema declares, those of its sets included."""
    try:
        return () if stack.schema is None else tuple(one.id for one in cached(stack.schema).rules)
    except InvalidSchema:  # stored by a version that did not check them
        return ()


def names(stack: Stack) -> tuple[str, ...]:
    """The fields that the stack's schema names, dotted; none without a schema."""
    return () if stack.schema is None else cached(stack.schema).names


def policy_line(stack: Stack) -> str:
    """The policy in a line, and at how many places the schema overrides it."""
    policy = stack.policy
    parts = [f"evidence {policy.evidence}"]
    if policy.min_confidence is not None:
        parts.append(f"confidence from {policy.min_confidence}")
    parts.append(f"to acknowledge: {' '.join(policy.acknowledgeable) or 'nothing'}")
    if stack.schema is not None and (places := cached(stack.schema).overrides):
        parts.append(f"overridden at {places} {'place' if places == 1 else 'places'}")
    return ", ".join(parts)
