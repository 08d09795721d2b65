"""What a prompt is: a row of the table."""

from dataclasses import dataclass

DOCUMENT = "{document_id}"


@dataclass(frozen=True, slots=True)
class Prompt:
    """A row of the table. All a prompt can be asked for is one document of the stack.

    ``text`` is for that document; ``without`` for a call that names none, where that is allowed.
    """

    name: str
    title: str
    description: str
    text: str
    without: str | None = None
