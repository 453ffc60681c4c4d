"""Untrusted XML, read safely: nothing fetched, nothing expanded, size and depth bounded.

Refuses, by `MarkupRefused`, what is not well-formed, carries a DOCTYPE or is too large or too deep.
"""

from __future__ import annotations

import re

from lxml import etree

from engine.errors import RedressError

BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
BPMNDI = "http://www.omg.org/spec/BPMN/20100524/DI"
DC = "http://www.omg.org/spec/DD/20100524/DC"
DI = "http://www.omg.org/spec/DD/20100524/DI"
ZEEBE = "http://camunda.org/schema/zeebe/1.0"
MODELER = "http://camunda.org/schema/modeler/1.0"

MAX_BYTES = 5_000_000
MAX_DEPTH = 100
MAX_NODES = 50_000
MAX_ATTRIBUTES = 2_000
# The parser compares every attribute of an element with every other: 200,000 of them keep it busy for minutes.
_ATTRIBUTE = re.compile(rb"""=[\s\x00]*["']""")

Node = etree._Element


class MarkupRefused(RedressError):
    """The file is not XML that may be read."""

    def __init__(self, message: str, *, rule: str, line: int | None = None) -> None:
        super().__init__(message)
        self.rule = rule
        self.line = line


def parse_xml(data: bytes) -> Node:
    """Parse XML with nothing fetched, nothing expanded and its size bounded.

    Raises: MarkupRefused with a sentence, a remedy and the line where known.
    """
    if len(data) > MAX_BYTES:
        raise MarkupRefused(
            f"The file is larger than {MAX_BYTES // 1_000_000} MB. Split the diagram into called processes.",
            rule="file-too-large",
        )
    if b"\0" in data and b"\0" not in data[:4] and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        # The parser would pass over it, and other programs would read another file than this one does.
        raise MarkupRefused(
            "The file is not well-formed XML (it holds a NUL byte). Open and save it again in the modeler.",
            rule="not-well-formed",
        )
    if max(len(_ATTRIBUTE.findall(tag)) for tag in data.split(b"<")) > MAX_ATTRIBUTES:
        raise MarkupRefused(
            f"An element has more than {MAX_ATTRIBUTES:,} attributes. Remove those that no diagram needs.",
            rule="too-many-attributes",
        )
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False, remove_pis=True
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError, LookupError) as error:
        if _has_doctype(data):
            raise _doctype_refused() from error
        line = error.lineno if isinstance(error, etree.XMLSyntaxError) else None
        raise MarkupRefused(
            f"The file is not well-formed XML ({_first_line(error)}). Open and save it again in the modeler.",
            rule="not-well-formed",
            line=line,
        ) from error
    if root is None:
        raise MarkupRefused("The file is empty. Save a diagram in it, or remove it.", rule="not-well-formed")
    if root.getroottree().docinfo.doctype:
        raise _doctype_refused()
    _refuse_excess(root)
    return root


def _doctype_refused() -> MarkupRefused:
    return MarkupRefused(
        "The file carries a DOCTYPE, which can be used to attack the reader. Remove the <!DOCTYPE ...> line.",
        rule="doctype",
    )


def _has_doctype(data: bytes) -> bool:
    return b"<!DOCTYPE" in data.replace(b"\0", b"").upper()


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0][:200] if str(error) else "unreadable"


def _refuse_excess(root: Node) -> None:
    pending = [(root, 1)]
    seen = 0
    while pending:
        node, depth = pending.pop()
        seen += 1
        if depth > MAX_DEPTH:
            raise MarkupRefused(
                f"Elements are nested more than {MAX_DEPTH} deep. Take inner sub-processes out into called processes.",
                rule="too-deep",
                line=node.sourceline,
            )
        if seen > MAX_NODES:
            raise MarkupRefused(
                f"The file holds more than {MAX_NODES} elements. Split the diagram into called processes.",
                rule="file-too-large",
            )
        pending.extend((child, depth + 1) for child in node)


def local(node: Node) -> str:
    """Return the name of an XML element without its namespace."""
    return str(etree.QName(node).localname)


def namespace(node: Node) -> str:
    """Return the namespace of an XML element, or an empty text."""
    return str(etree.QName(node).namespace or "")


def label(node: Node) -> str:
    """Return how findings name an XML element: the id of the nearest one that has an id, or the line."""
    current: Node | None = node
    while current is not None:
        if current.get("id") and namespace(current) == BPMN and local(current) != "definitions":
            return str(current.get("id"))
        if local(current) in ("process", "sequenceFlow") or local(current).endswith(
            ("Event", "Gateway", "Task", "task")
        ):
            return f"line {current.sourceline}"
        current = current.getparent()
    return f"line {node.sourceline}"
