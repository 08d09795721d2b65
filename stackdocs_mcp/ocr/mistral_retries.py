"""When a call to the OCR service is made again: what is worth it, how long to wait, when to stop.

Waits double from one second, each shortened at random by up to a half so that documents that were
refused together do not come back together, and are never shorter than the service asks for.
"""

import math
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

import anyio

Result = TypeVar("Result")
Sleep = Callable[[float], Awaitable[None]]


class TryAgain(Exception):
    """The call failed in a way that passes; ``after`` so many seconds, if the service says."""

    def __init__(self, after: float | None = None) -> None:
        super().__init__()
        self.after = after


class Unanswered(Exception):
    """The last try failed too, or the service asks for more time than there is."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long one call is tried."""

    tries: int = 5
    seconds: float = 120.0
    """Spent in waits between the tries, altogether."""
    call_seconds: float = 180.0
    """Wall clock of one try; 25 pages take the service some ten seconds."""
    first_wait: float = 1.0


async def persistently(
    call: Callable[[], Awaitable[Result]], patience: Patience, sleep: Sleep = anyio.sleep
) -> Result:
    """What the call answers, in the end. Raises Unanswered, and all that is not TryAgain."""
    left = patience.seconds
    for attempt in range(patience.tries):
        try:
            with anyio.fail_after(patience.call_seconds):
                return await call()
        except TimeoutError:
            asked = None
        except TryAgain as error:
            asked = error.after
        pause = max(asked or 0.0, patience.first_wait * 2**attempt * (1 - random.random() / 2))  # noqa: S311 - no secret
        if pause > left or attempt == patience.tries - 1:
            break
        left -= pause
        await sleep(pause)

    raise Unanswered


def retry_after(header: str | None, now: datetime) -> float | None:
    """The seconds that a Retry-After header asks for: a number, or a date. RFC 9110, 10.2.3."""
    if header is None:
        return None
    if header.strip().isascii() and header.strip().isdigit():
        seconds = float(header)
        return seconds if math.isfinite(seconds) else None
    try:
        date = parsedate_to_datetime(header)
    except ValueError:
        return None
    if date.tzinfo is None:  # "-0000": UTC, of a place that is not said
        date = date.replace(tzinfo=UTC)
    return max(0.0, (date - now).total_seconds())
