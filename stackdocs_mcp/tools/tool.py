"""What a tool is: a row of the table, and the shapes that its arguments and results take."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Generic, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    SerializerFunctionWrapHandler,
    StringConstraints,
    model_serializer,
)
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue

from stackdocs_mcp.core.binding import Right
from stackdocs_mcp.workspace import Workspace

Id = Annotated[str, StringConstraints(min_length=1, max_length=64)]
Cursor = Annotated[str, StringConstraints(min_length=1, max_length=1_024)]


class Arguments(BaseModel):
    """A tool's arguments: nothing unknown, nothing converted."""

    # Built on first use: a server that starts calls no tool yet.
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, defer_build=True)


class Result(BaseModel):
    """A tool's structured content. Keys that are None are left out, but for those in ``kept``."""

    model_config = ConfigDict(defer_build=True)
    kept: ClassVar[frozenset[str]] = frozenset()

    @model_serializer(mode="wrap")
    def _without_nothing(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        found: dict[str, Any] = handler(self)
        return {name: one for name, one in found.items() if one is not None or name in self.kept}


ArgumentsT = TypeVar("ArgumentsT", bound=Arguments)


@dataclass(frozen=True, slots=True)
class Answer:
    """Structured content with one line of summary, or text alone."""

    summary: str
    content: Result | None = None


@dataclass(frozen=True)
class Tool(Generic[ArgumentsT]):
    """A row of the table. ``result`` is None for a tool that answers with text alone."""

    name: str
    title: str
    description: str
    arguments: type[ArgumentsT]
    result: type[Result] | None
    right: Right
    run: Callable[[Workspace, ArgumentsT], Awaitable[Answer]]
    destructive: bool = False
    idempotent: bool = True
    writes_files: bool = False

    @property
    def read_only(self) -> bool:
        """Changes nothing, neither in the stack nor on this machine."""
        return self.right is Right.READ and not self.writes_files

    def described(self) -> dict[str, Any]:
        """What ``tools/list`` is to say of it, worked out from the models; see tools/listing.py."""
        described: dict[str, Any] = {
            "name": self.name,
            "title": self.title,
            "description": self.description,
            "inputSchema": slim(self.arguments.model_json_schema(schema_generator=_Generator)),
            "annotations": {
                "readOnlyHint": self.read_only,
                "destructiveHint": self.destructive,
                "idempotentHint": self.idempotent,
                "openWorldHint": False,
            },
        }
        if self.result is not None:
            schema = self.result.model_json_schema(schema_generator=_Generator)
            described["outputSchema"] = slim(schema)
        return described


class _Generator(GenerateJsonSchema):
    """Optional means left out: null is not offered as a value beside it."""

    def nullable_schema(self, schema: Any) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: Any) -> JsonSchemaValue:
        inner = self.generate_inner(schema["schema"])
        default = schema.get("default")
        return inner if default is None or default == () else {**inner, "default": default}


def slim(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The schema without the titles and model docstrings that say nothing new to a model."""
    kept: dict[str, Any] = {}
    for name, value in schema.items():
        if name == "title" and isinstance(value, str):
            continue
        if name == "$defs":
            kept[name] = {inner: slim(_unsaid(child)) for inner, child in value.items()}
        elif name == "description" and "properties" in schema:
            continue
        elif name == "properties":
            kept[name] = {inner: slim(child) for inner, child in value.items()}
        elif isinstance(value, Mapping):
            kept[name] = slim(value)
        elif isinstance(value, list):
            kept[name] = [slim(one) if isinstance(one, Mapping) else one for one in value]
        else:
            kept[name] = value

    return kept


def _unsaid(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A definition without its docstring, which speaks to us."""
    return {name: value for name, value in schema.items() if name != "description"}
