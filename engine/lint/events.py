"""Events: boundary events, links, errors, escalations and signals stand where they can happen and are caught."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from engine.diagram import ACTIVITIES, SUB_PROCESSES, Diagram, Element, EventDefinition
from engine.lint.finding import Finding, Findings, error, warning
from engine.lint.project import Project
from engine.lint.vocabulary import words

_CAN_ESCALATE = SUB_PROCESSES | {"callActivity"}
_EXPRESSIONS = ("=", "${", "#{")
_AT_ONCE = frozenset({"task", "manualTask", "scriptTask", "businessRuleTask"})
_NEED_REFERENCE = {"error": "endEvent", "escalation": "endEvent intermediateThrowEvent"}


def definitions(diagram: Diagram, project: Project) -> Findings:
    """Find events without a kind, with several, or without the message, signal or code that they stand for."""
    used = {event.ref for element in diagram.elements for event in element.events}
    for definition in diagram.definitions:
        if definition.kind != "message" or definition.id in used:
            continue
        if not definition.name:
            message = "The message has no name, and it is the name that is matched. Give it one, or delete it."
            yield error(diagram.file, definition.id, "message-without-name", message)
        elif definition.name.startswith(_EXPRESSIONS):
            message = "The name of the message is an expression. Write a fixed name, or delete it."
            yield error(diagram.file, definition.id, "message-name-not-fixed", message)
    for element in diagram.elements:
        if element.kind in ("intermediateCatchEvent", "boundaryEvent") and not element.events:
            message = f"The {words(element.kind)} waits for nothing. Choose its kind: message, timer, signal ..."
            yield error(diagram.file, element.id, "event-without-definition", message)
        if element.kind == "receiveTask" and not element.events:
            message = "The receive task names no message. Choose or create one in its properties."
            yield error(diagram.file, element.id, "event-without-message", message)
        if len(element.events) > 1:
            message = "The event has several kinds at once. Draw one event for each."
            yield error(diagram.file, element.id, "several-event-definitions", message)
        for event in element.events:
            yield from _reference(diagram, element, event)


def _reference(diagram: Diagram, element: Element, event: EventDefinition) -> Iterator[Finding]:
    kind = event.kind
    needs = kind in ("message", "signal") or element.kind in _NEED_REFERENCE.get(kind, "").split()
    if event.ref is None:
        # A message that a job sends is named by the job, not by a BPMN message.
        if needs and not (kind == "message" and element.extension("taskDefinition") is not None):
            message = f"The event names no {kind}. Choose or create one in its properties."
            yield error(diagram.file, element.id, f"event-without-{kind}", message)
        return
    found = diagram.definition(kind, event.ref)
    if found is None:
        return  # a dangling reference, found there
    if kind in ("message", "signal"):
        if not found.name:
            message = f"The {kind} “{found.id}” has no name, and it is the name that is matched. Give it one."
            yield error(diagram.file, element.id, f"{kind}-without-name", message)
        elif found.name.startswith(_EXPRESSIONS):
            message = f"The name of the {kind} is an expression. Write a fixed name."
            yield error(diagram.file, element.id, f"{kind}-name-not-fixed", message)
    elif kind in ("error", "escalation"):
        if not found.code and element.kind in ("boundaryEvent", "startEvent"):
            message = f"The {kind} “{found.name or found.id}” has no code, so every {kind} is caught. Give it a code."
            yield warning(diagram.file, element.id, f"{kind}-without-code", message)
        elif not found.code:
            message = f"The {kind} “{found.name or found.id}” has no code, so nothing could catch it. Give it a code."
            yield error(diagram.file, element.id, f"{kind}-without-code", message)
        elif found.code.startswith(_EXPRESSIONS):
            message = f"The code of the {kind} is an expression. Write a fixed code."
            yield error(diagram.file, element.id, f"{kind}-code-not-fixed", message)


def boundaries(diagram: Diagram, project: Project) -> Findings:
    """Find boundary events that sit on nothing, on the wrong element, or twice on the same."""
    seen: Counter[tuple[str, str, str]] = Counter()
    for element in diagram.elements:
        if element.kind != "boundaryEvent":
            continue
        host = diagram.element_by_id.get(element.attached_to or "")
        if host is None or host.kind not in ACTIVITIES or host.is_event_sub_process or host.scope != element.scope:
            where = f"“{element.attached_to}”" if element.attached_to else "nothing"
            message = (
                f"The boundary event is attached to {where}, which is not a task or sub-process beside it. "
                "Drag it onto the border of the one that it belongs to."
            )
            yield error(diagram.file, element.id, "boundary-attached-wrongly", message)
            continue
        yield from _boundary(diagram, element, host)
        for event in element.events:
            key = (host.id, event.kind, _code(diagram, event))
            seen[key] += 1
            if seen[key] == 2 and event.kind in ("error", "escalation", "message"):
                message = f"Two boundary events of “{host.id}” catch the same {event.kind}. Keep one."
                yield error(diagram.file, element.id, "same-event-twice", message)


def _code(diagram: Diagram, event: EventDefinition) -> str:
    found = diagram.definition(event.kind, event.ref)
    if found is None or event.kind in ("error", "escalation"):
        return found.code if found is not None else ""
    return found.name or found.id


def _boundary(diagram: Diagram, element: Element, host: Element) -> Iterator[Finding]:
    kinds = element.event_kinds
    if "error" in kinds and element.attributes.get("cancelActivity") == "false":
        message = "An error always interrupts the activity. Make the boundary event interrupting."
        yield error(diagram.file, element.id, "error-must-interrupt", message)
    if "escalation" in kinds and host.kind not in _CAN_ESCALATE:
        message = f"A {words(host.kind)} never escalates, so this event cannot happen. Attach it to a sub-process."
        yield warning(diagram.file, element.id, "boundary-never-happens", message)
    if host.kind in _AT_ONCE and set(kinds) & {"timer", "message", "signal"}:
        message = (
            f"A {words(host.kind)} is over at once, so this event can never happen. Attach it to a task that waits."
        )
        yield warning(diagram.file, element.id, "boundary-never-happens", message)


def links(diagram: Diagram, project: Project) -> Findings:
    """Find link events without a partner, with a choice of partners, or with a flow where none may be."""
    for scope in diagram.scopes:
        inside = diagram.inside(scope.id)
        throws = [(e, _link(e)) for e in inside if e.kind == "intermediateThrowEvent" and "link" in e.event_kinds]
        catches = [(e, _link(e)) for e in inside if e.kind == "intermediateCatchEvent" and "link" in e.event_kinds]
        names = Counter(name for _, name in catches)
        for element, name in (*throws, *catches):
            if not name:
                message = "The link has no name, so its partner cannot be found. Give both ends the same name."
                yield error(diagram.file, element.id, "link-without-name", message)
        for element, name in throws:
            if name and name not in names:
                message = (
                    f"No link catch event is called “{name}” here. Draw it in the same process, or correct the name."
                )
                yield error(diagram.file, element.id, "link-without-partner", message)
            if diagram.outgoing.get(element.id):
                message = "A flow leaves a link throw event. The link itself leads on: delete the flow."
                yield error(diagram.file, element.id, "flow-at-link", message)
        for element, name in catches:
            if name and name not in {thrown for _, thrown in throws}:
                message = (
                    f"No link throw event is called “{name}” here. Draw it in the same process, or correct the name."
                )
                yield error(diagram.file, element.id, "link-without-partner", message)
            if names[name] > 1 and name:
                message = f"Several link catch events are called “{name}”. Keep one target for a link."
                yield error(diagram.file, element.id, "link-with-two-targets", message)
            if diagram.incoming.get(element.id):
                message = "A flow leads into a link catch event. Lead it to the link throw event instead."
                yield error(diagram.file, element.id, "flow-at-link", message)


def _link(element: Element) -> str:
    return next((e.link or "" for e in element.events if e.kind == "link"), "").strip()
