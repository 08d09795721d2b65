"""Which clients there are: what each is installed from, which program drives it, what it speaks."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Transport = Literal["http", "stdio"]

BOTH: tuple[Transport, ...] = ("http", "stdio")
MODERN, LEGACY, OLDER = "2026-07-28", "2025-11-25", "2025-06-18"

PROGRAMS = Path(__file__).parent / "programs"


@dataclass(frozen=True, slots=True)
class Client:
    """A client in the version that is installed, and the protocol that it must come to speak.

    The first of ``packages`` is exact. A client that runs on Node has none, but a ``module`` in
    programs/package.json.
    """

    name: str
    packages: tuple[str, ...]
    program: str
    protocol: str
    module: str = ""
    option: str = ""
    transports: tuple[Transport, ...] = BOTH

    @property
    def version(self) -> str:
        """The client's own version."""
        if not self.module:
            return self.packages[0].partition("==")[2]
        return str(
            json.loads((PROGRAMS / "package.json").read_text("utf-8"))["dependencies"][self.module]
        )


SDK, SDK_2 = "@modelcontextprotocol/sdk", "@modelcontextprotocol/client"
INSPECTOR = "@modelcontextprotocol/inspector"

CLIENTS: Sequence[Client] = (
    Client("mcp-1", ("mcp==1.30.0",), "with_mcp_1.py", LEGACY),
    Client("mcp-2", ("mcp==2.3.0",), "with_mcp_2.py", MODERN, option="auto"),
    Client("mcp-2-legacy", ("mcp==2.3.0",), "with_mcp_2.py", LEGACY, option="legacy"),
    Client("typescript-1", (), "with_typescript_1.mjs", LEGACY, SDK),
    Client("typescript-2", (), "with_typescript_2.mjs", MODERN, SDK_2, "auto"),
    Client("typescript-2-legacy", (), "with_typescript_2.mjs", LEGACY, SDK_2, "legacy"),
    Client("fastmcp", ("fastmcp==4.1.2",), "with_fastmcp.py", MODERN),
    Client("openai-agents", ("openai-agents==0.24.0",), "with_openai_agents.py", MODERN),
    Client("pydantic-ai", ("pydantic-ai-slim[mcp]==2.68.0",), "with_pydantic_ai.py", MODERN),
    # Without these two it cannot speak MCP, and does not ask for them by itself.
    Client(
        "agent-framework",
        ("agent-framework-core==1.23.0", "mcp", "tenacity"),
        "with_agent_framework.py",
        MODERN,
    ),
    # These three are for the first generation of the SDK, whatever their own requirements say.
    Client(
        "langchain-mcp-adapters",
        ("langchain-mcp-adapters==0.3.2", "mcp<2"),
        "with_langchain.py",
        LEGACY,
    ),
    Client("mcp-use", ("mcp-use==1.7.1", "mcp<2"), "with_mcp_use.py", LEGACY),
    Client("smolagents", ("smolagents[mcp]==1.26.0", "mcp<2"), "with_smolagents.py", LEGACY),
    Client("llama-index", ("llama-index-tools-mcp==0.6.0",), "with_llama_index.py", LEGACY),
    Client("google-adk", ("google-adk[mcp]==2.13.0",), "with_google_adk.py", LEGACY),
    # Its HTTP transport needs pydantic, which it does not ask for by itself.
    Client("chuk-mcp", ("chuk-mcp[pydantic]==0.9.4",), "with_chuk_mcp.py", OLDER),
    Client("inspector", (), "with_inspector.py", MODERN, INSPECTOR, "modern"),
    Client("inspector-legacy", (), "with_inspector.py", LEGACY, INSPECTOR, "legacy"),
    Client("claude-code", ("claude-agent-sdk==0.2.186",), "with_claude_code.py", MODERN),
)
