"""The procedure's own words: what each element of a deployed diagram documents, and what its messages are called."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import lru_cache

from engine.definitions import LoadedDefinition
from engine.markup import BPMN, parse_xml


def documentation(definition: LoadedDefinition, element_id: str) -> str:
    """Return the documentation of an element; empty where the diagram has none."""
    return _documentation(_Bundle(definition)).get(element_id, "")


def message_title(definition: LoadedDefinition, name: str, otherwise: str) -> str:
    """Return what a message is called on pages: its title in process.toml, else the name of the waiting element."""
    return _message_titles(_Bundle(definition)).get(name) or otherwise or name


class _Bundle:
    """A definition as a key of the caches: its content never changes, so its hash stands for it."""

    def __init__(self, definition: LoadedDefinition) -> None:
        self.files = definition.files
        self.folder = f"/{definition.key}/process.toml"
        self._sha256 = definition.sha256

    def __hash__(self) -> int:
        return hash(self._sha256)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Bundle) and other._sha256 == self._sha256


@lru_cache(maxsize=16)
def _documentation(bundle: _Bundle) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for path, data in bundle.files.items():
        if not path.endswith(".bpmn"):
            continue
        for node in parse_xml(data).iter(f"{{{BPMN}}}documentation"):
            parent = node.getparent()
            element_id = parent.get("id") if parent is not None else None
            if element_id and node.text:
                found[element_id] = node.text.strip()
    return found


@lru_cache(maxsize=16)
def _sheet(bundle: _Bundle) -> Mapping[str, object]:
    for path, data in bundle.files.items():
        if path.endswith("/process.toml") and not path.endswith("/shared/process.toml"):
            return tomllib.loads(data.decode())
    return {}


def _message_titles(bundle: _Bundle) -> Mapping[str, str]:
    listed = _sheet(bundle).get("messages", [])
    entries = listed if isinstance(listed, list) else []
    return {str(entry.get("name")): str(entry.get("title", "")) for entry in entries if isinstance(entry, dict)}
