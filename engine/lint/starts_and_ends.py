"""Where a process, a sub-process and an event sub-process begin and end."""

from __future__ import annotations

from collections.abc import Iterator

from engine.diagram import Diagram, Element, Scope
from engine.lint.finding import Finding, Findings, error, warning
from engine.lint.project import Project


def starts_and_ends(diagram: Diagram, project: Project) -> Findings:
    """Find scopes without a start or an end, with several starts, or started by an event that may not."""
    if not diagram.processes:
        message = "The file holds no process. Draw one, or remove the file from the folder."
        yield error(diagram.file, "", "no-process", message)
    for scope in diagram.scopes:
        inside = diagram.inside(scope.id)
        if scope.parent is None and not inside and _is_participant_without_content(diagram, scope):
            continue
        starts = [e for e in inside if e.kind == "startEvent"]
        what = "process" if scope.parent is None else "sub-process"
        if not starts:
            message = f"The {what} has no start event. Draw one before its first step."
            yield error(diagram.file, scope.id, "no-start", message)
        if not any(e.kind == "endEvent" for e in inside):
            message = f"The {what} has no end event, so it could never complete. Draw one behind its last step."
            yield error(diagram.file, scope.id, "no-end", message)
        yield from _starts(diagram, scope, starts, what)


def _is_participant_without_content(diagram: Diagram, scope: Scope) -> bool:
    """Tell whether a process is only another party's empty pool."""
    return len(diagram.processes) > 1 and (diagram.is_plain or not scope.is_executable)


def _starts(diagram: Diagram, scope: Scope, starts: list[Element], what: str) -> Iterator[Finding]:
    if scope.parent is not None:
        for extra in starts[1:]:
            message = f"The {what} has more than one start event. Keep one, and let a gateway behind it choose the way."
            yield error(diagram.file, extra.id, "several-starts", message)
    else:
        yield from _several_starts(diagram, starts)
    owner = diagram.element_by_id.get(scope.id) if scope.parent is not None else None
    for start in starts:
        if owner is not None and owner.is_event_sub_process:
            yield from _event_sub_process_start(diagram, start)
        elif owner is not None and start.events:
            message = "A sub-process must begin with a plain start event. Remove the event's kind."
            yield error(diagram.file, start.id, "sub-process-start", message)
        elif start.attributes.get("isInterrupting") == "false":
            message = "Only the start of an event sub-process can be non-interrupting. Draw a plain start event."
            yield error(diagram.file, start.id, "unsupported-attribute", message)


def _several_starts(diagram: Diagram, starts: list[Element]) -> Iterator[Finding]:
    """Each start event of a process makes an instance of its own. Source: BPMN 2.0, 10.5.2 and 13.2."""
    for extra in [start for start in starts if not start.events][1:]:
        message = (
            "The process has more than one plain start event, so nobody can say where a person begins. "
            "Keep one, and let a gateway behind it choose the way."
        )
        yield error(diagram.file, extra.id, "several-starts", message)
    seen: set[tuple[str, str]] = set()
    for start in starts:
        for event in start.events:
            found = diagram.definition(event.kind, event.ref)
            what = (event.kind, found.name if found is not None else "")
            if found is not None and what in seen:
                message = f"Two start events wait for the {event.kind} “{found.name}”. Keep one of the two."
                yield error(diagram.file, start.id, "same-event-twice", message)
            seen.add(what)


def _event_sub_process_start(diagram: Diagram, start: Element) -> Iterator[Finding]:
    if not start.events:
        message = "An event sub-process must begin with an event: a message, timer, signal, error or escalation."
        yield error(diagram.file, start.id, "event-sub-process-start", message)
    if "error" in start.event_kinds and start.attributes.get("isInterrupting") == "false":
        message = "An error always interrupts. Make the start event interrupting, or catch an escalation instead."
        yield error(diagram.file, start.id, "error-must-interrupt", message)


def executable(diagram: Diagram, project: Project) -> Findings:
    """Find processes of our dialect that are marked as not executable."""
    if diagram.is_plain:
        return
    for process in diagram.processes:
        if not process.is_executable and diagram.inside(process.id):
            message = (
                "The process is not marked executable, so it is only a picture. Tick “Executable” in its properties."
            )
            yield warning(diagram.file, process.id, "not-executable", message)
