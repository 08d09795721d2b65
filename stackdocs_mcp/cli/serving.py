"""What is checked before a server starts."""

from stackdocs_mcp.settings import BadSettings, Settings


def check_toolset(settings: Settings) -> None:
    """Raise BadSettings for a tool that there is not, with all that there are."""
    if settings.toolset is None:
        return

    from stackdocs_mcp.tools import TOOLS  # noqa: PLC0415  costs what serving costs

    unknown = sorted(settings.toolset - set(TOOLS))
    if unknown:
        named = ", ".join(map(repr, unknown))
        raise BadSettings(
            [f"STACKDOCS_TOOLSET (--toolset): no tool {named}; the tools are {', '.join(TOOLS)}"]
        )
