"""dictionary.toml, groups.toml and process.toml: readable, and the main process is there."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath

from engine.dictionary import read_dictionary, read_groups, read_sheet, read_toml
from engine.lint.finding import Findings, error
from engine.lint.project import Project
from engine.lint.resources import STEP_HEADING, split_steps


def lists(project: Project) -> Findings:
    """Find what the checked TOML files have wrong."""
    for path in sorted(project.checked):
        name = PurePosixPath(path).name
        if not name.endswith(".toml"):
            continue
        data = project.files[path]
        if name == "dictionary.toml":
            faults = read_dictionary(data).faults
        elif name == "groups.toml":
            faults = read_groups(data)[1]
        elif name == "process.toml":
            faults = read_sheet(data).faults
        else:
            faults = tuple(read_toml(data)[1])
        for fault in faults:
            yield error(path, fault.entry, "list-not-valid", fault.message)


def main_process(project: Project) -> Findings:
    """Find a process.toml whose main process is not in the folder, or is plain BPMN."""
    for path in sorted(project.checked):
        if PurePosixPath(path).name != "process.toml":
            continue
        sheet = read_sheet(project.files[path])
        if not sheet.process:
            continue
        found = project.process_by_id.get(sheet.process)
        if found is None:
            message = f"The main process “{sheet.process}” is in no diagram of the folder. Correct “process”."
            yield error(path, "process", "missing-process", message)
            continue
        diagram, scope = found
        if diagram.is_plain:
            message = "A diagram that is deployed must be of the Camunda 8 dialect. Save it as a Camunda 8 diagram."
            yield error(diagram.file, scope.id, "plain-bpmn-in-folder", message)


def sheet_names(project: Project) -> Findings:
    """Find letters, messages and elements that process.toml tells of but that are nowhere in the folder."""
    sheet = project.sheet
    path = next((p for p in sorted(project.checked) if PurePosixPath(p).name == "process.toml"), None)
    if sheet is None or path is None:
        return
    elements = {e.id for d in project.diagrams for e in d.elements} | set(project.decisions)
    messages = {d.name for diagram in project.diagrams for d in diagram.definitions if d.kind == "message"}
    for letter in _texts(sheet.entries.get("letters")):
        if project.known.letters is not None and letter not in project.known.letters:
            message = f"There is no letter “{letter}”. Choose one of letters.toml, or add its template."
            yield error(path, "letters", "missing-letter", message)
    for deadline in _tables(sheet.entries.get("deadlines")):
        for element in _texts(deadline.get("elements")):
            if element not in elements:
                message = f"There is no element or decision “{element}”. Correct the deadline's elements."
                yield error(path, "deadlines", "missing-element", message)
    for entry in _tables(sheet.entries.get("messages")):
        after = entry.get("after_closure")
        if after is not None and not (isinstance(after, str) and after):
            message = "“after_closure” must be the key of a procedure, such as “late_reply”. Correct it."
            yield error(path, "messages", "list-not-valid", message)
        if after is None and entry.get("name") not in messages:
            message = f"No diagram of the folder has a message “{entry.get('name')}”. Correct its name."
            yield error(path, "messages", "missing-message", message)


def _texts(value: object) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _tables(value: object) -> list[Mapping[str, object]]:
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def unknown_steps(project: Project) -> Findings:
    """Find `step` properties of the folder's diagrams that its procedure.md does not have."""
    text = next((d for p, d in project.files.items() if p in project.checked and p.endswith("/procedure.md")), None)
    known = {f"{match[1]} {match[2]}" for match in STEP_HEADING.finditer((text or b"").decode("utf-8", "replace"))}
    if not known:
        return
    procedures = {step.partition(" ")[0] for step in known}
    for diagram in project.diagrams:
        if diagram.file not in project.checked:
            continue
        places = [(e.id, e.properties) for e in diagram.elements] + [(f.id, f.properties) for f in diagram.flows]
        for place, properties in places:
            for step in split_steps(properties.get("step")):
                if step.partition(" ")[0] in procedures and step not in known:
                    message = (
                        f"procedure.md has no step “{step}”. Correct the number, or add the step to the procedure."
                    )
                    yield error(diagram.file, place, "unknown-step", message)
