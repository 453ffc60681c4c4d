"""What happened on a case, in plain words: filtered by what it is about and by request, a page at a time.

The filters stand in the address, so that a view of a contested case can be kept and sent on.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from flask import render_template, request

from engine import definitions
from engine.queries import cases as case_rows
from engine.queries import running, told
from engine.queries.told import Wanted
from web import history_words
from web.addresses import row_number
from web.case_summary import summary_of
from web.current import world

_QUIET = Wanted(quiet_kinds=history_words.QUIET, quiet_types=history_words.QUIET_JOBS)
_PAYMENT_JOBS = ("draft_payment", "approve_payment", "payment", "update_payment")


@dataclass(frozen=True, slots=True)
class View:
    """A way to look at a history: what it is called, and which rows it wants."""

    key: str
    title: str
    wanted: Wanted


VIEWS = (
    View("", "What people did, and letters", _QUIET),
    View(
        "letters",
        "Letters",
        Wanted(
            kinds=("resent",),
            types=("letter", "record_supplier_dispatch", "make_letter_text"),
            marks=('"slots"', '"letter_check"', '"translation_check"', '"supplier_dispatched_on"'),
        ),
    ),
    View(
        "decisions",
        "Decisions",
        Wanted(kinds=("reopened", "corrected"), marks=('decision":', '"decision_record"', '"further_action"')),
    ),
    View("contacts", "Calls and what the client said", Wanted(kinds=("message",), marks=('"contact_outcome"',))),
    View(
        "payments",
        "Payments",
        Wanted(types=_PAYMENT_JOBS, marks=('"payment_step"', '"payment_outcome"', '"redress_reason"')),
    ),
    View("dates", "Dates and waits", Wanted(kinds=("clock", "timer_fired", "message"))),
    View("everything", "Everything, automatic steps too", Wanted()),
)


def page(case_id: int) -> str:
    """Return the page of a case's history that the address asks for."""
    view = next((one for one in VIEWS if one.key == request.args.get("show", "")), VIEWS[0])
    number = request.args.get("request", "").replace("\0", "").strip()[:40]
    wanted = replace(view.wanted, number=number)
    at = row_number(request.args.get("page", "")) or 1
    with world().db.read() as connection:
        count = told.count_history(connection, case_id, wanted)
        last = max(1, -(-count // told.PAGE))
        at = min(at, last)
        rows = told.history_of_case(connection, case_id, wanted, page=at)
        loaded = {
            row.definition_id: definitions.load(world(), connection, row.definition_id)
            for row in running.instances_of(connection, case_id)
        }
        lines = history_words.tell_everything(rows, told.names_of_people(connection), loaded)
        summary = summary_of(connection, case_id)
        requests = case_rows.requests_of(connection, case_id)
    return render_template(
        "cases/history.html",
        summary=summary,
        lines=lines,
        view=view,
        views=VIEWS,
        requests=[row for row in requests if row.kind != "Payment - Non Standard"],
        chosen=number,
        number=at,
        last=last,
        count=count,
    )
