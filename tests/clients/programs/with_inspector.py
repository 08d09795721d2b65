"""The Inspector's command line, a process for each call; ``option`` is the era it negotiates."""

import asyncio
import json
import os

from worker import JSON, Answer, Line, run


async def program(line: Line) -> None:
    job = line.job
    if "url" in job:
        headers = [f"{name}: {value}" for name, value in job["headers"].items()]
        server = ["--transport", "http", "--server-url", job["url"]]
        server += [one for header in headers for one in ("--header", header)]
    else:
        settings = [f"{name}={value}" for name, value in job["environment"].items()]
        server = [*job["command"], *(one for pair in settings for one in ("-e", pair))]

    async def inspect(*options: str) -> tuple[int | None, str, str]:
        process = await asyncio.create_subprocess_exec(
            job["node"],
            f"{job['modules']}/@modelcontextprotocol/inspector/clients/launcher/build/index.js",
            "--cli",
            *server,
            *("--protocol-era", job["option"], "--format", "json", *options),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            stdin=asyncio.subprocess.DEVNULL,
            env={**os.environ, "MCP_CATALOG_PATH": f"{job['home']}/catalog.json"},
        )
        out, err = await process.communicate()
        return process.returncode, out.decode(), err.decode()

    async def call(tool: str, arguments: JSON) -> Answer:
        given = json.dumps(arguments)
        code, out, err = await inspect(
            *("--method", "tools/call", "--tool-name", tool, "--tool-args-json", given)
        )
        return out or err, code != 0

    # Strict: it ends with an error where a schema would not do with some model.
    code, out, err = await inspect("--method", "tools/list", "--strict")
    if code != 0:
        raise SystemExit(f"tools/list ended with {code}: {err}")
    listed = json.loads(out)
    tools = listed.get("result", listed)["tools"]
    await line.work([tool["name"] for tool in tools], call)


run(program)
