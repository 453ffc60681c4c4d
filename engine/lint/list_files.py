"""dictionary.toml, groups.toml and process.toml: readable, and the main process is there."""

from __future__ import annotations

from pathlib import PurePosixPath

from engine.dictionary import read_dictionary, read_groups, read_sheet, read_toml
from engine.lint.finding import Findings, error
from engine.lint.project import Project


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
