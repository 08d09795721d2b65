"""Bad input, a row for each case of the threat list's group on input: what is sent, what is good.

Values and paths are JSON texts as they stand on the wire, since half of them are no JSON that a
library would write. ``ELSEWHERE`` has the cases, or parts of them, that other tests prove.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Good = Literal["no message", "rejected", "kept", "kept or rejected"]
"""The message is refused as a whole; the field alone is; its value is kept; either is right."""

SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": True,
    "properties": {
        "amount": {"type": "number", "minimum": 0},
        "count": {"type": "integer"},
        "day": {"type": "string", "format": "date"},
        "moment": {"type": "string", "format": "date-time"},
        "paid": {"type": "boolean"},
        "code": {"type": "string", "pattern": "^(a+)+$"},
        "kind": {"enum": ["invoice", "receipt"]},
        "party": {
            "type": "object",
            "additionalProperties": False,
            "properties": {"name": {"type": "string"}},
        },
        "rows": {"type": "array", "uniqueItems": True, "items": {"type": "number"}},
    },
}
"""Any other name may be written too, with any value."""


@dataclass(frozen=True, slots=True)
class Row:
    """One write. ``kept`` is what is read back where the value is kept."""

    case: str
    about: str
    value: str = '"probe"'
    path: str = '"probe"'
    good: Good = "rejected"
    kept: object = None

    @property
    def name(self) -> str:
        return f"{self.case} {self.about}"

    @property
    def sent(self) -> tuple[str, object]:
        """Path and value as Python has them."""
        return json.loads(self.path), json.loads(self.value)


@dataclass(frozen=True, slots=True)
class Call:
    """A call of any tool; ``DOCUMENT`` in it stands for the id of the document.

    It is refused with advice, or it is one that only has to be answered.
    """

    case: str
    about: str
    tool: str
    arguments: Mapping[str, object]
    refused: bool = True

    @property
    def name(self) -> str:
        return f"{self.case} {self.about}"

    def of(self, document: str) -> dict[str, Any]:
        """The arguments for that document."""
        return {
            name: document if value == "DOCUMENT" else value
            for name, value in self.arguments.items()
        }


def _lists(levels: int, inside: str = "") -> str:
    return "[" * levels + inside + "]" * levels


def _keeps(case: str, about: str, value: str, kept: object, path: str = '"probe"') -> Row:
    return Row(case, about, value, path, "kept", kept)


def _path(case: str, path: str) -> Row:
    return Row(case, f"path {path[:40]!a}", path=json.dumps(path))


_NUMBERS = [
    Row("I01", "NaN", "NaN", good="no message"),
    Row("I01", "Infinity", "Infinity", good="no message"),
    Row("I01", "-Infinity", '{"a":[-Infinity]}', good="no message"),
    Row("I01", "more digits than a double", "12345678901234567890.123", good="no message"),
    Row("I01", "digits that a double drops", "2.00000000000000000001", good="no message"),
    Row("I01", "too small for a double", "1e-400", good="no message"),
    Row("I01", "more digits than Python reads", "9" * 5_000, good="no message"),
    Row("I01", "1e999", "1e999"),
    Row("I01", "-1e999 inside", '{"a":-1e999}'),
    Row("I01", "4,000 digits", "9" * 4_000),
    Row("I01", "1e999 for a number", "1e999", '"amount"'),
    Row("I01", "NaN as a string for a number", '"NaN"', '"amount"'),
    Row("I01", "Infinity as a string for a number", '"-Infinity"', '"amount"'),
    Row("I01", "NaN in JSON in a string", '"{\\"name\\": NaN}"', '"party"'),
    _keeps("I01", "-0.0", "-0.0", 0),
    _keeps("I01", "an integer above 2^53", "9007199254740993", "9007199254740993"),
    _keeps("I01", "fifteen digits", "0.123456789012345", 0.123456789012345),
    Row("I01", "seventeen digits", "0.1234567890123457", good="kept or rejected",
        kept=0.1234567890123457),
    Row("I14", "a tenth", "0.1", '"amount"', "kept", 0.1),
    Row("I14", "cents behind twenty digits", '"12345678901234567890.12"', '"amount"',
        "kept or rejected", "12345678901234567890.12"),
]  # fmt: skip

_TEXTS = [
    Row("I02", "half a pair, escaped", r'"\ud800"', good="no message"),
    Row("I02", "the other half, escaped", r'"x\udc00"', good="no message"),
    Row("I02", "halves in the wrong order", r'"\udc00\ud800"', good="no message"),
    Row("I02", "half a pair as bytes", '"\ud800"', good="no message"),
    Row("I02", "half a pair as a key", r'{"\ud800":1}', good="no message"),
    Row("I02", "half a pair in the path", path=r'"a\ud800"', good="no message"),
    Row("I02", "NUL", r'"a\u0000b"'),
    Row("I02", "NUL inside", r'{"a":["\u0000"]}'),
    Row("I02", "NUL as a key", r'{"a\u0000":1}'),
    Row("I02", "an escape sequence", r'"\u001b[31m"'),
    Row("I02", "a C1 control", r'"\u009b31m"'),
    _keeps("I02", "a pair, escaped", r'"\ud83d\ude00"', "\U0001f600"),
    _keeps("I02", "a pair, as bytes", '"\U0001f600\U0010fffd"', "\U0001f600\U0010fffd"),
    *(
        Row("I02", about, f'"a{char}b"', good="kept or rejected", kept=f"a{char}b")
        for about, char in [
            ("a noncharacter", "\ufffe"),
            ("a byte order mark", "\ufeff"),
            ("a bidi override", "\u202e"),
            ("a tag character", "\U000e0041"),
        ]
    ),
    Row("I03", "a key twice", '{"a":1,"a":2}', good="no message"),
    Row("I03", "a key twice, far inside", '[[{"b":{"a":1,"\\u0061":2}}]]', good="no message"),
    Row("I03", "a path twice", '1,"path":"other"', good="no message"),
    Row("I03", "a key twice in JSON in a string", r'"{\"name\":\"a\",\"name\":\"b\"}"', '"party"'),
    Row("I03", "keys that are one in NFC", '{"é":1,"e\u0301":2}'),
]

_SIZES = [
    Row("I04", "65 levels", _lists(65), good="no message"),
    Row("I04", "65 objects", '{"a":' * 65 + "1" + "}" * 65, good="no message"),
    Row("I04", "200 levels", _lists(200), good="no message"),
    Row("I04", "1,000 levels", _lists(1_000), good="no message"),
    Row("I04", "100,000 levels", _lists(100_000), good="no message"),
    Row("I04", "levels that never end", "[" * 100_000, good="no message"),
    Row("I04", "as deep as a message may be", _lists(55, "1")),
    Row("I04", "1,000 levels in a string", json.dumps(_lists(1_000)), '"rows"'),
    Row("I04", "100,000 levels in a string", json.dumps("[" * 100_000), '"rows"'),
    Row("I05", "100,000 keys", json.dumps({f"k{n}": n for n in range(100_000)})),
    Row("I05", "a million rows", f"[{'0,' * 999_999}0]"),
    Row("I05", "a string of 1 MB", f'"{"x" * 1_000_000}"'),
    Row("I05", "a string of 1 MB for a number", f'"{"1" * 1_000_000}"', '"amount"'),
    Row("I05", "a string of 1 MB for a day", f'"{"1." * 500_000}"', '"day"'),
    Row("I05", "a key of 1 MB", f'{{"{"x" * 1_000_000}":1}}'),
    Row("I05", "a path of 1 MB", path=f'"{"x" * 1_000_000}"'),
    Row("I05", "a message above 4 MiB", f'"{"x" * 4_200_000}"', good="no message"),
]

_PATHS = [
    *(
        _path("I06", path)
        for path in [
            "", 'a"]', "$.x", "$", "a[-1]", "a[#-1]", "items[999999]", "/items/999999",
            "__proto__.x", "a.__proto__", "a..b", ".a", "a.", " a", "a ", "a\u202eb", "a\0b",
            "a\u200bb", "probe[0]]", ".".join("a" * 10_000), "/a" * 10_000,
        ]
    ),
    Row("I06", "__proto__ inside", '{"a":{"__proto__":{"x":1}}}'),
    Row("I06", "a digit as a key inside", '{"a":{"0":1}}'),
    Row("I06", "an empty key inside", '{"a":{"":1}}'),
    _keeps("I06", "constructor", '"x"', "x", '"constructor"'),
    _keeps("I06", "toString inside", '"x"', "x", '"probe.toString.__class__"'),
    _keeps("I07", "a path that concatenation would nest", '"x"', "x", r'"/x\".\"y"'),
    _keeps("I07", "a path that SQL would end", '"x"', "x", "\"/x'; drop table fields; --\""),
    Row("I08", "a name in a list", path='"held.rows.x"'),
    Row("I08", "a row in an object", path='"held[0]"'),
    Row("I08", "a path through a scalar", path='"held.name.x"'),
    Row("I08", "a scalar over an object", path='"held"'),
]  # fmt: skip

_TYPES = [
    Row("I09", "a word for a number", '"five"', '"amount"'),
    Row("I09", "true for a number", "true", '"amount"'),
    Row("I09", "true for an integer", "true", '"count"'),
    Row("I09", "5.5 for an integer", "5.5", '"count"'),
    _keeps("I09", '"5" for an integer', '"5"', 5, '"count"'),
    _keeps("I09", "5.0 for an integer", "5.0", 5, '"count"'),
    Row("I09", "1 for a boolean", "1", '"paid"'),
    Row("I09", "a number for a day", "20260305", '"day"'),
    Row("I09", "an object for a list", '{"0":1}', '"rows"'),
    Row("I09", "a list for an object", "[1]", '"party"'),
    Row("I09", "a scalar for an object", '"x"', '"party"'),
    Row("I10", "a key that the schema does not have", '{"nam":"x"}', '"party"'),
    Row("I11", "a value outside of the enumeration", '"letter"', '"kind"'),
    Row("I11", "a value below the minimum", "-1", '"amount"'),
    Row("I11", "a value that a backtracking pattern hangs on", f'"{"a" * 10_000}!"', '"code"'),
    Row("I12", "10,000 rows that must be unique", json.dumps([1.5] * 10_000), '"rows"'),
    *(
        Row("I13", f"the day {day}", json.dumps(day), '"day"')
        for day in ["0000-01-01", "10000-01-01", "2026-02-30", "2026-13-01", "2025-02-29", "today"]
    ),
    *(
        Row("I13", f"the moment {moment}", json.dumps(moment), '"moment"')
        for moment in ["2026-03-05T25:00:00Z", "2026-03-05T10:61:00Z", "2026-03-05T10:00:00+99:00"]
    ),
]

ROWS = [*_NUMBERS, *_TEXTS, *_SIZES, *_PATHS, *_TYPES]


_UNFIT = "\x1b[31m\u202e\0"
_LONG = "x" * 1_000_000


def _strings() -> list[Call]:
    """Every argument that is a string, with text that no list of documents should show."""
    one: dict[str, object] = {"document_id": "DOCUMENT"}
    places: list[tuple[str, dict[str, object], str]] = [
        ("list_documents", {}, "cursor"),
        ("list_documents", {}, "status"),
        ("read_ocr", one, "pages"),
        ("read_ocr", one, "cursor"),
        ("read_ocr", {}, "document_id"),
        ("search_documents", {"query": "total"}, "cursor"),
        ("search_documents", {"query": "total"}, "document_id"),
        ("add_document", {}, "path"),
        ("set_field", {"path": "probe", "value": 1}, "document_id"),
        ("set_fields", {"fields": [{"path": "probe", "value": 1}]}, "document_id"),
        ("delete_field", one, "path"),
        ("read_extraction", one, "cursor"),
        ("read_extraction", one, "only"),
        ("undo", one, "change_id"),
        ("complete", {}, "document_id"),
        ("export", {}, "format"),
    ]
    return [
        Call(case, f"{tool} {name}", tool, {**arguments, name: text})
        for case, text in (("I02", _UNFIT), ("I05", _LONG))
        for tool, arguments, name in places
    ]


LINES = [
    b"[]",
    b'[{"jsonrpc":"2.0","id":801,"method":"tools/list"}]',
    '{"jsonrpc":"2.0","id":802,"method":"tools/list"}'.encode("utf-16"),
    b'\xef\xbb\xbf{"jsonrpc":"2.0","id":803,"method":"tools/list"}',
    b'{"jsonrpc":"2.0","id":null,"method":"tools/list"}',
    b'{"jsonrpc":"2.0","id":1.5,"method":"tools/list"}',
    b'{"jsonrpc":"2.0","id":true,"method":"tools/list"}',
    b'{"jsonrpc":"2.0","id":[],"method":"tools/list"}',
    b'{"jsonrpc":"2.0","id":"%s","method":"tools/list"}' % (b"x" * 10_000),
    b'{"jsonrpc":"1.0","id":804,"method":"tools/list"}',
    b'{"jsonrpc":"2.0","id":805,"method":5}',
    b'{"jsonrpc":"2.0","id":806,"method":"tools/call","params":[]}',
    b'{"jsonrpc":"2.0","id":807,"method":"tools/call","params":{"name":5}}',
    b'{"jsonrpc":"2.0","id":808,"method":"tools/call","params":{"name":"undo","arguments":[1]}}',
    b'{"jsonrpc":"2.0","id":809,"method":"tools/call","params":{"arguments":{}}}',
    b'{"jsonrpc":"2.0","id":810,"result":{}}',
    b'{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":[]}}',
]
"""Messages that are no request of the protocol (I17, as far as lines can be so)."""

CALLS = [
    *_strings(),
    Call("I05", "the reason", "complete", {"document_id": "DOCUMENT", "reason": _LONG}),
    Call("I05", "instructions", "set_schema", {"schema": SCHEMA, "instructions": _LONG}),
    Call("I02", "NUL in the reason", "complete", {"document_id": "DOCUMENT", "reason": "\0"}),
    Call("I02", "NUL in instructions", "set_schema", {"schema": SCHEMA, "instructions": "\0"}),
    Call("I05", "201 fields", "set_fields",
         {"document_id": "DOCUMENT", "fields": [{"path": "probe", "value": 1}] * 201}),
    Call("I10", "an unknown argument", "set_field",
         {"document_id": "DOCUMENT", "path": "probe", "value": 1, "note": "x"}),
    Call("I10", "an unknown tool argument", "list_documents", {"__proto__": {"limit": 1}}),
    Call("I11", "a pattern that backtracks", "set_schema",
         {"schema": {"properties": {"a": {"pattern": r"(a)\1"}}}}),
    Call("I12", "a remote reference", "set_schema",
         {"schema": {"properties": {"a": {"$ref": "http://127.0.0.1/s.json"}}}}),
    Call("I12", "10,000 subschemas", "set_schema",
         {"schema": {"properties": {"a": {"anyOf": [{}] * 10_001}}}}),
    Call("I12", "lists without end in a schema", "set_schema",
         {"schema": {"properties": {"a": {"enum": [json.loads(_lists(52))]}}}}),
    Call("I02", "NUL in a schema", "set_schema",
         {"schema": {"properties": {"a": {"title": "\0"}}}}),
    Call("I06", "a property that no path can name", "set_schema",
         {"schema": {"properties": {"__proto__": {}}}}),
    *(
        Call("I15", f"the query {query!a}", "search_documents", {"query": query}, refused=False)
        for query in [
            "a' or '1'='1", "NEAR(a b)", "a AND", 'text:"x"*', "a%_\\", "x;--", "(a", "a^b"
        ]
    ),
    *(
        Call("I15", f"the file name {query!a}", "list_documents", {"query": query}, refused=False)
        for query in ["'", "%_\\", "\x00", "[a-z]*", "\U000e0041"]
    ),
    *(
        Call("I16", f"the limit {limit!r}", "list_documents", {"limit": limit})
        for limit in [0, -1, 201, 2**31, 2**63, 2**64, 5.5, "5", True, None, [5]]
    ),
    *(
        Call("I16", f"max_chars {limit!r}", "read_ocr",
             {"document_id": "DOCUMENT", "max_chars": limit})
        for limit in [0, -1, 2**63, 700.5]
    ),
    *(
        Call("I16", f"the pages {pages[:20]!a}", "read_ocr",
             {"document_id": "DOCUMENT", "pages": pages})
        for pages in ["-1", "1-", "9" * 30, "1" + ",1-9999999" * 15, "٣"]
    ),
    *(
        Call("I16", f"the page {page!r}", "set_field",
             {"document_id": "DOCUMENT", "path": "probe", "value": 1, "evidence": {"page": page}})
        for page in [0, -1, 1.5, "1", True, None]
    ),
    *(
        Call("I16", f"the revision {number!r}", "set_field",
             {"document_id": "DOCUMENT", "path": "probe", "value": 1, "expected_revision": number})
        for number in [-1, 0.5, "1"]
    ),
    *(
        Call("I19", f"the name {name!a}", "add_document", {"path": name})
        for name in ["</untrusted-0>", "a\nb", "\x1b[31m.txt", "![](https://evil/?q=1).txt"]
    ),
]  # fmt: skip

ELSEWHERE: Mapping[str, str] = {
    "I02": "STDIO-05, EXACT-02, VALUE-11; the parity of stores is that of the contract suite",
    "I06": "PATH-06 has every form of a path that is none",
    "I11": "SCHEMA-02, VALUE-08, WRITE-13",
    "I12": "SCHEMA-02; recursive references are SCHEMA-03",
    "I13": "VALUE-04, VALUE-17",
    "I14": "EXACT-01, VALUE-14",
    "I15": "STORE-41 has every operator of a query, READ-08 the wildcards of a file name",
    "I16": "BIND-03, READ-04",
    "I17": "bodies and encodings are HTTP's, with its own issue; lines are INPUT-12",
    "I18": "headers are HTTP's, with its own issue",
    "I19": "READIN-21 has the names of files, READ-06 text that imitates the fence",
    "I20": "no tool takes an idempotency key: repeating a write is WRITE-04, STORE-63",
    "I21": "INPUT-05, INPUT-06",
    "I22": "INPUT-07",
}
