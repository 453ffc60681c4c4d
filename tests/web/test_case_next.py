"""What is next on a case with several open requests: the soonest overdue first, then what somebody can do."""

from datetime import UTC, datetime, timedelta

from engine.queries.cases import RequestRow
from engine.queries.worklist import TaskRow
from web.case_next import ahead
from web.holders import NextDue
from web.request_cards import RequestCard

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)


def day(number):
    return NOW + timedelta(days=number)


def card(number, *, kind="Review", due=None, wait=None, lesser=False, task=True):
    """An open request whose task is due on a day, or that waits until one."""
    row = RequestRow(1, number, kind, "In Progress", None, None, None, None, NOW, None, None, {})
    named = f"Task of {number}"
    listed = dict.fromkeys(TaskRow.__dataclass_fields__)
    tasks = [
        TaskRow(
            **{**listed, "task_id": 7, "name": named, "assignee_name": "Cara", "instance_id": 1, "outside": ""}
            | {"due_at": day(due) if due is not None else None}
        )
    ]
    date = NextDue(f"Wait of {number}", "", day(wait), "7 calendar days after 15 November 2026") if wait else None
    return RequestCard(
        row, f"{kind} {number}", True, "Cara", date, [], "", [], "", tasks if task else [], [], lesser, 0
    )


def first(*cards, rules=None):
    return ahead(list(cards), {}, rules or {}, NOW)[0]


def test_the_soonest_overdue_comes_first_whichever_request_it_is_of():
    found = first(card("SR-1", due=3), card("SR-2", due=-1), card("SR-3", due=-2))
    assert (found.of, found.is_overdue) == ("Review SR-3", True)


def test_something_to_do_comes_before_a_wait_that_ends_sooner():
    assert first(card("SR-1", wait=2, task=False), card("SR-2", due=5)).what == "Task of SR-2"


def test_a_task_without_a_date_is_as_urgent_as_the_next_date_of_its_request():
    found = first(card("SR-1", due=9), card("SR-2", wait=4))
    assert (found.what, found.date_of, found.rule) == (
        "Task of SR-2", "Wait of SR-2", "7 calendar days after 15 November 2026",
    )  # fmt: skip


def test_a_payment_comes_after_the_request_that_it_serves_unless_it_is_overdue():
    payment = {"kind": "Payment - Non Standard", "lesser": True}
    assert first(card("SR-2", due=1, **payment), card("SR-1")).of == "Review SR-1"
    assert first(card("SR-2", due=-1, **payment), card("SR-1", due=4)).of == "Payment - Non Standard SR-2"


def test_the_rule_of_a_tasks_date_is_the_one_that_was_kept():
    rules = {(1, day(3)): "2 working days after 20 November 2026, Scotland"}
    assert first(card("SR-1", due=3), rules=rules).rule == "2 working days after 20 November 2026, Scotland"
