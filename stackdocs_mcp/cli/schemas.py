"""``schema set``, ``schema show`` and ``schema templates``."""

import json
from dataclasses import dataclass
from typing import IO, Any

from pydantic import ValidationError

from stackdocs_mcp.cli.opening import opened
from stackdocs_mcp.cli.output import put, say
from stackdocs_mcp.core import strict
from stackdocs_mcp.core.errors import InvalidArgument
from stackdocs_mcp.core.schema import Schema, templates
from stackdocs_mcp.core.schema.fieldlist import schema_of
from stackdocs_mcp.core.stack import Policy
from stackdocs_mcp.settings import Settings
from stackdocs_mcp.workspace import schemas

MAX_BYTES = 1024 * 1024
_SHOWN = frozenset({"stack", "schema", "instructions", "policy"})


@dataclass(frozen=True, slots=True)
class Source:
    """What was given for a schema, and where it is from."""

    read: dict[str, Any]
    name: str
    made: bool = False
    """It was made of a list of fields, so that nobody has seen it yet."""


@dataclass(frozen=True, slots=True)
class Given:
    """What ``schema set`` is given; None is left as it is in the stack."""

    schema: dict[str, Any] | None
    instructions: str | None
    policy: Policy | None
    evidence: str | None
    made: bool


def schema_in(file: IO[bytes] | None, template: str | None, fields: str | None) -> Source:
    """The schema from the one of the three that is given. Raises InvalidArgument."""
    if file is not None:
        return Source(_read_json(file), file.name)
    if template is not None:
        return Source(templates.template(template), template)
    return Source(schema_of(fields or ""), "the list", made=True)


def read_given(
    source: Source, instructions: IO[bytes] | None, policy: IO[bytes] | None, evidence: str | None
) -> Given:
    """What the files say. Raises InvalidArgument for one that cannot be understood."""
    read = source.read
    whole = "schema" in read and set(read) <= _SHOWN
    text = None if instructions is None else _read_text(instructions)
    said = None if policy is None else _read_json(policy)
    if whole:
        text = read.get("instructions") if text is None else text
        said = read.get("policy") if said is None else said
        _check_whole(source.name, read["schema"], text)
    return Given(
        schema=read["schema"] if whole else read,
        instructions=text,
        policy=None if said is None else _policy(said),
        evidence=evidence,
        made=source.made,
    )


async def set_schema(settings: Settings, given: Given) -> int:
    """Set the schema of the stack, which is made when there is none."""
    async with opened(settings, make=True) as workspace:
        policy = given.policy
        if given.evidence is not None:
            before = policy or (await schemas.get_schema(workspace)).policy
            policy = _policy({**before.model_dump(), "evidence": given.evidence})
        stack = await schemas.set_schema(workspace, given.schema, given.instructions, policy)
    names = schemas.names(stack)
    say(f"stack {stack.name!r}: {len(names)} fields, {schemas.policy_line(stack)}")
    if given.made:
        put(json.dumps(stack.schema, indent=2, ensure_ascii=False))
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


def list_templates() -> int:
    """Print a line for each template: its name, what it is for, how many fields it has."""
    for name in templates.NAMES:
        schema = templates.template(name)
        fields = len(Schema(schema).names)
        put(f"{name}\t{fields} fields\t{schema['description']}")
    return 0


def show_template(name: str) -> int:
    """Print the schema of a template, to be edited and set."""
    put(json.dumps(templates.template(name), indent=2, ensure_ascii=False))
    return 0


def _check_whole(name: str, schema: object, instructions: object) -> None:
    """Raise InvalidArgument where what looks like the output of ``schema show`` is not."""
    if schema is not None and not isinstance(schema, dict):
        raise InvalidArgument(f"'schema' in {name!r} is not a JSON object")
    if instructions is not None and not isinstance(instructions, str):
        raise InvalidArgument(f"'instructions' in {name!r} is not a text")


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
    text = _read_text(file)
    try:
        read = strict.read(text)
    except strict.NotStrict as error:
        place = strict.place(text)
        where = f"{file.name!r}, {place}" if place else repr(file.name)
        raise InvalidArgument(f"{where}: {error}", "Correct the file; nothing was set.") from error
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
