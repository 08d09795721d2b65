"""``schema set`` and ``schema show``."""

import json
from dataclasses import dataclass
from typing import IO, Any

from pydantic import ValidationError

from stackdocs_mcp.cli.opening import opened
from stackdocs_mcp.cli.output import put, say
from stackdocs_mcp.core import ijson
from stackdocs_mcp.core.errors import InvalidArgument
from stackdocs_mcp.core.stack import Policy, Stack
from stackdocs_mcp.settings import Settings
from stackdocs_mcp.workspace import schemas

MAX_BYTES = 1024 * 1024
_SHOWN = frozenset({"stack", "schema", "instructions", "policy"})


@dataclass(frozen=True, slots=True)
class Given:
    """What the files of ``schema set`` say; None is left as it is in the stack."""

    schema: dict[str, Any] | None
    instructions: str | None
    policy: Policy | None
    evidence: str | None


def read_given(
    file: IO[bytes], instructions: IO[bytes] | None, policy: IO[bytes] | None, evidence: str | None
) -> Given:
    """What the files say. Raises InvalidArgument for one that cannot be understood."""
    read = _read_json(file)
    whole = "schema" in read and set(read) <= _SHOWN
    text = None if instructions is None else _read_text(instructions)
    said = None if policy is None else _read_json(policy)
    if whole:
        text = read.get("instructions") if text is None else text
        said = read.get("policy") if said is None else said
    return Given(
        schema=read["schema"] if whole else read,
        instructions=text,
        policy=None if said is None else _policy(said),
        evidence=evidence,
    )


async def set_schema(settings: Settings, given: Given) -> int:
    """Set the schema of the stack, which is made when there is none."""
    async with opened(settings, make=True) as workspace:
        policy = given.policy
        if given.evidence is not None:
            before = policy or (await schemas.get_schema(workspace)).policy
            policy = _policy({**before.model_dump(), "evidence": given.evidence})
        stack = await schemas.set_schema(workspace, given.schema, given.instructions, policy)
    say(f"stack {stack.name!r}: {len(schemas.names(stack))} fields, {_policy_line(stack)}")
    return 0


async def show_schema(settings: Settings) -> int:
    """Print schema, instructions and policy as one JSON object, which ``schema set`` takes."""
    async with opened(settings) as workspace:
        stack = await schemas.get_schema(workspace)
    shown = {
        "stack": stack.name,
        "schema": None if stack.schema is None else dict(stack.schema),
        "instructions": stack.instructions,
        "policy": stack.policy.model_dump(mode="json"),
    }
    put(json.dumps(shown, indent=2, ensure_ascii=False))
    return 0


def _policy_line(stack: Stack) -> str:
    return f"evidence {stack.policy.evidence}"


def _policy(said: object) -> Policy:
    try:
        return Policy.model_validate(said)
    except ValidationError as error:
        one = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, one["loc"])) or "policy"
        raise InvalidArgument(
            f"the policy is not valid at {where!r}: {one['msg']}",
            f"A policy has {', '.join(Policy.model_fields)}.",
        ) from error


def _read_json(file: IO[bytes]) -> dict[str, Any]:
    try:
        read = ijson.loads(_read_text(file))
    except ijson.Ambiguous as error:
        raise InvalidArgument(f"{file.name!r} cannot be used: {error}") from error
    if not isinstance(read, dict):
        raise InvalidArgument(f"{file.name!r} is not a JSON object")
    return read


def _read_text(file: IO[bytes]) -> str:
    content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise InvalidArgument(f"{file.name!r} is larger than {MAX_BYTES // 1024} KiB")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidArgument(f"{file.name!r} is not UTF-8 text") from error
