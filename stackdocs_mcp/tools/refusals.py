"""What is wrong with arguments, in our words: by name, without the value that was sent."""

from pydantic import ValidationError

from stackdocs_mcp.core.errors import InvalidArgument

MOST = 10


def told(error: ValidationError) -> str:
    """Every wrong argument by name."""
    found: list[str] = []
    for one in error.errors(include_url=False, include_input=False, include_context=False)[:MOST]:
        where = ".".join(str(part)[:64] for part in one["loc"]) or "arguments"
        match one["type"]:
            case "extra_forbidden":
                found.append(f"unknown argument {where!r}")
            case "missing":
                found.append(f"the argument {where!r} is missing")
            case _:
                message = one["msg"]
                found.append(f"the argument {where!r}: {message[:1].lower()}{message[1:]}")

    return "; ".join(dict.fromkeys(found))


def refused(error: ValidationError) -> InvalidArgument:
    """The same as an error of one entry among others."""
    return InvalidArgument(told(error), "Look at the tool's input schema and send it again.")
