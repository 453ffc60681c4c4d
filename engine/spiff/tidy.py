"""Brings a diagram as another program may have written it into the one form that the engine reads.

Only what means the same either way: spaces around names, ids and expressions, and prefixes of references.
"""

from __future__ import annotations

from lxml import etree

from engine.spiff.extensions import BPMN, ZEEBE, Node

# References of BPMN are qualified names: `tns:reply` is the `reply` of this file.
_REFERENCES = ("messageRef", "signalRef", "errorRef", "escalationRef", "attachedToRef")
_NAMED = ("message", "signal", "linkEventDefinition")
_CODES = ("errorCode", "escalationCode")
_TEXTS = {("input", "source"), ("output", "source"), ("header", "value"), ("property", "value")}
"""Fixed texts whose spaces may be meant."""


def tidy(root: Node) -> None:
    """Tidy a tree in place."""
    for node in root.iter(f"{{{ZEEBE}}}*"):
        name = etree.QName(node).localname
        for key, value in node.attrib.items():
            text = str(value).strip()
            if (name, str(key)) not in _TEXTS or (name in ("input", "output") and text.startswith("=")):
                node.set(key, text)
    for node in root.iter(f"{{{BPMN}}}*"):
        for key in _REFERENCES:
            if node.get(key) is not None:
                node.set(key, str(node.get(key)).rpartition(":")[2])
        for key in _CODES:
            if node.get(key) is not None:
                node.set(key, str(node.get(key)).strip())
        if etree.QName(node).localname in _NAMED and node.get("name") is not None:
            node.set("name", str(node.get("name")).strip())
