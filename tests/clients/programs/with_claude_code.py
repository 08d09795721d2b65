"""The real Claude Code, with a Messages API on loopback that asks the run what to do next."""

import asyncio
import json
import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import claude_agent_sdk
from worker import JSON, Line, run

PREFIX = "mcp__stackdocs__"
PROGRAM = Path(claude_agent_sdk.__file__).parent / "_bundled" / "claude"


class Model:
    """A model without one: each turn is the call that the run wants, until it wants no more."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._turns = threading.Lock()

    def turn(self, request: JSON) -> tuple[list[JSON], str]:
        """The content of the next message, and why it ends there."""
        tools = [tool["name"] for tool in request.get("tools", ())]
        ours = [name.removeprefix(PREFIX) for name in tools if name.startswith(PREFIX)]
        blocks = [
            block
            for message in request["messages"]
            if isinstance(message["content"], list)
            for block in message["content"]
        ]
        results = [block for block in blocks if block["type"] == "tool_result"]
        if not ours:  # a title for the session, or another thing that Claude Code asks for itself
            return [{"type": "text", "text": "Extraction"}], "end_turn"

        with self._turns:
            if results:
                said = {"seen": _seen(results[-1]), "failed": bool(results[-1].get("is_error"))}
            else:
                said = {"tools": ours}
            asked = self._line.exchange(said)
        if asked is None:
            return [{"type": "text", "text": "Done."}], "end_turn"
        use = {
            "type": "tool_use",
            "id": f"toolu_{len(results):04}",
            "name": PREFIX + asked["tool"],
            "input": asked["arguments"],
        }
        return [use], "tool_use"


def _seen(result: JSON) -> str:
    content = result["content"]
    if isinstance(content, str):
        return content
    return "\n".join(block.get("text", "") for block in content)


class Api(BaseHTTPRequestHandler):
    """POST /v1/messages, streamed or whole; everything else gets a harmless answer."""

    model: Model

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path.partition("?")[0] != "/v1/messages":
            return self._whole({"input_tokens": 1})
        content, stop = self.model.turn(request)
        message = {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "model": request["model"],
            "content": content,
            "stop_reason": stop,
            "stop_sequence": None,
            "usage": {"input_tokens": 1, "output_tokens": 1},
        }
        return self._streamed(message) if request.get("stream") else self._whole(message)

    def do_GET(self) -> None:
        self._whole({})

    def do_HEAD(self) -> None:
        self._whole({})

    def log_message(self, *_said: object) -> None:
        """Nothing: Claude Code's own words are enough."""

    def _whole(self, body: JSON) -> None:
        self._send("application/json", json.dumps(body).encode())

    def _streamed(self, message: JSON) -> None:
        stop, (block,) = message["stop_reason"], message["content"]
        if block["type"] == "text":
            start = {"type": "text", "text": ""}
            delta = {"type": "text_delta", "text": block["text"]}
        else:
            start = {**block, "input": {}}
            delta = {"type": "input_json_delta", "partial_json": json.dumps(block["input"])}
        events: list[JSON] = [
            {
                "type": "message_start",
                "message": {**message, "content": [], "stop_reason": None},
            },
            {"type": "content_block_start", "index": 0, "content_block": start},
            {"type": "content_block_delta", "index": 0, "delta": delta},
            {"type": "content_block_stop", "index": 0},
            {
                "type": "message_delta",
                "delta": {"stop_reason": stop, "stop_sequence": None},
                "usage": {"output_tokens": 1},
            },
            {"type": "message_stop"},
        ]
        lines = "".join(f"event: {one['type']}\ndata: {json.dumps(one)}\n\n" for one in events)
        self._send("text/event-stream", lines.encode())

    def _send(self, kind: str, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def environment(home: str, port: int) -> dict[str, str]:
    """A home of its own, our model instead of Anthropic's, and nothing of the user's account."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("ANTHROPIC_", "CLAUDE"))
    }
    return {
        **kept,
        "HOME": home,
        "CLAUDE_CONFIG_DIR": f"{home}/.claude",
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "DISABLE_AUTOUPDATER": "1",
        "CLAUDE_CODE_MCP_STARTUP_WAIT_MS": "60000",  # else it begins without a server that is slow
        "ENABLE_TOOL_SEARCH": "false",  # all tools in every request, none to be searched for
        "ANTHROPIC_API_KEY": "none",
        "ANTHROPIC_BASE_URL": f"http://127.0.0.1:{port}",
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
    }


def configuring(job: JSON) -> list[str]:
    """What a user types to connect; over HTTP it is what the server's ``token`` prints."""
    if "typed" in job:
        return job["typed"][1:]
    pairs = [f"{name}={value}" for name, value in job["environment"].items()]
    return ["mcp", "add", "stackdocs", "--env", *pairs, "--", *job["command"]]


async def program(line: Line) -> None:
    job = line.job
    home = job["home"]
    Api.model = Model(line)
    with ThreadingHTTPServer(("127.0.0.1", 0), Api) as api:
        threading.Thread(target=api.serve_forever, daemon=True).start()

        async def claude(*arguments: str) -> None:
            process = await asyncio.create_subprocess_exec(
                PROGRAM,
                *arguments,
                cwd=home,
                env=environment(home, api.server_address[1]),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=2,
            )
            if code := await process.wait():
                raise SystemExit(f"claude {arguments[0]} ended with {code}")

        await claude(*configuring(job))
        await claude("-p", "Extract the invoice.", "--allowedTools", f"{PREFIX}*")
        api.shutdown()


run(program)
