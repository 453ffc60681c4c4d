"""Questions as GOV.UK components: which one asks for each kind of answer, and what it is given."""

from __future__ import annotations

import re
from typing import Any

from engine.dictionary import Option
from engine.file_kinds import BY_EXTENSION, say_kinds
from web.forms.kinds import Question
from web.forms.sheet import Sheet

Params = dict[str, Any]
_SELECT_FROM = 9  # a picklist as long as this is a drop-down, where the form leaves the choice to us


def component_for(question: Question, sheet: Sheet, problem: str) -> tuple[str, Params]:
    """Return the component that asks a question, and its parameters."""
    common = _common(question, problem)
    draw = {
        "textfield": _text_input,
        "number": _number_input,
        "textarea": _text_area,
        "select": _select,
        "radio": _radios,
        "checklist": _checklist,
        "checkbox": _checkbox,
        "datetime": _moment,
    }[question.component.type]
    return draw(question, common, sheet)


def file_upload(question: Question, problem: str, most_megabytes: int) -> tuple[str, Params]:
    """Return what is attached, each with a way to take it off, and the input for more where there may be more."""
    component, common = question.component, _common(question, problem)
    said = f"{say_kinds(component.accepted)}, up to {most_megabytes} MB."
    common["hint"] = {"text": " ".join(filter(None, (common.get("hint", {}).get("text"), said)))}
    extensions = component.accepted or tuple(BY_EXTENSION)
    attributes = {"accept": ",".join(f".{extension}" for extension in extensions)}
    if component.is_multiple:
        attributes["multiple"] = "multiple"
    return "files", {
        **common,
        "label": {"text": _label(question)},
        "attributes": attributes,
        "takes_more": component.is_multiple or not question.options,
        "attached": [{"document_id": option.value, "name": option.label} for option in question.options],
    }


def identity(name: str) -> str:
    """Return the HTML id of a question: its name, without the dots that selectors trip over."""
    return re.sub(r"[^\w-]", "-", name)


def _common(question: Question, problem: str) -> Params:
    common: Params = {"id": identity(question.name), "name": question.name}
    hint = question.component.description or (question.field.hint if question.field else "")
    if hint:
        common["hint"] = {"text": hint}
    if problem:
        common["errorMessage"] = {"text": problem}
    return common


def _typed(sheet: Sheet, name: str) -> str:
    return (sheet.typed.get(name) or [""])[0]


def _label(question: Question) -> str:
    text = question.component.label
    return text if question.component.is_required or not text else f"{text} (optional)"


def _text_input(question: Question, common: Params, sheet: Sheet) -> tuple[str, Params]:
    params = {**common, "label": {"text": _label(question)}, "value": _typed(sheet, question.name)}
    shape = question.component.validation.get("validationType")
    if question.is_money:
        return "input", {**params, "prefix": {"text": "£"}, "inputmode": "decimal", "classes": "govuk-input--width-5"}
    if shape == "email":
        return "input", {**params, "type": "email", "spellcheck": False}
    if shape == "phone":
        return "input", {**params, "type": "tel", "classes": "govuk-input--width-20"}
    return "input", params


def _number_input(question: Question, common: Params, sheet: Sheet) -> tuple[str, Params]:
    if question.is_money:
        return _text_input(question, common, sheet)
    params = {**common, "label": {"text": _label(question)}, "value": _typed(sheet, question.name)}
    return "input", {**params, "inputmode": "decimal", "classes": "govuk-input--width-5"}


def _text_area(question: Question, common: Params, sheet: Sheet) -> tuple[str, Params]:
    params = {**common, "label": {"text": _label(question)}, "value": _typed(sheet, question.name), "rows": 5}
    longest = question.component.validation.get("maxLength")
    return ("character_count", {**params, "maxlength": longest}) if isinstance(longest, int) else ("textarea", params)


def _select(question: Question, common: Params, sheet: Sheet) -> tuple[str, Params]:
    chosen = _typed(sheet, question.name)
    items = [{"value": "", "text": "Choose", "selected": not chosen}]
    items += [{"value": o.value, "text": o.label, "selected": o.value == chosen} for o in question.options]
    return "select", {**common, "label": {"text": _label(question)}, "items": items}


def _radios(question: Question, common: Params, sheet: Sheet) -> tuple[str, Params]:
    if len(question.options) >= _SELECT_FROM and not any(o.hint for o in question.options):
        return _select(question, common, sheet)
    chosen = _typed(sheet, question.name)
    items = [_item(o, checked=o.value == chosen) for o in question.options]
    classes = "govuk-radios--inline" if len(items) == 2 and all(len(o.label) < 6 for o in question.options) else ""
    return "radios", {**_grouped(question, common), "items": items, "classes": classes}


def _checklist(question: Question, common: Params, sheet: Sheet) -> tuple[str, Params]:
    chosen = set(sheet.typed.get(question.name) or [])
    items = [_item(o, checked=o.value in chosen) for o in question.options]
    return "checkboxes", {**_grouped(question, common), "items": items}


def _checkbox(question: Question, common: Params, sheet: Sheet) -> tuple[str, Params]:
    item: Params = {"value": "yes", "text": question.component.label, "checked": _typed(sheet, question.name) == "yes"}
    if "hint" in common:
        item["hint"] = common.pop("hint")
    common["idPrefix"] = common.pop("id")
    return "checkboxes", {**common, "items": [item]}


def _moment(question: Question, common: Params, sheet: Sheet) -> tuple[str, Params]:
    subtype = question.component.subtype
    base, name = common["id"], question.name
    parts = {"date": ["day", "month", "year"], "time": ["time"]}.get(subtype, ["day", "month", "year", "time"])
    wrong = " govuk-input--error" if "errorMessage" in common else ""
    widths = {"year": "4", "time": "5"}
    items = [
        {
            "id": f"{base}-{part}",
            "name": f"{name}-{part}",
            "label": part.capitalize(),
            "value": _typed(sheet, f"{name}-{part}"),
            "classes": f"govuk-input--width-{widths.get(part, '2')}{wrong}",
        }
        for part in parts
    ]
    example = {"date": "For example, 27 3 2026", "time": "For example, 2:30pm"}
    common.setdefault("hint", {"text": example.get(subtype, "For example, 27 3 2026 and 2:30pm")})
    params = {**_grouped(question, common), "id": base, "items": [{"inputmode": _mode(i), **i} for i in items]}
    params.pop("idPrefix")
    params.pop("name")
    return "date", params


def _mode(item: Params) -> str:
    return "text" if item["label"] == "Time" else "numeric"


def _grouped(question: Question, common: Params) -> Params:
    rest = {name: value for name, value in common.items() if name != "id"}
    legend = {"text": _label(question), "classes": "govuk-fieldset__legend--s"}
    return {**rest, "idPrefix": common["id"], "fieldset": {"legend": legend}}


def _item(option: Option, *, checked: bool) -> Params:
    item: Params = {"value": option.value, "text": option.label, "checked": checked}
    return {**item, "hint": {"text": option.hint}} if option.hint else item
