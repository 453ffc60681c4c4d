"""Which names an expression may use at an element: declared ones, what the process writes, and the element's own."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from engine.diagram import Diagram, Element
from engine.dictionary import Dictionary
from engine.lint.graph import called_process
from engine.lint.project import Project

FACTS = frozenset({"case", "request"})
COUNTS = frozenset(
    {"numberOfInstances", "numberOfActiveInstances", "numberOfCompletedInstances", "numberOfTerminatedInstances"}
)
_CACHE: WeakKeyDictionary[Project, Mapping[str, frozenset[str]]] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class Names:
    """The names visible at one place: the dictionary's, and first parts of names that the process itself makes."""

    dictionary: Dictionary
    made: frozenset[str]

    def has(self, path: tuple[str, ...]) -> bool:
        """Tell whether a dotted name can be meant here."""
        if path[0] in self.made and path[0] not in FACTS and self.dictionary.field_for(path[0]) is None:
            return True  # made here and declared nowhere: its parts are not known
        return self.dictionary.has_path(path)

    def close_to(self, path: tuple[str, ...]) -> str:
        """Return a known name that looks like the given one, or an empty text."""
        candidates = [*self.dictionary.fields, *self.made]
        return next(iter(difflib.get_close_matches(".".join(path), candidates, n=1, cutoff=0.75)), "")

    def with_local(self, names: frozenset[str]) -> Names:
        """Return these names and some more."""
        return Names(self.dictionary, self.made | names)


def names_at(diagram: Diagram, project: Project, element: Element, *, own_inputs: bool) -> Names:
    """Return the names visible at an element; with `own_inputs` also those that its inputs make."""
    made = set(made_by(project).get(element.process, frozenset()))
    around = [diagram.element_by_id[s] for s in diagram.enclosing(element.scope) if s in diagram.element_by_id]
    if element.kind == "boundaryEvent" and element.attached_to in diagram.element_by_id:
        around.append(diagram.element_by_id[element.attached_to or ""])
    for outer in around:
        made |= _input_names(outer) | _loop_names(outer)
    made |= _loop_names(element)
    if own_inputs:
        made |= _input_names(element)
    return Names(project.dictionary, frozenset(made))


def names_in(project: Project, process: str) -> Names:
    """Return the names visible everywhere in a process."""
    return Names(project.dictionary, made_by(project).get(process, frozenset()))


def made_by(project: Project) -> Mapping[str, frozenset[str]]:
    """Return, for each process, the names that its own elements, its callers and those it calls make."""
    if project not in _CACHE:
        _CACHE[project] = _settle(project)
    return _CACHE[project]


def _settle(project: Project) -> dict[str, frozenset[str]]:
    made = {
        process_id: {name for e in diagram.elements if e.process == process_id for name in written_by(project, e)}
        for process_id, (diagram, _) in project.process_by_id.items()
    }
    changed = True
    while changed:
        changed = False
        for process_id in made:
            for diagram, call in project.callers.get(process_id, ()):
                handed = _handed_over(diagram, call, made.get(call.process, set()))
                changed |= not handed <= made[process_id]
                made[process_id] |= handed
                called = call.extension("calledElement")
                if called is not None and called.get("propagateAllChildVariables") == "true" and call.process in made:
                    changed |= not made[process_id] <= made[call.process]
                    made[call.process] |= made[process_id]
    return {process_id: frozenset(names) for process_id, names in made.items()}


def _handed_over(diagram: Diagram, call: Element, callers: set[str]) -> set[str]:
    called = call.extension("calledElement")
    passes_all = diagram.is_plain or (called is not None and called.get("propagateAllParentVariables") != "false")
    return _input_names(call) | _loop_names(call) | (set(callers) if passes_all else set())


def written_by(project: Project, element: Element) -> Iterator[str]:
    """Yield the first parts of the names that an element leaves in its process."""
    for output in element.outputs:
        yield _first(output.target)
    for extension in element.extensions:
        result = extension.get("resultVariable")
        if result:
            yield result
    if element.loop is not None and element.loop.characteristics is not None:
        collection = element.loop.characteristics.get("outputCollection")
        if collection:
            yield collection
    yield from form_names(project, element)


def form_names(project: Project, element: Element) -> Iterator[str]:
    """Yield the first parts of the names that an element's form writes."""
    for form_id in form_ids(element):
        form = project.form_by_id.get(form_id)
        if form is not None:
            yield from (_first(name) for name in form.names)


def form_ids(element: Element) -> Iterator[str]:
    """Yield the forms that an element names: its own, and that of a message event's page."""
    definition = element.extension("formDefinition")
    if definition is not None and definition.get("formId"):
        yield definition.get("formId") or ""
    if element.properties.get("form"):
        yield element.properties["form"].strip()


def called_names(diagram: Diagram, project: Project, element: Element) -> frozenset[str]:
    """Return the names that a called process makes, which its caller's outputs may read."""
    return made_by(project).get(called_process(diagram, element) or "", frozenset())


def _input_names(element: Element) -> set[str]:
    return {_first(row.target) for row in element.inputs if row.target}


def _loop_names(element: Element) -> set[str]:
    if element.loop is None:
        return set()
    characteristics = element.loop.characteristics
    item = characteristics.get("inputElement") if characteristics is not None else None
    return {"loopCounter"} | ({item} if item else set())


def _first(name: str) -> str:
    return name.partition(".")[0].strip()
