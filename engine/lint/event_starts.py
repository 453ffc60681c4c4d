"""Processes that an event starts: only the main process of a folder can be, and nobody fills in a form then."""

from __future__ import annotations

from engine.diagram import Diagram, Element, Scope
from engine.lint.finding import Findings, error
from engine.lint.project import Project


def event_starts(diagram: Diagram, project: Project) -> Findings:
    """Find start events that would never start anything, and forms that nobody would see when they do."""
    for process in diagram.processes:
        starts = [element for element in diagram.inside(process.id) if element.kind == "startEvent"]
        is_plain_too = not all(start.events for start in starts)
        for start in starts:
            if start.events:
                yield from _start(diagram, project, process, start, is_plain_too=is_plain_too)


def _start(diagram: Diagram, project: Project, process: Scope, start: Element, *, is_plain_too: bool) -> Findings:
    sheet = project.sheet
    if process.id in project.callers and not is_plain_too:
        message = "The process is called by another, so it begins when it is called. Draw a plain start event."
        yield error(diagram.file, start.id, "called-process-start", message)
    elif project.is_strict and (sheet is None or sheet.process != process.id):
        message = (
            "Only the main process of a folder, which process.toml names, is started by an event. Give this process a "
            "folder of its own, or a plain start event."
        )
        yield error(diagram.file, start.id, "event-start", message)
    elif project.is_strict and sheet is not None and "intake" in sheet.entries and not is_plain_too:
        message = "A recorded contact starts this process, as [intake] says. Draw a plain start event."
        yield error(diagram.file, start.id, "event-start", message)
    if start.extension("formDefinition") is not None:
        message = f"Nobody fills in a form when a {start.event_kinds[0]} starts the process. Remove the form."
        yield error(diagram.file, start.id, "event-start-form", message)
