"""The plan of a service request with its versions: who changed what and when, the current one first.

A version is what somebody submitted: history keeps every submission, and nothing of it is ever written over. What a
leader or a manager decided on a version stands beside it, with the version of the diagram that it was decided on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask import Blueprint, render_template
from sqlalchemy import Connection

from engine import definitions
from engine.dictionary import Dictionary
from engine.errors import NotFound
from engine.queries import cases as case_rows
from engine.queries import told
from engine.queries.cases import RequestRow
from engine.queries.told import HistoryRow
from web import history_words
from web.case_summary import summary_of
from web.current import world
from web.fact_tables import FactTable, tables_of
from web.labels import label_of, say
from web.procedure_text import elements_setting

pages = Blueprint("case_plan", __name__, url_prefix="/cases/<int:case_id>/plan")
LISTS = ("request.plan_reasons", "request.plan_actions", "request.redress_items")
"""The lists that make up a plan; a submission that names none of them is no version of it."""
_ADDED, _DECISION = "extra_redress", "decision_record"


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided on a version of a plan; `ran_on` is the version of the diagram."""

    title: str
    at: datetime
    step: str
    answers: list[dict[str, Any]]
    ran_on: str


@dataclass(slots=True)
class State:
    """One state of a plan: who wrote it, when, at which step, what is in it and what changed since the one before."""

    number: int
    what: str
    by: str
    at: datetime
    step: str
    ran_on: str
    tables: list[FactTable]
    changes: list[str]
    decisions: list[Decision] = field(default_factory=list)


@pages.get("/<int:request_id>")
def page(case_id: int, request_id: int) -> str:
    """Show the versions of a request's plan."""
    with world().db.read() as connection:
        found = [row for row in case_rows.requests_of(connection, case_id) if row.request_id == request_id]
        if not found:
            raise NotFound("There is no such service request on this case.")
        states = states_of(connection, found[0])
        summary = summary_of(connection, case_id)
    return render_template("cases/plan.html", summary=summary, row=found[0], states=states)


def states_of(connection: Connection, request: RequestRow) -> list[State]:
    """Return every state that the plan of a request was in, the newest first."""
    people = told.names_of_people(connection)
    plan: dict[str, Any] = {}
    number = 0
    states: list[State] = []
    for row in told.plan_of_request(connection, request.request_id, [*LISTS, _ADDED, _DECISION]):
        definition = definitions.load(world(), connection, row.definition_id)
        if row.element_id in elements_setting(definition, "plan_version"):
            number += 1
        record = (row.values or {}).get(_DECISION)
        if record:
            _note_decision(states, row, record, people)
        before, plan = plan, _changed(plan, row)
        is_put_again = bool(states) and states[-1].number != number and any(key in (row.values or {}) for key in LISTS)
        if plan != before or is_put_again:
            states.append(_state(row, max(number, 1), before, plan, definition.dictionary, people))
    return states[::-1]


def _changed(plan: dict[str, Any], row: HistoryRow) -> dict[str, Any]:
    """Return a plan after a submission; what was added to it later is among its redress."""
    values = row.values or {}
    if row.kind != "submitted":
        return plan
    given = {key: values[key] for key in LISTS if values.get(key) is not None}
    if values.get(_ADDED) and not values.get("redress_withdrawn"):
        given[LISTS[2]] = [*(plan.get(LISTS[2]) or []), *values[_ADDED]]
    return {**plan, **given}


def _state(
    row: HistoryRow,
    number: int,
    before: Mapping[str, Any],
    plan: Mapping[str, Any],
    dictionary: Dictionary,
    people: Mapping[int, str],
) -> State:
    return State(
        number=number,
        what=row.element_name,
        by=history_words.who(row.actor, people),
        at=row.at,
        step=row.step,
        ran_on=f"{row.title}, version {row.version}",
        tables=tables_of({key.removeprefix("request."): rows for key, rows in plan.items()}, dictionary, people),
        changes=(changes_between(before, plan, dictionary, people) or ["Nothing"]) if before else [],
    )


def changes_between(
    before: Mapping[str, Any], after: Mapping[str, Any], dictionary: Dictionary, people: Mapping[int, str]
) -> list[str]:
    """Return in words what one state of a plan has that the other has not, row by row."""
    said: list[str] = []
    for key in LISTS:
        old, new = before.get(key) or [], after.get(key) or []
        label = label_of(dictionary, key)
        for place in range(max(len(old), len(new))):
            if place >= len(old):
                said.append(f"{label}, row {place + 1} added: {_row(dictionary, key, new[place], people)}")
            elif place >= len(new):
                said.append(f"{label}, row {place + 1} taken out: {_row(dictionary, key, old[place], people)}")
            else:
                said += _cells(dictionary, f"{label}, row {place + 1}", key, old[place], new[place], people)
    return said


def _row(dictionary: Dictionary, key: str, row: Mapping[str, Any], people: Mapping[int, str]) -> str:
    return say(dictionary, key, [row], people)


def _cells(
    dictionary: Dictionary,
    where: str,
    key: str,
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    people: Mapping[int, str],
) -> list[str]:
    """Return which cells of a row changed, from what to what."""
    said = []
    for name in dict.fromkeys([*old, *new]):
        if old.get(name) != new.get(name):
            was, now = (say(dictionary, f"{key}[].{name}", row.get(name), people) or "nothing" for row in (old, new))
            said.append(f"{where}, {label_of(dictionary, f'{key}[].{name}')}: {was}, now {now}")
    return said


def _note_decision(states: list[State], row: HistoryRow, record: Mapping[str, Any], people: Mapping[int, str]) -> None:
    """Put a decision beside the newest state of the version that it was made on."""
    (line,) = history_words.tell([row], people, {})
    decision = Decision(line.title, row.at, row.step, line.answers, f"{row.title}, version {row.version}")
    of_version = [state for state in states if state.number == record.get("plan_version")]
    if states:
        (of_version or states)[-1].decisions.append(decision)
