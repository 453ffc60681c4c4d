"""Form files: component types, keys that are declared, options that exist, conditions that can be read."""

from __future__ import annotations

from collections.abc import Iterator

from engine.forms import CHOICES, INPUTS, Component, Form
from engine.lint.expressions import compile_or_explain, remedy_for, unknown_names
from engine.lint.finding import Finding, Findings, error, warning
from engine.lint.names import Names, form_ids, made_by
from engine.lint.project import Project

_FITS = {
    "text": {"textfield", "textarea", "radio", "select"},
    "long_text": {"textarea", "textfield"},
    "boolean": {"checkbox", "radio"},
    "choice": {"radio", "select"},
    "choices": {"checklist"},
    "date": {"datetime"},
    "datetime": {"datetime"},
    "number": {"number"},
    "money": {"number", "textfield"},
    "person": {"select", "radio"},
    "list": {"dynamiclist"},
    "documents": {"filepicker"},
}


def forms(project: Project) -> Findings:
    """Find what the checked forms have wrong."""
    seen: dict[str, str] = {}
    for form in project.forms:
        first = seen.setdefault(form.id, form.file)
        if form.file not in project.checked:
            continue
        if first != form.file:
            message = f"The form id “{form.id}” is also in {first}. Give each form an id of its own."
            yield error(form.file, form.id, "duplicate-form", message)
        for fault in form.faults:
            yield error(form.file, fault.component, fault.rule, fault.message)
        yield from _files(project, form)
        names = _names(project, form)
        for component in form.walk():
            yield from _key(project, form, component)
            yield from _options(project, form, component, names)
            yield from _condition(project, form, component, names)


def _names(project: Project, form: Form) -> Names:
    """Return what a form's conditions may use: its own keys, and what the processes that show it make."""
    made = {name.partition(".")[0] for name in form.names}
    for diagram in project.diagrams:
        for element in diagram.elements:
            if form.id in form_ids(element):
                made |= made_by(project).get(element.process, frozenset())
    items = {c.key.rpartition("].")[2] for c in form.walk() if c.key and "[]." in c.key}
    return Names(project.dictionary, frozenset(made | items | {"item"}))


def _files(project: Project, form: Form) -> Iterator[Finding]:
    """Find files that are asked for where there is no task to attach them to."""
    asked = next((component for component in form.inputs if component.type == "filepicker"), None)
    shown_by = [e for d in project.diagrams for e in d.elements if form.id in form_ids(e) and e.kind != "userTask"]
    if asked is not None and shown_by:
        message = (
            f"“{shown_by[0].id}” shows this form, and only a user task can take files. Ask for the files in a task "
            "that follows."
        )
        yield error(form.file, asked.name, "form-component-not-supported", message)


def _key(project: Project, form: Form, component: Component) -> Iterator[Finding]:
    if component.key is None or not project.has_dictionary or component.type not in INPUTS | {"dynamiclist"}:
        return
    field = project.dictionary.field_for(component.key)
    if field is None:
        message = f"The field “{component.key}” is not declared. Add it to dictionary.toml, or correct the key."
        yield error(form.file, component.name, "unknown-field", message)
    elif component.type not in _FITS.get(field.type, {component.type}):
        fitting = " or ".join(sorted(_FITS[field.type]))
        message = f"A {component.type} cannot hold “{component.key}”, which is a {field.type}. Use a {fitting}."
        yield error(form.file, component.name, "form-field-type", message)
    elif field.type in ("date", "datetime") and component.subtype != field.type:
        message = f"The subtype is “{component.subtype}”, but “{component.key}” is a {field.type}. Make them the same."
        yield error(form.file, component.name, "form-field-type", message)


def _options(project: Project, form: Form, component: Component, names: Names) -> Iterator[Finding]:
    source = component.values_key
    if component.type not in CHOICES or not project.has_dictionary:
        return
    if source is None:
        field = project.dictionary.field_for(component.key or "")
        picklist = field.picklist if field else None
        stray = [c.value for c in component.choices if picklist and c.value not in picklist.values]
        if stray and picklist:
            message = f"“{stray[0]}” is not in the picklist “{picklist.key}”. Use values key picklists.{picklist.key}."
            yield error(form.file, component.name, "form-options-not-valid", message)
        return
    kind, _, name = source.partition(".")
    if kind == "picklists":
        if name not in project.dictionary.picklists:
            message = f"There is no picklist “{name}”. Declare [picklists.{name}] in dictionary.toml."
            yield error(form.file, component.name, "missing-picklist", message)
    elif kind == "people":
        if project.groups is not None and name not in project.groups:
            message = f"There is no group “{name}” to take people from. Add it to groups.toml, or choose another."
            yield error(form.file, component.name, "missing-group", message)
    elif not names.has(tuple(source.split("."))):
        message = f"The options come from “{source}”, {remedy_for(tuple(source.split('.')), names)}"
        yield error(form.file, component.name, "unknown-variable", message)


def _condition(project: Project, form: Form, component: Component, names: Names) -> Iterator[Finding]:
    if component.hide is None:
        return
    compiled = compile_or_explain(component.hide)
    if isinstance(compiled, str):
        message = f"The condition to hide this cannot be read: {compiled}. Correct it."
        yield error(form.file, component.name, "expression-not-valid", message)
        return
    for problem in compiled.problems:
        message = f"The condition to hide this cannot work: {problem}. Correct it."
        yield error(form.file, component.name, "expression-cannot-work", message)
    for difference in (*compiled.doubts, *compiled.browser_differences):
        message = f"The condition to hide this may not do what it says: {difference}. Say it in another way."
        yield warning(form.file, component.name, "expression-doubtful", message)
    make = error if project.is_strict else warning
    for path in unknown_names(compiled, names):
        message = f"The condition to hide this uses “{'.'.join(path)}”, {remedy_for(path, names)}"
        yield make(form.file, component.name, "unknown-variable", message)
