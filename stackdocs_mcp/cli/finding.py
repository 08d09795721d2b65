"""What ``doctor`` finds."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; a problem says what to do.

    What is missing is not offered by this system, and nothing has to be done about it.
    """

    what: str
    state: Literal["ok", "problem", "missing"]
    text: str
