"""XML to lines: one for each text, behind the names that lead to it, and one for attributes alone.

``Seller/Name: Hafner`` rather than ``<Seller><Name>Hafner``: a line can be cited without the lines
around it. Entities of the file's own are refused; nothing that the file points to is opened.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lxml import etree

from stackdocs_mcp.ocr import clean, plain
from stackdocs_mcp.ocr.failures import Unreadable
from stackdocs_mcp.ocr.formats import XML
from stackdocs_mcp.ocr.task import Task
from stackdocs_mcp.ocr.wire import Outline, Read, SentLine, unplaced

_NAMES_SHOWN = 4
"""Of the way to a text, without the root."""


def pages(file: Path, task: Task) -> Iterator[Outline | Read]:
    """The outline, then each page that is asked for. Raises Unreadable."""
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        tree = etree.parse(str(file), parser)
    except (etree.LxmlError, OSError) as error:
        raise Unreadable("damaged") from error
    grammar = tree.docinfo.internalDTD
    if grammar is not None and next(grammar.iterentities(), None) is not None:
        raise Unreadable("entities")
    yield from plain.sheets(XML, list(_lines(tree)), task)


def _lines(tree: Any) -> Iterator[SentLine]:
    """In the order of the file. What follows a child belongs to its parent."""
    way: list[str] = []
    for event, element in etree.iterwalk(tree, events=("start", "end")):
        if not isinstance(element.tag, str):
            continue
        if event == "start":
            way.append(etree.QName(element).localname)
            yield from _said(way, _attributes(element), element.text)
        else:
            way.pop()
            yield from _said(way, "", element.tail)


def _said(way: list[str], attributes: str, text: str | None) -> Iterator[SentLine]:
    words = " ".join((text or "").split())
    if not words and not attributes:
        return
    name = "/".join(way[1:][-_NAMES_SHOWN:] or way)
    for line in clean.pieces(f"{name} {attributes}".rstrip() + (f": {words}" if words else "")):
        yield unplaced(line)


def _attributes(element: Any) -> str:
    return " ".join(
        f'{etree.QName(name).localname}="{value}"' for name, value in element.attrib.items()
    )
