"""What an import came to, and what was left out and why."""

from dataclasses import dataclass, field
from uuid import UUID

from stackdocs_mcp.cli.output import put_table, say

SHOWN = 200
"""Lines of what was left out; the rest is counted."""


@dataclass(slots=True)
class Report:
    """Counts of what this run did, and ``problems``: an id in the original, and what it is about.

    ``there`` are documents that an earlier run had finished.
    """

    stacks: int = 0
    documents: int = 0
    there: int = 0
    pages: int = 0
    fields: int = 0
    extractions: int = 0
    unread: int = 0
    failed: int = 0
    problems: list[tuple[str, str]] = field(default_factory=list)
    not_done: int = 0
    """Documents that are not here, or not all of them."""

    def trouble(self, original: UUID, why: str) -> None:
        """Note that a row, or a part of it, was left out."""
        self.problems.append((str(original), why))


def show(report: Report, counts: dict[str, int]) -> int:
    """Print the report and give the exit code: 1 where a document is not here as a whole."""
    put_table(
        ("what", "count"),
        [
            ("stacks", str(report.stacks)),
            ("documents", str(report.documents)),
            ("documents of earlier runs", str(report.there)),
            ("pages", str(report.pages)),
            ("extractions", str(report.extractions)),
            ("fields", str(report.fields)),
            ("documents to be read anew", str(report.unread)),
            ("documents that had failed", str(report.failed)),
            ("documents not imported", str(report.not_done)),
        ],
    )
    if report.problems:
        put_table(("original id", "left out"), report.problems[:SHOWN])
    if len(report.problems) > SHOWN:
        say(f"... and {len(report.problems) - SHOWN} more.")
    for sentence in _left_out(counts):
        say(sentence)
    if report.not_done:
        say("Correct what is named and run the command again: it goes on with what is missing.")
    return 1 if report.not_done else 0


def _left_out(counts: dict[str, int]) -> list[str]:
    told = [
        "Completed documents are `ocr_complete` here: completing checks more than it did there.",
        "Descriptions, display names, tags, summaries and custom fields stay where they were.",
    ]
    if rows := counts.get("stack_tables", 0) + counts.get("stack_table_rows", 0):
        told.append(
            f"{rows} rows of stack_tables and stack_table_rows are left where they were: "
            "`stackdocs-mcp export` makes such tables of the fields."
        )
    if users := counts.get("users", 0):
        told.append(
            f"Plans and counters of {users} users are left where they were: quotas are settings "
            "of the server here."
        )
    return [*told, "Nothing was deleted: the original's rows are in the schema stackdocs_original."]
