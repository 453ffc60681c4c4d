"""A sheet as GOV.UK components: which macro draws each question, and what it is given. Templates decide nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from markupsafe import Markup, escape

from web.forms.components import Params, component_for, file_upload, identity
from web.forms.conditions import condition_in_words
from web.forms.kinds import Question
from web.forms.sheet import Asked, Sheet, Surroundings
from web.forms.text import to_html


@dataclass(frozen=True, slots=True)
class Block:
    """One thing to draw: `macro` names it; `question` is what scripts know it by, `condition` says when it counts."""

    macro: str
    params: Params
    question: str = ""
    is_hidden: bool = False
    condition: str = ""
    parts: list[Block] = field(default_factory=list)
    rows: list[list[Block]] = field(default_factory=list)


def blocks(sheet: Sheet, surroundings: Surroundings, *, with_problems: bool) -> list[Block]:
    """Return what to draw. Problems are shown once a person has tried to submit."""
    questions = _asked_now(every(sheet.asked), surroundings)
    return _blocks(sheet.asked, sheet, surroundings, questions=questions, with_problems=with_problems)


def error_summary(sheet: Sheet, others: Mapping[str, str] | None = None) -> Params | None:
    """Return the parameters of the error summary, or None when there is nothing to put right.

    `others` are problems found after the form's own, by the name of the question.
    """
    items = []
    rows = rows_by_name(sheet.asked)
    for asked in every(sheet.asked):
        text = sheet.problems.get(asked.name) or (others or {}).get(asked.name)
        if text and asked.component.type != "group":
            where = f"{rows[asked.name]}: " if asked.name in rows else ""
            items.append({"text": where + text, "href": f"#{focus_id(asked.question)}"})
    named = {asked.name for asked in every(sheet.asked)}
    items += [{"text": text} for name, text in (others or {}).items() if name not in named]
    return {"titleText": "There is a problem", "errorList": items} if items else None


def focus_id(question: Question) -> str:
    """Return the id of the input that an error summary's link moves to."""
    base = identity(question.name)
    if question.component.type != "datetime":
        return base
    return f"{base}-time" if question.component.subtype == "time" else f"{base}-day"


def _blocks(
    asked: Sequence[Asked],
    sheet: Sheet,
    surroundings: Surroundings,
    *,
    questions: Mapping[str, Question],
    with_problems: bool,
    row: str = "",
) -> list[Block]:
    """Return what to draw; `row` is what the row of a list is called that these questions stand in."""
    drawn: list[Block] = []
    was_plain = False
    for entry in asked:
        condition = _condition(entry, questions, surroundings)
        # What depends on no answer of this form is settled here; the rest is drawn, and put out of sight by the script.
        if condition is None or (entry.is_hidden and not condition):
            continue
        problem = sheet.problems.get(entry.name, "") if with_problems else ""
        draw = partial(
            _blocks, sheet=sheet, surroundings=surroundings, questions=questions, with_problems=with_problems
        )
        parts = draw(entry.parts, row=row)
        rows = [draw(part, row=f"{item_of(entry)} {number}") for number, part in enumerate(entry.rows, 1)]
        macro, params = _draw(entry, sheet, surroundings, problem)
        block = Block(macro, named_apart(params, row), identity(entry.name), entry.is_hidden, condition, parts, rows)
        is_plain = macro == "read_only" and not condition
        if is_plain and was_plain:
            # Values that are shown one after the other make one list.
            drawn[-1].params["rows"] += params["rows"]
        else:
            drawn.append(block)
        was_plain = is_plain
    return drawn


def _asked_now(asked: Sequence[Asked], surroundings: Surroundings) -> dict[str, Question]:
    """Return the questions that may come to count, by key: what is never asked decides nothing about others."""
    found = {entry.key: entry.question for entry in asked if entry.key}
    while True:
        may_count = set()
        for entry in asked:
            condition = _condition(entry, found, surroundings)
            if condition or (condition == "" and not entry.is_hidden):
                may_count.add(entry.key)
        left = {key: question for key, question in found.items() if key in may_count}
        if len(left) == len(found):
            return found
        found = left


def named_apart(params: Params, row: str) -> Params:
    """Return a question's parameters with the name of its row in its label, for whoever hears labels alone."""
    said = Markup(' <span class="govuk-visually-hidden">({})</span>').format(row.lower()) if row else ""
    if not said:
        return params
    label, fieldset = params.get("label"), params.get("fieldset")
    if isinstance(label, dict):
        params = {**params, "label": {"html": escape(label["text"]) + said}}
    if isinstance(fieldset, dict):
        legend = {**fieldset["legend"], "html": escape(fieldset["legend"]["text"]) + said}
        params = {**params, "fieldset": {**fieldset, "legend": legend}}
    return params


def rows_by_name(asked: Sequence[Asked]) -> dict[str, str]:
    """Return what the row of a list is called that a question stands in, by the question's name."""
    found: dict[str, str] = {}
    for entry in asked:
        found |= rows_by_name(entry.parts)
        for number, row in enumerate(entry.rows, 1):
            found |= {part.name: f"{item_of(entry)} {number}" for part in every(row)}
    return found


def item_of(entry: Asked) -> str:
    """Return what one row of a list is called."""
    return entry.component.properties.get("item") or singular(entry.component.label)


def _condition(entry: Asked, questions: Mapping[str, Question], surroundings: Surroundings) -> str | None:
    """Return when a question counts, in words: empty where no answer of this form decides, None where it never does."""
    hide = entry.component.hide
    if hide is None or not _depends_on(entry, questions):
        return ""
    return condition_in_words(hide, questions, lambda part: surroundings.evaluate(part, entry.names))


def _depends_on(entry: Asked, keys: Iterable[str]) -> bool:
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
        return file_upload(entry.question, problem, surroundings.most_megabytes)
    return component_for(entry.question, sheet, problem)


def _list_params(entry: Asked, problem: str) -> Params:
    return {
        "id": identity(entry.name),
        "name": entry.name,
        "legend": entry.component.label,
        "hint": entry.component.description,
        "item": item_of(entry),
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
