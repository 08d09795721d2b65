"""Where everything that can end a command becomes one line on standard error and an exit code.

0 done, 1 failed, 2 usage or configuration: what was given cannot be used, and nothing was done.
130 and 143 are the shell's own, for an interrupted and for a terminated command.
"""

import contextlib
import io
import os
import signal
import sys
import threading
import traceback
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

if TYPE_CHECKING:
    from anyio import CancelScope
    from anyio.abc import TaskStatus

T = TypeVar("T")

FAILED = 1
USAGE = 2
_SIGNALLED = 128
_COMMANDS = {
    "Call get_schema for": "`stackdocs-mcp schema show` prints",
    "Call read_extraction for the fields that are set": (
        "`stackdocs-mcp export --format json` prints the fields that are set"
    ),
    "Call read_extraction to see the fields": (
        "`stackdocs-mcp export --format json` prints the fields"
    ),
    "Call list_documents for the documents of this stack": (
        "`stackdocs-mcp export --format json` names the documents of the stack"
    ),
    "Call list_documents to see when it is ready": "Try again when it is read",
    "Call list_documents to see why": "`stackdocs-mcp retry` reads it again, and says why",
    "Correct the schema and call set_schema again": "Correct the schema and set it again",
    "Call undo with change_id ": "Name the change, as `stackdocs-mcp history` does: ",
}
"""What advice says to a model, who calls tools, and to a person, who types commands."""
_ENDING = tuple(
    getattr(signal, name) for name in ("SIGTERM", "SIGHUP", "SIGINT") if hasattr(signal, name)
)
_LINGER_SECONDS = 0.1
"""What a thread with nothing left to do needs to end."""


class Terminated(BaseException):
    """A signal asked this process to end; everything was given back before this is raised."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.code = _SIGNALLED + number


def guarded(command: click.Command, arguments: Sequence[str]) -> int:
    """Run the command; whatever it raises is told in a line for each problem, never a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # data must not fail over a terminal's alphabet
            stream.reconfigure(errors="backslashreplace")
    try:
        answer = command.main(list(arguments), prog_name="stackdocs-mcp", standalone_mode=False)
        sys.stdout.flush()
    except BaseException as error:  # noqa: BLE001  the last barrier of the process
        return _told(error)
    return answer if isinstance(answer, int) else 0


def run(work: Callable[[], Awaitable[T]]) -> T:
    """Run an async command to its end. A signal to end unwinds it like a cancellation, once.

    Raises Terminated then. A second signal ends the process where it stands.
    """
    import anyio  # noqa: PLC0415  not for --help

    async def main() -> T:
        heard: list[int] = []
        async with anyio.create_task_group() as tasks:
            await tasks.start(_hear_signals, heard, tasks.cancel_scope)
            answer = await work()
            tasks.cancel_scope.cancel()
        if heard:
            raise Terminated(heard[0])
        return answer

    return anyio.run(main)


def leave(code: int) -> int:
    """The exit code, to be exited with; a thread that still waits for input is left behind."""
    others = [one for one in threading.enumerate() if one is not threading.main_thread()]
    for one in others:
        one.join(_LINGER_SECONDS)
    if all(one.daemon or not one.is_alive() for one in others):
        return code
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)  # the interpreter would wait for a line that a client may never send


async def _hear_signals(
    heard: list[int], scope: "CancelScope", *, task_status: "TaskStatus[None]"
) -> None:
    import anyio  # noqa: PLC0415

    if sys.platform == "win32":  # there is nothing to hear; the process is ended at once
        task_status.started()
        return
    # What whoever started this has chosen to ignore stays ignored: nohup, or a shell's background.
    ours = [one for one in _ENDING if signal.getsignal(one) is not signal.SIG_IGN]
    try:
        with anyio.open_signal_receiver(*ours) as signals:
            task_status.started()
            async for number in signals:
                heard.append(number)
                scope.cancel()
    finally:
        if heard:  # asyncio left Python's own handler for it, which would break into the unwinding
            signal.signal(signal.SIGINT, signal.SIG_DFL)


def _told(error: BaseException) -> int:
    """Say on standard error what ended the command, as far as a person should hear of it."""
    causes = list(_causes(error))
    for cause in causes:
        # Whoever read our output has seen enough; click has a way of its own to say so.
        if isinstance(cause, BrokenPipeError | SystemExit):
            _discard(sys.__stdout__)
            return FAILED
        if isinstance(cause, Terminated):
            return cause.code
        if isinstance(cause, KeyboardInterrupt | click.Abort):
            return _SIGNALLED + signal.SIGINT
    return _told_problem(causes[0])


def _told_problem(error: BaseException) -> int:
    if isinstance(error, click.ClickException):
        return _told_usage(error)

    from stackdocs_mcp.core.errors import InvalidArgument, StackdocsError  # noqa: PLC0415
    from stackdocs_mcp.settings import BadSettings  # noqa: PLC0415

    match error:
        case BadSettings():
            for problem in error.problems:
                _say(f"error: {problem}")
            return USAGE
        case StackdocsError():
            _say(f"error: {told(error.message, error.advice)}")
            return USAGE if isinstance(error, InvalidArgument) else FAILED
        case _:
            _say(f"error: a fault in this program: {_place(error)}. Please report it.")
            return FAILED


def told(message: str, advice: str) -> str:
    """``message. advice`` in one line, with commands in the place of tools where there are some."""
    for tool, command in _COMMANDS.items():
        advice = advice.replace(tool, command)
    return " ".join(f"{message}. {advice}".split())


def _told_usage(error: click.ClickException) -> int:
    context = error.ctx if isinstance(error, click.UsageError) else None
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        _say(error.format_message())
        return error.exit_code
    path = context.command_path if context else "stackdocs-mcp"
    message = " ".join(error.format_message().split())
    _say(f"error: {message.rstrip('.')}. Try `{path} --help`.")
    return error.exit_code


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The errors inside of task groups' groups, in order."""
    if not isinstance(error, BaseExceptionGroup):
        yield error
        return
    for one in error.exceptions:
        yield from _causes(one)


def _place(error: BaseException) -> str:
    """Kind and place; not the text, which may hold anything."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{where}"


def _say(text: str) -> None:
    with contextlib.suppress(OSError):
        click.echo(text, err=True)


def _discard(stream: object) -> None:
    """What is still buffered goes nowhere, so that closing the stream says nothing either."""
    if isinstance(stream, io.TextIOWrapper):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
