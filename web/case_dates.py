"""Every date of a case and what it is made of: "why was it 14 December?" has one page, for past dates too."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, render_template, request

from engine import definitions
from engine.bank_holidays import calendar
from engine.definitions import LoadedDefinition
from engine.queries.clocks import ClockRow, clocks_of
from web.addresses import row_number
from web.case_summary import summary_of
from web.current import world
from web.labels import label_of
from web.procedure_text import date_rule
from web.rule_words import explain
from web.words import moment

pages = Blueprint("case_dates", __name__, url_prefix="/cases/<int:case_id>/dates")
PAGE = 50
_FROM = re.compile(r"(working day|calendar day|month)s after\(\s*([\w.]+(?:\(\))?)\s*,")
_ENDED = {"completed": "Completed", "withdrawn": "No longer needed", "came_due": "Came due"}


@dataclass(frozen=True, slots=True)
class Clock:
    """A date as its page shows it: `state` says what became of it, `parts` what it is made of."""

    row: ClockRow
    name: str
    state: str
    parts: list[dict[str, Any]]


@pages.get("/")
def page(case_id: int) -> str:
    """Show the dates of a case: those that run, then those of the past, the newest first, a page at a time."""
    with world().db.read() as connection:
        rows = clocks_of(connection, case_id)
        loaded = {
            number: definitions.load(world(), connection, number) for number in {row.definition_id for row in rows}
        }
        summary = summary_of(connection, case_id)
    runs = sorted((row for row in rows if row.ended == "running"), key=lambda row: row.due_at)
    past = [row for row in rows if row.ended != "running"]
    last = max(1, -(-len(past) // PAGE))
    number = min(row_number(request.args.get("page", "")) or 1, last)
    return render_template(
        "cases/dates.html",
        summary=summary,
        running=[_clock(row, loaded) for row in runs],
        past=[_clock(row, loaded) for row in past[(number - 1) * PAGE : number * PAGE]],
        number=number,
        last=last,
    )


def _clock(row: ClockRow, loaded: Mapping[int, LoadedDefinition]) -> Clock:
    definition = loaded[row.definition_id]
    name = label_of(definition.dictionary, row.name) if row.of == "fact" else row.name
    text = date_rule(definition, row.element_id)
    return Clock(row, name, _state(row), parts_of(row.rule, row.due_at, definition, text))


def parts_of(rule: str, due_at: Any, definition: LoadedDefinition, text: str) -> list[dict[str, Any]]:
    """Return what a date is made of. `text` is the rule as drawn: it says from what was counted."""
    starts = {
        unit: "when this began" if start == "now()" else label_of(definition.dictionary, start)
        for unit, start in reversed(_FROM.findall(text))
    }
    return explain(rule, due_at, calendar(world()), starts=starts)


def _state(row: ClockRow) -> str:
    if row.of == "fact":
        return "Recorded on the service request"
    if row.ended == "running":
        return "Running"
    if row.ended_at is None:
        return "Ended before that date"
    return f"{_ENDED[row.ended]} on {moment(row.ended_at)}"
