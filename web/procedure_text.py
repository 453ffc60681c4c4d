"""The procedure's own words: what each element of a deployed diagram documents, and what its messages are called."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import lru_cache

from engine.definitions import LoadedDefinition
from engine.markup import BPMN, ZEEBE, parse_xml

# How analysts point at their list of what the text left open: nothing for whoever does the task.
_POINTER = re.compile(r" \(A\d+(?:, A\d+)*\)")


def documentation(definition: LoadedDefinition, element_id: str) -> str:
    """Return the documentation of an element as a task's page says it; empty where the diagram has none."""
    return _documentation(_Bundle(definition)).get(element_id, "")


def message_title(definition: LoadedDefinition, name: str, otherwise: str) -> str:
    """Return what a message is called on pages: its title in process.toml, else the name of the waiting element."""
    return _message_titles(_Bundle(definition)).get(name) or otherwise or name


def date_rule(definition: LoadedDefinition, element_id: str) -> str:
    """Return the rule by which an element sets its date, as drawn: of a timer, or of a task's due date."""
    return _date_rules(_Bundle(definition)).get(element_id, "")


def elements_setting(definition: LoadedDefinition, field: str) -> frozenset[str]:
    """Return the elements that set a field of the request as they are passed."""
    return _setters(_Bundle(definition), field)


def form_names(definition: LoadedDefinition) -> Mapping[str, frozenset[str]]:
    """Return the names that each form writes, by the form's id."""
    return _form_names(_Bundle(definition))


class _Bundle:
    """A definition as a key of the caches: its content never changes, so its hash stands for it."""

    def __init__(self, definition: LoadedDefinition) -> None:
        self.files = definition.files
        self.forms = definition.forms
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
                found[element_id] = _POINTER.sub("", node.text.strip())
    return found


@lru_cache(maxsize=16)
def _form_names(bundle: _Bundle) -> Mapping[str, frozenset[str]]:
    return {form_id: form.names for form_id, form in bundle.forms.items()}


@lru_cache(maxsize=16)
def _date_rules(bundle: _Bundle) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for path, data in bundle.files.items():
        if not path.endswith(".bpmn"):
            continue
        tree = parse_xml(data)
        for node in tree.iter(f"{{{BPMN}}}timerEventDefinition"):
            parent = node.getparent()
            element_id = parent.get("id") if parent is not None else None
            found[element_id or ""] = " ".join("".join(node.itertext()).split())
        for task in tree.iter(f"{{{BPMN}}}userTask"):
            for schedule in task.iter(f"{{{ZEEBE}}}taskSchedule"):
                found[task.get("id", "")] = schedule.get("dueDate", "")
    return found


@lru_cache(maxsize=16)
def _setters(bundle: _Bundle, field: str) -> frozenset[str]:
    return frozenset(
        task.get("id", "")
        for path, data in bundle.files.items()
        if path.endswith(".bpmn")
        for task in parse_xml(data).iter(f"{{{BPMN}}}serviceTask")
        if any(one.get("type") == "set_fields" for one in task.iter(f"{{{ZEEBE}}}taskDefinition"))
        and any(one.get("target") == field for one in task.iter(f"{{{ZEEBE}}}input"))
    )


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
