"""What elements name outside the diagram: forms, groups, decisions, called processes, messages, letters, steps."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine.diagram import Diagram, Element, Extension
from engine.lint.finding import Finding, Findings, error, warning
from engine.lint.graph import called_process
from engine.lint.names import form_ids
from engine.lint.project import Project
from engine.lint.timers import is_instant

STEP = re.compile(r"(Review|Log|Resolution) [1-9]\d{0,2}")
# A numbered step in procedure.md: a heading such as "## Review 14 Seek authorisation".
STEP_HEADING = re.compile(r"^#{2,4} (Review|Log|Resolution) (\d+)\b[ .:–—-]*(.*)$", re.MULTILINE)
_BINDINGS = ("latest", "deployment")
_LETTER_INPUTS = ("letter", "letter_id")


def user_tasks(diagram: Diagram, project: Project) -> Findings:
    """Find user tasks without a form, without anybody to do them, or with dates and priorities that are none."""
    if diagram.is_plain:
        return
    for element in diagram.elements:
        yield from _forms(diagram, project, element)
        if element.kind != "userTask":
            continue
        if element.extension("userTask") is None:
            message = "The user task is of the old job-worker kind. Set its implementation to “Camunda user task”."
            yield error(diagram.file, element.id, "user-task-not-native", message)
        definition = element.extension("formDefinition")
        if definition is None:
            message = "The user task has no form, so it asks nothing. Choose a form of this folder."
            yield warning(diagram.file, element.id, "user-task-without-form", message)
        yield from _assignment(diagram, project, element)
        yield from _schedule(diagram, element)


def _forms(diagram: Diagram, project: Project, element: Element) -> Iterator[Finding]:
    definition = element.extension("formDefinition")
    if (
        definition is not None
        and not definition.get("formId")
        and not {"formKey", "externalReference"} & {*definition.attributes}
    ):
        message = "The form is not named. Choose a form of this folder, or remove the form."
        yield error(diagram.file, element.id, "form-not-named", message)
    for form_id in form_ids(element):
        if form_id.startswith("="):
            message = "The form is chosen by an expression. Name one form."
            yield error(diagram.file, element.id, "form-not-fixed", message)
        elif form_id not in project.form_by_id:
            message = f"There is no form “{form_id}” in this folder. Add forms/{form_id}.form, or choose another."
            yield error(diagram.file, element.id, "missing-form", message)


def _assignment(diagram: Diagram, project: Project, element: Element) -> Iterator[Finding]:
    assignment = element.extension("assignmentDefinition")
    groups = (assignment.get("candidateGroups") if assignment else None) or ""
    people = assignment and (assignment.get("assignee") or assignment.get("candidateUsers"))
    if not groups and not people and not _lane_is_group(project, element.lane):
        message = (
            "Nobody can do this task: it has no group, no assignee and no lane of a group. Give it candidate groups."
        )
        make = error if project.is_strict else warning
        yield make(diagram.file, element.id, "user-task-without-group", message)
    if groups and not groups.startswith(("=", "${", "#{")):
        for group in groups.split(","):
            yield from _group(diagram, project, element, group.strip())
        if len(groups.split(",")) > 1:
            message = "The task has several groups, and a task is one group's work. Keep one, or work one out."
            yield error(diagram.file, element.id, "assignment-not-honoured", message)
    assignee = (assignment.get("assignee") if assignment else None) or ""
    if assignee and not assignee.startswith(("=", "${", "#{")) and not assignee.isdecimal():
        message = f"“{assignee[:40]}” is no person's number. Work the assignee out from the data, or name a group."
        yield error(diagram.file, element.id, "assignment-not-honoured", message)
    if assignment and assignment.get("candidateUsers"):
        message = "Candidate users are not honoured here. Name a candidate group, or the one assignee."
        yield error(diagram.file, element.id, "assignment-not-honoured", message)
    schedule = element.extension("taskSchedule")
    if schedule and schedule.get("followUpDate"):
        message = "A follow-up date is not honoured here. Give the task a due date, or let a timer follow up."
        yield error(diagram.file, element.id, "assignment-not-honoured", message)


def _lane_is_group(project: Project, lane: str | None) -> bool:
    if lane is None or project.groups is None:
        return lane is not None
    return lane in project.groups or lane in {group.title for group in project.groups.values()}


def _group(diagram: Diagram, project: Project, element: Element, group: str) -> Iterator[Finding]:
    if project.groups is not None and group not in project.groups:
        message = f"There is no group “{group}”. Add it to groups.toml, or choose one of {', '.join(project.groups)}."
        yield error(diagram.file, element.id, "missing-group", message)


def _schedule(diagram: Diagram, element: Element) -> Iterator[Finding]:
    schedule = element.extension("taskSchedule")
    for attribute, what in (("dueDate", "due date"), ("followUpDate", "follow-up date")):
        text = schedule.get(attribute) if schedule else None
        if text and not text.startswith(("=", "${", "#{")) and not is_instant(text):
            message = f"The {what} “{text[:40]}” cannot be read. Write a date and time with its zone, or an expression."
            yield error(diagram.file, element.id, "date-not-valid", message)
    priority = element.extension("priorityDefinition")
    number = priority.get("priority") if priority else None
    if number and not number.startswith(("=", "${", "#{")) and not (number.isdecimal() and int(number) <= 100):
        message = f"The priority “{number[:40]}” is not a whole number from 0 to 100. Correct it."
        yield error(diagram.file, element.id, "priority-not-valid", message)


def decisions_and_calls(diagram: Diagram, project: Project) -> Findings:
    """Find business rule tasks without their decision, and call activities without their process."""
    for element in diagram.elements:
        for extension in element.extensions:
            yield from _binding(diagram, element, extension)
        if element.kind == "callActivity":
            yield from _call(diagram, project, element)
        elif element.kind == "businessRuleTask" and not diagram.is_plain:
            yield from _decision(diagram, project, element)


def _binding(diagram: Diagram, element: Element, extension: Extension) -> Iterator[Finding]:
    binding = extension.get("bindingType")
    if binding is not None and binding not in _BINDINGS:
        message = f"The binding “{binding}” is not supported. Choose “deployment”: what was deployed together."
        yield error(diagram.file, element.id, "binding-not-supported", message)


def _call(diagram: Diagram, project: Project, element: Element) -> Iterator[Finding]:
    target = called_process(diagram, element)
    if target is None:
        message = "The call activity names no process. Choose the process that it calls."
        yield error(diagram.file, element.id, "call-without-process", message)
    elif target.startswith(("=", "${", "#{")):
        message = "The called process is chosen by an expression. Name one; use a gateway to choose between several."
        yield error(diagram.file, element.id, "process-not-fixed", message)
    elif target not in project.process_by_id:
        message = f"There is no process “{target}” in this folder or in shared. Correct the id, or add its diagram."
        yield error(diagram.file, element.id, "missing-process", message)


def _decision(diagram: Diagram, project: Project, element: Element) -> Iterator[Finding]:
    called = element.extension("calledDecision")
    decision = called.get("decisionId") if called else None
    if called is None and element.extension("taskDefinition") is not None:
        return
    if decision is None or called is None:
        message = "The business rule task names no decision. Choose one of this folder's decision tables."
        yield error(diagram.file, element.id, "task-without-decision", message)
        return
    if decision.startswith(("=", "${", "#{")):
        message = "The decision is chosen by an expression. Name one."
        yield error(diagram.file, element.id, "decision-not-fixed", message)
    elif decision not in project.decisions:
        message = f"There is no decision “{decision}” in this folder or beside it. Correct the id, or add its table."
        yield error(diagram.file, element.id, "missing-decision", message)
    if not called.get("resultVariable"):
        message = "The decision's result goes nowhere. Name a result variable."
        yield error(diagram.file, element.id, "decision-without-result", message)


def messages(diagram: Diagram, project: Project) -> Findings:
    """Find messages that are waited for without a correlation key: nobody could tell whose they are."""
    if diagram.is_plain:
        return
    for element in diagram.elements:
        catches = element.kind in ("intermediateCatchEvent", "boundaryEvent", "receiveTask")
        owner = diagram.element_by_id.get(element.scope)
        catches = catches or (element.kind == "startEvent" and owner is not None and owner.is_event_sub_process)
        for event in element.events:
            found = diagram.definition("message", event.ref) if event.kind == "message" else None
            if catches and found is not None and not found.correlation_key:
                message = (
                    f"The message “{found.name}” has no correlation key, so it reaches no case. Set =request.number."
                )
                yield error(diagram.file, element.id, "message-without-key", message)


def letters(diagram: Diagram, project: Project) -> Findings:
    """Find letters that do not exist, wherever an element names one."""
    if project.known.letters is None or diagram.is_plain:
        return
    for element in diagram.elements:
        for letter in named_letters(element):
            if letter not in project.known.letters:
                message = f"There is no letter “{letter}”. Choose one of letters.toml, or add its template."
                yield error(diagram.file, element.id, "missing-letter", message)


def named_letters(element: Element) -> Iterator[str]:
    """Yield the letters that an element names by their fixed ids."""
    texts = [element.properties.get(name, "") for name in ("letter", "preview")]
    texts += [row.source for row in element.inputs if row.target in _LETTER_INPUTS]
    for raw in texts:
        text = raw.strip()
        if text.startswith('="') and text.endswith('"') and text.count('"') == 2:
            text = text[2:-1]  # ="CMSL5800" is as fixed as CMSL5800
        if text and not text.startswith(("=", "${", "#{")):
            yield text


def steps(diagram: Diagram, project: Project) -> Findings:
    """Find `step` properties that name no step of a procedure."""
    places = [(e.id, e.properties) for e in diagram.elements]
    places += [(f.id, f.properties) for f in diagram.flows]
    for place, properties in places:
        for step in split_steps(properties.get("step")):
            if not STEP.fullmatch(step):
                message = (
                    f"“{step[:40]}” is not a step. Write the procedure and the number, such as Review 14, Review 15."
                )
                yield error(diagram.file, place, "step-not-valid", message)


def split_steps(text: str | None) -> list[str]:
    """Return the steps of a `step` property: a comma list."""
    return [step.strip() for step in text.split(",")] if text is not None else []
