"""A schema from a list of fields, as a person writes one.

``vendor (name, address), due date, total*, line items: description, amount``

Fields stand between commas, semicolons or line ends; the names become the titles, and keys in
snake case. The punctuation decides what they are, whatever the language:

* ``total*`` or ``total (required)``: required.
* ``vendor (name, address)`` or with braces: an object; a list if the name ends in items, lines,
  rows, entries, positions or transactions. One thing in parentheses, as in ``total (incl. VAT)``,
  is a remark and stays in the title.
* ``line items: description, amount``: a list of objects, up to the end of the line or a semicolon;
  ``line items [description, amount]`` anywhere. Below a line that ends with a colon, the lines that
  are indented or marked with bullets are the columns.
* ``total: number``, ``keywords: list of text``, ``keywords[]``, ``currency: EUR | USD``: a type, a
  list of values, a choice. Without one, the name tells (see ``guessing``).

``transactions: date, amount`` names a type and could name a column: with a plural before the colon
and another column behind it, it is a list.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from stackdocs_mcp.core.errors import InvalidSchema
from stackdocs_mcp.core.schema.guessing import TYPES, guessed

MAX_CHARACTERS = 10_000
MAX_FIELDS = 400
MAX_LEVELS = 6
MAX_TITLE = 120

_ADVICE = (
    "Write fields like `vendor (name, address), date, total*, line items: description, amount`."
)
_OPENING = {"(": ")", "{": "}", "[": "]"}
_CLOSING = ")}]"
_BETWEEN = ",;\n"
_SPECIAL = re.compile(r"[,;:\n(){}\[\]*]")
_WIDE = str.maketrans("，、；：（）［］｛｝＊\t", ",,;:()[]{}* ")  # noqa: RUF001  what Chinese and Japanese keyboards write
_BULLET = re.compile(r"(?P<indent> *)(?P<bullet>(?:[-*\u2022\u2013+]|\d{1,3}[.)]) +)?(?P<rest>.*)")
_MARK = re.compile(r"\s*\b(?P<mark>required|mandatory|optional)\s*$", re.IGNORECASE)
_LIST_OF = re.compile(r"\s*(?:list|array) of (?P<type>.+)", re.IGNORECASE)
_AND = re.compile(r"\Aand +(?=\S)", re.IGNORECASE)
_PATH = re.compile(r"[a-z_]{2,}(?:\.[a-z_]{2,})+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_SIGNS = {"%": " percent ", "#": " number ", "&": " and "}
_ROWS = re.compile(
    r"(?:.*[ _-])?(?:items|lines|rows|entries|positions|transactions)", re.IGNORECASE
)
_NAMED_TYPES = "text, number, integer, date, date-time, time, boolean, email"
_PLURAL = re.compile(r".*[^siu]s", re.IGNORECASE)


@dataclass(slots=True)
class Field:
    """One field as it was written; ``fields`` are those of the object, or of each row."""

    title: str
    key: str
    kind: dict[str, Any] | None = None
    fields: "Sequence[Field] | None" = None
    is_list: bool = False
    required: bool = False

    def schema(self) -> dict[str, Any]:
        """The field's subschema."""
        inner = dict(guessed(self.title)) if self.kind is None else self.kind
        if self.fields is not None:
            inner = _object(self.fields)
        if self.is_list:
            inner = {"type": "array", "items": inner}
        return {"title": self.title, **inner}


def schema_of(text: str) -> dict[str, Any]:
    """The schema that a list of fields describes. Raises InvalidSchema with what is not clear."""
    if len(text) > MAX_CHARACTERS:
        raise _unclear(f"the list of fields has more than {MAX_CHARACTERS} characters")
    plain = unicodedata.normalize("NFC", text).translate(_WIDE).replace("\r\n", "\n")
    return _object(_Reader(_bracketed(plain.replace("\r", "\n"))).everything())


def _object(fields: Sequence[Field]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "type": "object",
        "properties": {field.key: field.schema() for field in fields},
    }
    if required := [field.key for field in fields if field.required]:
        found["required"] = required
    return found


def _bracketed(text: str) -> str:
    """The text with brackets instead of indentation, and without bullets."""
    lines: list[str] = []
    open_: list[int] = []
    brackets = 0
    for line in text.split("\n"):
        match = _BULLET.fullmatch(line)
        assert match is not None
        content = match["rest"].rstrip()
        indent = len(match["indent"]) + bool(match["bullet"])
        while content and open_ and not brackets and indent <= open_[-1]:
            open_.pop()
            lines.append("]")
        brackets = max(0, brackets + sum(one in _OPENING for one in content))
        brackets = max(0, brackets - sum(one in _CLOSING for one in content))
        if content.endswith(":") and not brackets:
            open_.append(indent)
            content += "["
        lines.append(content)

    return "\n".join([*lines, *("]" for _ in open_)])


class _Reader:
    """Reads a text of fields from left to right."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._fields = 0

    def everything(self) -> list[Field]:
        found = self._list(closing="", columns=False, level=1)
        if not found:
            raise _unclear("the list names no field")
        return found

    def _list(self, closing: str, *, columns: bool, level: int) -> list[Field]:
        """Fields up to the closing bracket, which is taken, or to the end of the columns."""
        if level > MAX_LEVELS:
            raise _unclear(f"the fields are nested deeper than {MAX_LEVELS} levels")
        start = self._at
        found: dict[str, Field] = {}
        while True:
            between = "," if columns else _BETWEEN
            while self._next and (self._next == " " or self._next in between):
                self._at += 1
            if columns and (not self._next or self._next in ";\n" or self._next in _CLOSING):
                break
            if self._next == closing:  # also the end of the text, where no bracket is open
                self._at += 1
                break
            if not self._next:
                raise _unclear(f"the bracket before {_shown(self._text[start:])} is not closed")
            field = self._field(level)
            if (other := found.setdefault(field.key, field)) is not field:
                both = f"{_shown(other.title)} and {_shown(field.title)}"
                raise _unclear(f"{both} would both have the key {field.key!r}")

        return list(found.values())

    def _field(self, level: int) -> Field:
        self._fields += 1
        if self._fields > MAX_FIELDS:
            raise _unclear(f"the list names more than {MAX_FIELDS} fields")
        field = self._named()
        while self._next and self._next not in _BETWEEN:
            if self._next == "*":
                field.required = True
                self._at += 1
            elif self._next in _OPENING:
                self._bracket(field, level)
            elif self._next == ":":
                self._after_colon(field, level)
            elif self._next == " ":
                self._at += 1
            elif self._next in _CLOSING and field.key:
                break
            else:
                rest = self._text[self._at :]
                raise _unclear(f"a comma is missing before {_shown(rest)}")

        return field

    def _named(self) -> Field:
        text = _AND.sub("", self._until_special().strip(), count=1)
        title, required = _without_mark(text)
        if self._next and self._next in _CLOSING and not title:
            raise _unclear(f"the bracket {self._next!r} closes nothing")
        return Field(title=title, key=_key(title), required=required)

    def _bracket(self, field: Field, level: int) -> None:
        """An object, a list, a remark, or what the field is."""
        opening = self._next
        self._at += 1
        inner = self._text[self._at :]
        inner = inner[: inner.find(_OPENING[opening])] if _OPENING[opening] in inner else inner
        if opening == "[" and not inner.strip(" "):
            field.is_list = True
        elif opening == "(" and (said := _said(inner)):
            field.kind, field.is_list, required = said
            field.required = field.required or required
        elif opening == "(" and inner.strip() and not re.search(r"[,;:\n({\[]", inner):
            field.title = f"{field.title} ({inner.strip()})"
        else:
            self._inside(field, opening, level)
            return
        self._at += len(inner)
        if self._next != _OPENING[opening]:
            raise _unclear(f"the bracket before {_shown(inner)} is not closed")
        self._at += 1

    def _inside(self, field: Field, opening: str, level: int) -> None:
        if field.fields is not None or field.kind is not None:
            raise _unclear(f"{_shown(field.title)} is described twice")
        field.fields = self._list(_OPENING[opening], columns=False, level=level + 1)
        field.is_list = field.is_list or opening == "[" or bool(_ROWS.fullmatch(field.title))
        self._need_fields(field)

    def _after_colon(self, field: Field, level: int) -> None:
        """A type, or the columns of a list."""
        self._at += 1
        while self._next == " ":
            self._at += 1
        if self._next and self._next in "[{":
            return
        start = self._at
        said = self._until_special().strip()
        if self._is_type(field, said):
            return
        if said and not self._next_is_column():
            raise _unclear(
                f"{_shown(said)} behind {_shown(field.title)} is no type, and no list of columns",
                f"Types are {_NAMED_TYPES}; columns are written `line items [a, b]`.",
            )
        self._at = start
        if field.fields is not None or field.kind is not None:
            raise _unclear(f"{_shown(field.title)} is described twice")
        field.fields = self._list(closing="", columns=True, level=level + 1)
        field.is_list = True
        self._need_fields(field)

    def _is_type(self, field: Field, said: str) -> bool:
        """Whether what was read behind the colon is a type, which the field then has."""
        plain, required = _without_mark(said)
        kind, is_list = _kind(plain)
        if kind is None or field.fields is not None:
            return False
        if self._next == "," and _PLURAL.fullmatch(field.title) and "|" not in said:
            following = _SPECIAL.search(self._text, self._at + 1)
            if not (following and following[0] == ":"):
                return False
        field.kind = kind
        field.is_list = field.is_list or is_list
        field.required = field.required or required
        if self._text.startswith("[]", self._at):
            field.is_list = True
            self._at += 2
        return True

    def _next_is_column(self) -> bool:
        return bool(self._next) and self._next in ",({[:*"

    def _need_fields(self, field: Field) -> None:
        if not field.fields:
            raise _unclear(f"nothing stands inside {_shown(field.title)}")

    def _until_special(self) -> str:
        start = self._at
        special = _SPECIAL.search(self._text, start)
        self._at = special.start() if special else len(self._text)
        return self._text[start : self._at]

    @property
    def _next(self) -> str:
        """The next character; empty at the end."""
        return self._text[self._at : self._at + 1]


def _said(inner: str) -> tuple[dict[str, Any] | None, bool, bool] | None:
    """Type, whether a list of it, and whether required, where parentheses say no more than that."""
    kind, is_list, is_required = None, False, False
    for part in inner.split(","):
        rest, required = _without_mark(part.strip())
        is_required = is_required or required
        if rest:
            kind, is_list = _kind(rest)
        if rest and kind is None:
            return None
    return (kind, is_list, is_required) if inner.strip() else None


def _kind(said: str) -> tuple[dict[str, Any] | None, bool]:
    """The type that the words name, and whether they name a list of it."""
    if found := _LIST_OF.fullmatch(said):
        return _kind(found["type"])[0], True
    if "|" in said:
        choices = list(dict.fromkeys(part.strip() for part in said.split("|")))
        return ({"type": "string", "enum": choices} if all(choices) else None), False
    named = TYPES.get(" ".join(said.casefold().split()))
    return (None if named is None else dict(named)), False


def _without_mark(text: str) -> tuple[str, bool]:
    """The text without a last word ``required`` or ``optional``, and whether it was the first."""
    mark = _MARK.search(text)
    if mark is None:
        return text, False
    return text[: mark.start()].strip(), mark["mark"].casefold() != "optional"


def _key(title: str) -> str:
    """``Rechnungs-Nr.`` -> ``rechnungs_nr``; letters of every script stay."""
    if len(title) > MAX_TITLE:
        raise _unclear(f"the name {_shown(title)} has more than {MAX_TITLE} characters")
    text = "".join(_SIGNS.get(char, char) for char in _CAMEL.sub("_", title)).lower()
    kept = (char if unicodedata.category(char)[0] in "LMN" else " " for char in text)
    found = unicodedata.normalize("NFC", "_".join("".join(kept).split()))
    if _PATH.fullmatch(title):
        raise _unclear(f"{_shown(title)} is a path; write an object with what is in it")
    if not found:
        raise _unclear(f"{_shown(title)} is no name of a field" if title else "a field has no name")
    return found


def _shown(text: str) -> str:
    one_line = " ".join(text.split())
    return repr(one_line if len(one_line) <= 40 else f"{one_line[:39]}\u2026")


def _unclear(message: str, advice: str = _ADVICE) -> InvalidSchema:
    return InvalidSchema(message, advice)
