"""A sheet as GOV.UK components: which macro draws each question, and what it is given. Templates decide nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.dictionary import Option
from engine.file_kinds import BY_EXTENSION, say_kinds
from web.forms.kinds import Question
from web.forms.sheet import Asked, Sheet, Surroundings
from web.forms.text import to_html

Params = dict[str, Any]
_SELECT_FROM = 9  # a picklist as long as this is a drop-down, where the form leaves the choice to us


@dataclass(frozen=True, slots=True)
class Block:
    """One thing to draw: `macro` names it; `question` is what scripts know it by."""

    macro: str
    params: Params
    question: str = ""
    is_hidden: bool = False
    parts: list[Block] = field(default_factory=list)
    rows: list[list[Block]] = field(default_factory=list)


def blocks(sheet: Sheet, surroundings: Surroundings, *, with_problems: bool) -> list[Block]:
    """Return what to draw. Problems are shown once a person has tried to submit."""
    keys = {asked.key for asked in every(sheet.asked) if asked.key}
    return _blocks(sheet.asked, sheet, surroundings, keys=keys, with_problems=with_problems)


def error_summary(sheet: Sheet, others: Mapping[str, str] | None = None) -> Params | None:
    """Return the parameters of the error summary, or None when there is nothing to put right.

    `others` are problems found after the form's own, by the name of the question.
    """
    items = []
    for asked in every(sheet.asked):
        text = sheet.problems.get(asked.name) or (others or {}).get(asked.name)
        if text and asked.component.type != "group":
            items.append({"text": text, "href": f"#{focus_id(asked.question)}"})
    named = {asked.name for asked in every(sheet.asked)}
    items += [{"text": text} for name, text in (others or {}).items() if name not in named]
    return {"titleText": "There is a problem", "errorList": items} if items else None


def identity(name: str) -> str:
    """Return the HTML id of a question: its name, without the dots that selectors trip over."""
    return re.sub(r"[^\w-]", "-", name)


def focus_id(question: Question) -> str:
    """Return the id of the input that an error summary's link moves to."""
    base = identity(question.name)
    if question.component.type != "datetime":
        return base
    return f"{base}-time" if question.component.subtype == "time" else f"{base}-day"


def _blocks(
    asked: Sequence[Asked], sheet: Sheet, surroundings: Surroundings, *, keys: set[str], with_problems: bool
) -> list[Block]:
    drawn: list[Block] = []
    was_plain = False
    for entry in asked:
        # What depends on no answer of this form is settled here; the rest is drawn, and put out of sight by the script.
        if entry.is_hidden and not _depends_on(entry, keys):
            continue
        problem = sheet.problems.get(entry.name, "") if with_problems else ""
        parts = _blocks(entry.parts, sheet, surroundings, keys=keys, with_problems=with_problems)
        rows = [_blocks(row, sheet, surroundings, keys=keys, with_problems=with_problems) for row in entry.rows]
        macro, params = _draw(entry, sheet, surroundings, problem)
        block = Block(macro, params, identity(entry.name), entry.is_hidden, parts, rows)
        is_plain = macro == "read_only" and not _depends_on(entry, keys)
        if is_plain and was_plain:
            # Values that are shown one after the other make one list.
            drawn[-1].params["rows"] += params["rows"]
        else:
            drawn.append(block)
        was_plain = is_plain
    return drawn


def _depends_on(entry: Asked, keys: set[str]) -> bool:
    return any(re.search(rf"\b{re.escape(key)}\b", entry.component.hide or "") for key in keys)


def _draw(entry: Asked, sheet: Sheet, surroundings: Surroundings, problem: str) -> tuple[str, Params]:
    kind = entry.component.type
    if kind == "text":
        said = to_html(entry.component.text, lambda expression: surroundings.evaluate(expression, entry.names))
        return "text", {"html": said}
    if kind == "separator":
        return "separator", {}
    if kind == "group":
        return "group", {"legend": entry.component.label, "hint": entry.component.description}
    if kind == "dynamiclist":
        return "list", _list_params(entry, problem)
    if entry.component.is_read_only:
        row = {"label": entry.component.label, "value": shown(entry.question, entry.value)}
        return "read_only", {"rows": [row]}
    if kind == "filepicker":
        return _files(entry.question, _common(entry.question, problem), surroundings.most_megabytes)
    return _input(entry.question, sheet, problem)


def _list_params(entry: Asked, problem: str) -> Params:
    item = entry.component.properties.get("item") or singular(entry.component.label)
    return {
        "id": identity(entry.name),
        "name": entry.name,
        "legend": entry.component.label,
        "hint": entry.component.description,
        "item": item,
        "count": len(entry.rows),
        "is_fixed": entry.component.has_fixed_rows,
        "problem": problem,
    }


def singular(label: str) -> str:
    """Return the name of one item of a list: Resolution actions are each a resolution action."""
    text = label.strip()
    if text.endswith("ies"):
        return text[:-3] + "y"
    return text[:-1] if text.endswith("s") and not text.endswith("ss") else text


def _common(question: Question, problem: str) -> Params:
    common: Params = {"id": identity(question.name), "name": question.name}
    hint = question.component.description or (question.field.hint if question.field else "")
    if hint:
        common["hint"] = {"text": hint}
    if problem:
        common["errorMessage"] = {"text": problem}
    return common


def _input(question: Question, sheet: Sheet, problem: str) -> tuple[str, Params]:
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


def _files(question: Question, common: Params, most_megabytes: int) -> tuple[str, Params]:
    """Return what is attached, each with a way to take it off, and the input for more where there may be more."""
    component = question.component
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


def _mode(item: Params) -> str:
    return "text" if item["label"] == "Time" else "numeric"


def _grouped(question: Question, common: Params) -> Params:
    rest = {name: value for name, value in common.items() if name != "id"}
    legend = {"text": _label(question), "classes": "govuk-fieldset__legend--s"}
    return {**rest, "idPrefix": common["id"], "fieldset": {"legend": legend}}


def _item(option: Option, *, checked: bool) -> Params:
    item: Params = {"value": option.value, "text": option.label, "checked": checked}
    return {**item, "hint": {"text": option.hint}} if option.hint else item


def shown(question: Question, value: object) -> str:
    """Return a value in words, for a question that is shown and not asked."""
    from web.words import in_words

    labels = {option.value: option.label for option in question.options}
    if isinstance(value, str | int) and not isinstance(value, bool) and str(value) in labels:
        return labels[str(value)]
    return in_words(value, is_money=question.is_money)


def every(asked: Sequence[Asked]) -> list[Asked]:
    """Return all of a sheet's components, containers before what they hold."""
    found: list[Asked] = []
    for entry in asked:
        found += [entry, *every(entry.parts)]
        for row in entry.rows:
            found += every(row)
    return found
