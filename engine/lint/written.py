"""Every place of a diagram where an expression may be written, with the names that are visible there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from engine.diagram import Diagram, Element
from engine.lint.names import COUNTS, Names, called_names, form_names, names_at, names_in
from engine.lint.project import Project

_ANSWERING = frozenset({"serviceTask", "sendTask", "intermediateThrowEvent", "endEvent"})


@dataclass(frozen=True, slots=True)
class Written:
    """One text. `must_be` says that it has to be an expression; `is_lenient` that other names may turn up there."""

    element: str
    what: str
    text: str
    names: Names
    must_be: bool = False
    is_lenient: bool = False


def written(diagram: Diagram, project: Project) -> Iterator[Written]:
    """Yield every text of the diagram that is, or may be, an expression."""
    for flow in diagram.flows:
        if flow.condition is not None:
            source = diagram.element_by_id.get(flow.source or "")
            names = names_in(project, flow.process)
            if source is not None:
                names = names_at(diagram, project, source, own_inputs=False)
            yield Written(flow.id, "The condition", flow.condition, names, must_be=True)
    for element in diagram.elements:
        yield from _of_element(diagram, project, element)
    for definition in diagram.definitions:
        if definition.correlation_key is not None:
            users = [e for e in diagram.elements if any(event.ref == definition.id for event in e.events)]
            names = _names_of_all(diagram, project, users)
            yield Written(definition.id, "The correlation key", definition.correlation_key, names, must_be=True)


def _names_of_all(diagram: Diagram, project: Project, users: list[Element]) -> Names:
    names = Names(project.dictionary, frozenset())
    for user in users:
        names = names.with_local(names_at(diagram, project, user, own_inputs=True).made)
    return names


def _of_element(diagram: Diagram, project: Project, element: Element) -> Iterator[Written]:
    outside = names_at(diagram, project, element, own_inputs=False)
    inside = names_at(diagram, project, element, own_inputs=True)
    for row in element.inputs:
        yield Written(element.id, f"The input “{row.target}”", row.source, outside)
    answers = frozenset(form_names(project, element)) | called_names(diagram, project, element)
    for row in element.outputs:
        lenient = element.kind in _ANSWERING or bool(element.events)
        what = f"The output “{row.target}”"
        yield Written(element.id, what, row.source, inside.with_local(answers), is_lenient=lenient)
    yield from _of_extensions(element, inside)
    yield from _of_loop(element, outside, inside.with_local(answers))
    for event in element.events:
        for timer in event.timers:
            if timer.text.startswith("="):
                yield Written(element.id, "The timer", timer.text, inside)
    if element.script and diagram.is_plain:
        yield Written(element.id, "The script", element.script, inside, must_be=True)


def _of_extensions(element: Element, inside: Names) -> Iterator[Written]:
    places = (
        ("assignmentDefinition", "assignee", "The assignee", False),
        ("assignmentDefinition", "candidateGroups", "The candidate groups", False),
        ("assignmentDefinition", "candidateUsers", "The candidate users", False),
        ("taskSchedule", "dueDate", "The due date", False),
        ("taskSchedule", "followUpDate", "The follow-up date", False),
        ("priorityDefinition", "priority", "The priority", False),
        ("script", "expression", "The script", True),
    )
    for name, attribute, what, must_be in places:
        extension = element.extension(name)
        text = extension.get(attribute) if extension is not None else None
        if text:
            yield Written(element.id, what, text, inside, must_be=must_be)
    for key, value in element.properties.items():
        if value.startswith(("=", "${", "#{")):
            yield Written(element.id, f"The property “{key}”", value, inside)


def _of_loop(element: Element, outside: Names, inside: Names) -> Iterator[Written]:
    loop = element.loop
    if loop is None:
        return
    if loop.completion_condition:
        names = inside.with_local(COUNTS)
        yield Written(element.id, "The completion condition", loop.completion_condition, names, must_be=True)
    if loop.cardinality:
        yield Written(element.id, "The number of instances", loop.cardinality, outside, must_be=True)
    if loop.condition:
        yield Written(element.id, "The loop condition", loop.condition, outside, must_be=True)
    characteristics = loop.characteristics
    if characteristics is None:
        return
    collection, result = characteristics.get("inputCollection"), characteristics.get("outputElement")
    if collection:
        yield Written(element.id, "The input collection", collection, outside, must_be=True)
    if result:
        # What a job returns is not declared anywhere.
        lenient = element.kind in _ANSWERING
        yield Written(element.id, "The output element", result, inside, must_be=True, is_lenient=lenient)
