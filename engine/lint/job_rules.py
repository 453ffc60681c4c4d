"""Service tasks: their handler exists and gets the inputs that it needs; fields that are set are declared."""

from __future__ import annotations

from collections.abc import Iterator

from engine.diagram import Diagram, Element, VariableMapping
from engine.dictionary import Field, validate
from engine.lint.finding import Finding, Findings, error
from engine.lint.project import Project
from engine.lint.vocabulary import ZEEBE_ELEMENTS, words

_JOBS = ("serviceTask", "sendTask")
_SETS_FIELDS = "set_fields"
_CATCHING = ("startEvent", "intermediateCatchEvent", "boundaryEvent", "receiveTask")
MAX_RETRIES = 100


def jobs(diagram: Diagram, project: Project) -> Findings:
    """Find service tasks without a handler, with one that does not exist, or with inputs that it does not take."""
    if diagram.is_plain:
        return
    for element in diagram.elements:
        yield from _one_way_to_run(diagram, element)
        definition = element.extension("taskDefinition")
        sends = element.kind in ("endEvent", "intermediateThrowEvent") and "message" in element.event_kinds
        if element.kind not in ZEEBE_ELEMENTS["taskDefinition"][0]:
            continue
        if definition is None:
            if element.kind in _JOBS or sends:
                message = f"The {words(element.kind)} says nothing to do. Choose its job type, or apply a template."
                yield error(diagram.file, element.id, "no-job-type", message)
            continue
        job_type = definition.get("type")
        if job_type is None or job_type.startswith(("=", "${", "#{")):
            message = "The job type must be a fixed name. Choose one of the handlers."
            yield error(diagram.file, element.id, "job-type-not-fixed", message)
            continue
        retries = definition.get("retries")
        if retries is not None and not (retries.isdecimal() and int(retries[:6]) <= MAX_RETRIES):
            message = f"The retries “{retries[:40]}” are not a whole number from 0 to {MAX_RETRIES}. Correct them."
            yield error(diagram.file, element.id, "retries-not-valid", message)
        yield from _handler(diagram, project, element, job_type)


def _one_way_to_run(diagram: Diagram, element: Element) -> Iterator[Finding]:
    """Find elements that say twice what to do, jobs where none can run, and inputs that nothing reads."""
    is_job = element.extension("taskDefinition") is not None
    other = element.extension("calledDecision") or element.extension("script")
    if is_job and other is not None:
        message = "The task has a job type and a decision or script as well. Keep one of the two."
        yield error(diagram.file, element.id, "two-ways-to-run", message)
    if is_job and element.kind in ("endEvent", "intermediateThrowEvent") and "message" not in element.event_kinds:
        message = "Only a message event can carry a job. Draw a service task in front of it instead."
        yield error(diagram.file, element.id, "two-ways-to-run", message)
    if element.kind in _CATCHING and element.inputs:
        message = f"A {words(element.kind)} takes no inputs: nothing would read them. Remove the input mapping."
        yield error(diagram.file, element.id, "input-on-catch", message)


def _handler(diagram: Diagram, project: Project, element: Element, job_type: str) -> Iterator[Finding]:
    known = project.known
    if known.job_types is not None and job_type not in known.job_types:
        message = f"There is no handler “{job_type}”. Choose one of {', '.join(sorted(known.job_types))}."
        yield error(diagram.file, element.id, "unknown-job-type", message)
        return
    given = {row.target.partition(".")[0] for row in element.inputs}
    if known.job_inputs is not None and job_type in known.job_inputs:
        takes = known.job_inputs[job_type]
        for name in sorted(takes.required - given):
            message = f"“{job_type}” needs the input “{name}”. Add it to the input mapping."
            yield error(diagram.file, element.id, "missing-job-input", message)
        for name in sorted(given - takes.required - takes.optional):
            if not takes.is_open:
                accepted = ", ".join(sorted(takes.required | takes.optional)) or "none"
                message = f"“{job_type}” takes no input “{name}”. It takes: {accepted}."
                yield error(diagram.file, element.id, "unknown-job-input", message)
    if job_type == _SETS_FIELDS and project.has_dictionary:
        for row in element.inputs:
            yield from _set_field(diagram, project, element, row)


def _set_field(diagram: Diagram, project: Project, element: Element, row: VariableMapping) -> Iterator[Finding]:
    field = _field_to_set(project, row.target)
    if field is None:
        message = f"“{row.target}” is not a field that can be set. Declare request.{row.target} in dictionary.toml."
        yield error(diagram.file, element.id, "unknown-field", message)
        return
    problem = _fixed_value_problem(row.source, field)
    if problem:
        message = f"{problem}. Correct the input “{row.target}”, or the picklist in dictionary.toml."
        yield error(diagram.file, element.id, "value-not-valid", message)


def _field_to_set(project: Project, target: str) -> Field | None:
    """Return the fact that an input of `set_fields` names: request.status as status, case.nation as case_nation."""
    found = project.dictionary.field_for(f"request.{target}")
    if found is None and target.startswith("case_"):
        found = project.dictionary.field_for(f"case.{target.removeprefix('case_')}")
    return found


def _fixed_value_problem(source: str, field: Field) -> str | None:
    """Return what is wrong with a fixed text for a field; expressions are only known when they run."""
    text = source.strip()
    if text.startswith('="') and text.endswith('"') and text.count('"') == 2:
        text = text[2:-1]
    if not text or text.startswith(("=", "${", "#{")):
        return None
    if field.type in ("text", "long_text", "choice", "person"):
        return validate(text, field)
    return f"{field.label} is not text, so “{text[:40]}” cannot be set as it stands: write an expression"


def facts_written(diagram: Diagram, project: Project) -> Findings:
    """Find output mappings that write to a field of the case or request that is not declared."""
    if diagram.is_plain or not project.has_dictionary:
        return
    for element in diagram.elements:
        for row in element.outputs:
            first, _, rest = row.target.partition(".")
            if first in ("case", "request") and rest and project.dictionary.field_for(row.target) is None:
                message = f"The output writes “{row.target}”, which is not declared. Declare it in dictionary.toml."
                yield error(diagram.file, element.id, "unknown-field", message)


def mappings(diagram: Diagram, project: Project) -> Findings:
    """Find input and output rows without a target or a source, and two inputs for one target."""
    for element in diagram.elements:
        for direction, rows in (("input", element.inputs), ("output", element.outputs)):
            seen: set[str] = set()
            for row in rows:
                if not _is_name(row.target):
                    message = f"An {direction} mapping writes to “{row.target}”, which cannot be a name. Correct it."
                    yield error(diagram.file, element.id, "mapping-not-valid", message)
                elif not row.source.strip() or row.source.strip() == "=":
                    message = (
                        f"The {direction} “{row.target}” has no source. Write a value or an expression, such as =null."
                    )
                    yield error(diagram.file, element.id, "mapping-not-valid", message)
                elif row.target in seen:
                    message = f"Two {direction} mappings write “{row.target}”. Keep one."
                    yield error(diagram.file, element.id, "mapping-not-valid", message)
                seen.add(row.target)


def result_names(diagram: Diagram, project: Project) -> Findings:
    """Find variables for results and items whose names no expression could use."""
    for element in diagram.elements:
        named = [("result variable", e.get("resultVariable")) for e in element.extensions]
        characteristics = element.loop.characteristics if element.loop is not None else None
        if characteristics is not None:
            item = characteristics.get("inputElement")
            named += [("input element", item), ("output collection", characteristics.get("outputCollection"))]
            if item and "." in item:
                message = f"The input element “{item[:40]}” cannot be a part of something. Write a name without a dot."
                yield error(diagram.file, element.id, "name-not-valid", message)
        for what, name in named:
            if name and not _is_name(name):
                message = f"The {what} “{name[:40]}” cannot be a name. Write letters, digits and “_” only."
                yield error(diagram.file, element.id, "name-not-valid", message)


def _is_name(text: str) -> bool:
    return all(part.isidentifier() for part in text.split("."))
