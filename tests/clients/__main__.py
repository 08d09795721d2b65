"""``python -m tests.clients``: every client in the registry at work on the real server."""

import dataclasses
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import anyio
import anyio.to_thread
import click
from rich.console import Console
from rich.table import Table

from tests.clients.product import prepared
from tests.clients.registry import BOTH, CLIENTS, Client, Transport
from tests.clients.running import Row, installed, run
from tests.clients.work import STEPS
from tests.node.environment import NotInstalled

WIDTH = 190


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--only", multiple=True, metavar="NAME", help="This client; may be given repeatedly.")
@click.option("--over", type=click.Choice(BOTH), help="This transport alone.")
@click.option("--json", "as_json", is_flag=True, help="The rows as JSON.")
@click.option("--keep", type=click.Path(path_type=Path), help="Keep logs and data in this folder.")
def main(
    names: tuple[str, ...],
    only: tuple[str, ...],
    over: Transport | None,
    as_json: bool,
    keep: Path | None,
) -> None:
    """Install clients of other people, let each do its work, and print a line for each.

    Exits with 1 when any of them fails.
    """
    known = {client.name: client for client in CLIENTS}
    wanted = names + only or tuple(known)
    if unknown := set(wanted) - known.keys():
        raise click.UsageError(f"no client {sorted(unknown)}; there are {', '.join(known)}")
    chosen = [known[name] for name in dict.fromkeys(wanted)]
    rows = anyio.run(_all, chosen, over, keep)
    if as_json:
        print(json.dumps([dataclasses.asdict(row) for row in rows], indent=1))  # noqa: T201
    else:
        _show(rows)
    sys.exit(any(row.failure for row in rows))


async def _all(clients: Sequence[Client], over: Transport | None, keep: Path | None) -> list[Row]:
    rows = []
    with tempfile.TemporaryDirectory(prefix="clients-") as temporary:
        home = keep or Path(temporary)
        home.mkdir(parents=True, exist_ok=True)
        place = await anyio.to_thread.run_sync(prepared, home)
        for client in clients:
            chosen: list[Transport] = [one for one in client.transports if over in {one, None}]
            try:
                given = await anyio.to_thread.run_sync(installed, client)
            except NotInstalled as error:
                failure = str(error)
                rows += [Row(client.name, client.version, one, failure=failure) for one in chosen]
                continue
            for transport in chosen:
                scratch = home / f"{client.name}-{transport}"
                scratch.mkdir()
                rows.append(await run(client, transport, given, place, scratch))
                print(_line(rows[-1]), file=sys.stderr)  # noqa: T201
    return rows


def _line(row: Row) -> str:
    how = f"FAILED: {row.failure}" if row.failure else "ok"
    return f"{row.client} over {row.transport} in {row.seconds} s: {how}"


def _show(rows: Sequence[Row]) -> None:
    table = Table()
    for name in ("client", "version", "over", "protocol", *STEPS, "kept", "in the history"):
        table.add_column(name, no_wrap=True)
    table.add_column("refused to it")
    table.add_column("s", justify="right")
    for row in rows:
        steps = ["yes" if step in row.steps else "NO" for step in STEPS]
        refusals = ", ".join(f"{count}x {what}" for what, count in row.refusals.items())
        kept = "yes" if row.kept else "NO"
        named = (row.client, row.version, row.transport, row.protocol)
        table.add_row(*named, *steps, kept, row.by, refusals, f"{row.seconds:.1f}")
    console = Console(width=WIDTH) if not sys.stdout.isatty() else Console()
    console.print(table)
    for row in rows:
        if row.failure:
            console.print(f"{row.client} over {row.transport}: {row.failure}", markup=False)


main()
