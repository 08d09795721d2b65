"""What a server lists at run time: every parameter, and calls that fill one of them in."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.isolation.kinds import IDS, KINDS, Kind, samples
from tests.isolation.speakers import Speaker

PROMPT, RESOURCE = "prompt ", "resource "


@dataclass(frozen=True)
class Listing:
    """What one connection is offered."""

    tools: dict[str, dict[str, Any]]
    prompts: dict[str, list[str]]
    templates: list[str]

    @property
    def parameters(self) -> set[str]:
        """Every parameter, nested ones too, as the table in ``kinds.py`` names them."""
        found = {f"{tool}.{name}" for tool, schema in self.tools.items() for name in _names(schema)}
        found |= {f"{PROMPT}{name}.{one}" for name, ones in self.prompts.items() for one in ones}
        found |= {
            f"{RESOURCE}{one}.{name}"
            for one in self.templates
            for name in re.findall(r"\{[+#./;?&]?([^}]*)\}", one)
        }
        return found

    def targets(self) -> list["Target"]:
        """Each parameter that is an id."""
        kinds = [(one, KINDS.get(one)) for one in sorted(self.parameters)]
        return [Target(one, kind) for one, kind in kinds if kind in IDS]


@dataclass(frozen=True)
class Target:
    """A parameter that names a thing."""

    parameter: str
    kind: Kind | None

    @property
    def what(self) -> str:
        """What an audit row calls it: a tool, or a method."""
        if self.parameter.startswith(PROMPT):
            return "prompts/get"
        if self.parameter.startswith(RESOURCE):
            return "resources/read"
        return self.parameter.split(".")[0]

    def call(self, value: Any, own: str) -> tuple[str, dict[str, Any]]:
        """Method and params of a call with this value in it, and else with one's ``own``."""
        owner, _, name = self.parameter.rpartition(".")
        if owner.startswith(PROMPT):
            prompt = owner.removeprefix(PROMPT)
            return "prompts/get", {"name": prompt, "arguments": {name: value}}
        if owner.startswith(RESOURCE):
            template = owner.removeprefix(RESOURCE)
            return "resources/read", {"uri": template.replace(f"{{{name}}}", str(value))}
        return "tools/call", {"name": owner, "arguments": {**samples(own)[owner], name: value}}


async def listing(speaker: Speaker) -> Listing:
    """All that the server lists to this client."""
    tools = await speaker.result("tools/list")
    prompts = await speaker.result("prompts/list")
    templates = await speaker.result("resources/templates/list")
    return Listing(
        {one["name"]: one["inputSchema"] for one in tools["tools"]},
        {
            one["name"]: [argument["name"] for argument in one.get("arguments", ())]
            for one in prompts["prompts"]
        },
        [one["uriTemplate"] for one in templates["resourceTemplates"]],
    )


def _names(schema: Mapping[str, Any]) -> Iterator[str]:
    yield from _below(schema, schema.get("$defs", {}), "")


def _below(schema: Mapping[str, Any], known: Mapping[str, Any], prefix: str) -> Iterator[str]:
    """The parameters in a schema, each as its path: ``fields[].evidence.page``."""
    if "$ref" in schema:
        yield from _below(known[schema["$ref"].removeprefix("#/$defs/")], known, prefix)
    for name, child in schema.get("properties", {}).items():
        path = f"{prefix}.{name}" if prefix else name
        yield path
        yield from _below(child, known, path)
    if isinstance(schema.get("items"), Mapping):
        yield f"{prefix}[]"
        yield from _below(schema["items"], known, f"{prefix}[]")
    for several in ("anyOf", "oneOf", "allOf"):
        for child in schema.get(several, ()):
            yield from _below(child, known, prefix)
