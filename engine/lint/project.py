"""What surrounds a diagram when it is checked: the other files of its folder, read once.

A file that cannot be read gives a finding here and is left out of what the rules see.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import PurePosixPath

from engine.decisions import Decision, DecisionError, load_decisions
from engine.diagram import Diagram, Element, Scope
from engine.diagram_reader import read_diagram
from engine.dictionary import Dictionary, Group, ProcessSheet, read_dictionary, read_groups, read_sheet
from engine.forms import Form, read_form
from engine.lint.finding import Finding, Known, error
from engine.lint.graph import called_process, passing_processes
from engine.markup import MarkupRefused


@dataclass(frozen=True, eq=False)
class Project:
    """The files that belong together, and which of them are being checked."""

    files: Mapping[str, bytes]
    checked: frozenset[str]
    known: Known
    is_strict: bool
    _unreadable: list[Finding] = field(default_factory=list)

    @property
    def unreadable(self) -> tuple[Finding, ...]:
        """Return the findings about diagrams and decisions that could not be read at all."""
        _ = self.diagrams, self.decisions
        return tuple(self._unreadable)

    @cached_property
    def diagrams(self) -> tuple[Diagram, ...]:
        """Return every diagram that could be read."""
        found: list[Diagram] = []
        for path, data in self.files.items():
            # A single file may be checked under any name.
            if not path.lower().endswith((".bpmn", ".xml")) and (self.checked != {path} or _is_other(path)):
                continue
            try:
                found.append(read_diagram(data, file=path))
            except MarkupRefused as refused:
                place = f"line {refused.line}" if refused.line else ""
                self._unreadable.append(error(path, place, refused.rule, str(refused)))
        return tuple(found)

    @cached_property
    def forms(self) -> tuple[Form, ...]:
        """Return every form."""
        return tuple(read_form(data, file=path) for path, data in self._ending(".form"))

    @cached_property
    def form_by_id(self) -> Mapping[str, Form]:
        """Return the forms by the id that tasks name."""
        return {form.id: form for form in self.forms}

    @cached_property
    def decisions(self) -> Mapping[str, Decision]:
        """Return every decision by its id; `unreadable` tells of files that hold none."""
        found: dict[str, Decision] = {}
        for path, data in self._ending(".dmn"):
            try:
                read = load_decisions(data, file=path)
            except DecisionError as problem:
                self._unreadable.append(error(path, "", "decision-not-valid", str(problem)))
                continue
            for decision_id, decision in read.items():
                if decision_id in found:
                    message = f"A decision “{decision_id}” is also in {found[decision_id].file}. Rename one of the two."
                    self._unreadable.append(error(path, decision_id, "duplicate-decision", message))
                found.setdefault(decision_id, decision)
        return found

    @cached_property
    def process_by_id(self) -> Mapping[str, tuple[Diagram, Scope]]:
        """Return every process that can be run by its id, with the diagram that holds it."""
        return {
            scope.id: (diagram, scope)
            for diagram in reversed(self.diagrams)
            for scope in diagram.processes
            if scope.is_executable or diagram.is_plain
        }

    @cached_property
    def passing(self) -> frozenset[str]:
        """Return the processes that can run through without waiting."""
        callers = {name: [call.process for _, call in calls] for name, calls in self.callers.items()}
        return passing_processes(self.process_by_id, callers)

    @cached_property
    def dictionary(self) -> Dictionary:
        """Return the declared names; only the standing ones where there is no dictionary.toml."""
        return read_dictionary(self._named("dictionary.toml"))

    @cached_property
    def has_dictionary(self) -> bool:
        """Tell whether names were declared at all."""
        return self._named("dictionary.toml") is not None

    @cached_property
    def groups(self) -> Mapping[str, Group] | None:
        """Return the candidate groups, or None where there is no groups.toml."""
        data = self._named("groups.toml")
        return None if data is None else read_groups(data)[0]

    @cached_property
    def sheet(self) -> ProcessSheet | None:
        """Return the title page of the checked folder, where it has one."""
        data = next((d for p, d in self.files.items() if p in self.checked and _name(p) == "process.toml"), None)
        return None if data is None else read_sheet(data)

    @cached_property
    def callers(self) -> Mapping[str, tuple[tuple[Diagram, Element], ...]]:
        """Return the call activities that call each process."""
        found: dict[str, list[tuple[Diagram, Element]]] = {}
        for diagram in self.diagrams:
            for element in diagram.elements:
                target = called_process(diagram, element)
                if target:
                    found.setdefault(target, []).append((diagram, element))
        return {target: tuple(calls) for target, calls in found.items()}

    def _ending(self, *endings: str) -> list[tuple[str, bytes]]:
        return [(path, data) for path, data in self.files.items() if path.lower().endswith(endings)]

    def _named(self, name: str) -> bytes | None:
        paths = sorted((p for p in self.files if _name(p) == name), key=lambda p: (p.count("/"), p))
        return self.files[paths[0]] if paths else None


def _name(path: str) -> str:
    return PurePosixPath(path).name


def _is_other(path: str) -> bool:
    return path.lower().endswith((".dmn", ".form", ".toml", ".md"))
