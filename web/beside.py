"""What stands beside a task's form: all that somebody with the client on the telephone asks next, each thing once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from engine.attempts import day_part
from engine.dictionary import Dictionary
from engine.queries.cases import RequestRow
from engine.queries.lately import Attempt, Lately, lately_on
from engine.queries.running import MessageRow
from engine.queries.told import names_of_people
from web.before import Earlier, before_of
from web.case_page import details_of
from web.case_summary import CaseSummary, Standing, read_standing, summarise
from web.current import world
from web.fact_tables import FactTable, tables_of
from web.holders import task_holder
from web.labels import label_of, option_label, say
from web.task_page import TaskPage
from web.words import day

SHORT = 420  # what is as short as this stands open
_FIRST = 4
_PLAN = "request.plan_"
_OF_THE_PLAN = ("plan_version", "plan_status", "plan_author", "decided_plan_version", "approval_comments")


@dataclass(frozen=True, slots=True)
class Ahead:
    """Something that the case waits for: another task or a date. `rule` says where the date comes from."""

    name: str
    who: str
    due_at: datetime | None
    rule: str


@dataclass(frozen=True, slots=True)
class Said:
    """One contact, attempt or note; `attempt` is there to be taken back."""

    title: str
    text: str
    by: str
    at: datetime
    attempt: Attempt | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """The plan as it stands: its version and what is known of it, its lists, and whose versions there are to see."""

    facts: list[tuple[str, str]]
    lists: list[FactTable]
    request_id: int | None


@dataclass(frozen=True, slots=True)
class Calling:
    """What is known before a call: the number, the part of the day, and the tries of this round of calls."""

    phone: str
    part_now: str
    tried: str
    is_asked: bool


@dataclass(frozen=True, slots=True)
class Beside:
    """Everything beside a form."""

    summary: CaseSummary
    calling: Calling
    ahead: list[Ahead]
    newest: list[Said]
    older: list[Said]
    plan: Plan | None
    lists: list[FactTable]
    details: list[dict[str, Any]]
    before: list[Earlier]
    kept: list[MessageRow]
    """What arrived for the case and was not dealt with."""


def beside(connection: Connection, page: TaskPage) -> Beside | None:
    """Return what stands beside a task's form; None for a task without a case."""
    task, dictionary = page.task, page.definition.dictionary
    if task.case_id is None:
        return None
    standing = read_standing(connection, task.case_id)
    people = names_of_people(connection)
    found = page.names.get("request")
    fields: Mapping[str, Any] = found if isinstance(found, Mapping) else {}
    asked = {component.key for component in page.asking.components}
    lately = lately_on(connection, task.case_id)
    lines = _lines(lately, dictionary)
    lists = [facts for facts in tables_of(fields, dictionary, people) if facts.key not in asked]
    of_plan = [facts for facts in lists if facts.key.startswith(_PLAN) or facts.key == "request.redress_items"]
    own = next((row for row in standing.requests if row.number == fields.get("number")), None)
    shown = {label_of(dictionary, f"request.{name}") for name in _OF_THE_PLAN}
    shown |= {label_of(dictionary, str(key)) for key in asked if key}
    return Beside(
        summary=_without_its_heading(summarise(standing, task.case_id)),
        calling=_calling(page, standing, lately),
        ahead=_ahead(standing, task),
        newest=lines[:_FIRST],
        older=lines[_FIRST:],
        plan=_plan(fields, of_plan, own, dictionary, people),
        lists=[facts for facts in lists if facts not in of_plan],
        details=[row for row in details_of(own, dictionary, people) if row["key"]["text"] not in shown],
        before=before_of(connection, task.case_id, page.names, dictionary),
        kept=lately.kept,
    )


def _without_its_heading(summary: CaseSummary) -> CaseSummary:
    """Return a summary without whose case it is: that stands above the task."""
    above = {summary.client_name, summary.reference}
    return replace(summary, rows=[row for row in summary.rows if row["value"]["text"] not in above])


def _ahead(standing: Standing, task: Any) -> list[Ahead]:
    """Return what else the case waits for: dated things first, the soonest on top."""
    found = [
        Ahead(row.name, task_holder(row, standing.groups), row.due_at, "")
        for row in standing.tasks
        if row.task_id != task.task_id
    ]
    found += [
        Ahead(wait.element_name or wait.element_id, "", wait.due_at, wait.rule)
        for wait in standing.waits
        if wait.kind == "timer" and wait.due_at is not None
    ]
    return sorted(found, key=lambda one: (one.due_at is None, one.due_at.timestamp() if one.due_at else 0, one.name))


def _lines(lately: Lately, dictionary: Dictionary) -> list[Said]:
    """Return contacts, attempts and notes as one list, the newest on top."""
    lines = [
        Said(
            f"{option_label(dictionary, 'source', row.source)} got in touch on {day(row.received_on)}: "
            f"{option_label(dictionary, 'intake_channel', row.channel).lower()}",
            row.about,
            row.by or "",
            row.at,
        )
        for row in lately.contacts
    ]
    lines += [
        Said(
            f"{option_label(dictionary, 'contact_channel', row.channel)}, {row.day_part}: "
            f"{option_label(dictionary, 'contact_outcome', row.outcome)}",
            row.note,
            row.by or "",
            row.at,
            row,
        )
        for row in lately.attempts
    ]
    # A contact that was added to a request is a note too: it stands there as the contact already.
    numbers = tuple(f"{row.number}:" for row in lately.contacts)
    lines += [
        Said(f"Note{f' on {row.request}' if row.request else ''}", row.text, row.by or "The procedure", row.at)
        for row in lately.notes
        if not row.text.startswith(numbers)
    ]
    return sorted(lines, key=lambda line: line.at, reverse=True)


def _calling(page: TaskPage, standing: Standing, lately: Lately) -> Calling:
    since = page.names.get("contact_started_at")
    round_ = [
        row
        for row in lately.attempts
        if row.counts
        and row.request_id == page.task.instance.request_id
        and (not isinstance(since, datetime) or row.recorded_at >= since)
    ]
    parts = Counter(row.day_part for row in round_)
    tried = ", ".join(f"{parts[part]} in the {part}" for part in ("morning", "afternoon", "evening") if parts[part])
    return Calling(
        phone=str(standing.facts.get("phone") or ""),
        part_now=day_part(world().clock.now()),
        tried=tried,
        is_asked=any(component.key == "contact_outcome" for component in page.asking.components),
    )


def _plan(
    fields: Mapping[str, Any],
    lists: list[FactTable],
    own: RequestRow | None,
    dictionary: Dictionary,
    people: Mapping[int, str],
) -> Plan | None:
    if fields.get("plan_version") is None and not lists:
        return None
    pairs = [
        (label_of(dictionary, f"request.{name}"), say(dictionary, f"request.{name}", fields.get(name), people))
        for name in _OF_THE_PLAN
    ]
    has_versions = own is not None and (fields.get("plan_version") or 0) > 1
    return Plan(
        [(label, text) for label, text in pairs if text],
        lists,
        own.request_id if own is not None and has_versions else None,
    )
