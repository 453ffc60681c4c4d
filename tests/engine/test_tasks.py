"""User tasks: who may do what, what is refused, and that nothing changes when it is."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from engine import accounts, people, tasks
from engine.drafts import draft_of, save_draft
from engine.errors import (
    Conflict,
    NotAllowed,
    NotFound,
    TaskAlreadyClaimed,
    TaskAlreadyCompleted,
    TaskNotClaimed,
    TaskNotYours,
    TaskWithdrawn,
    ValuesRefused,
)
from engine.models import History, Notification, ProcessInstance, ServiceRequest, UserTask
from engine.people import Somebody
from engine.values import loads
from tests import tiny
from tests.stage import Stage

ASK_ONCE = (
    tiny.node("startEvent", "begin"),
    tiny.user_task("ask", form="ask"),
    tiny.node("endEvent", "done"),
    tiny.chain("begin", "ask", "done"),
)
ASK_FOR_A_WEEK = (
    tiny.node("startEvent", "begin"),
    tiny.user_task("ask", form="ask"),
    tiny.node("boundaryEvent", "week", tiny.timer("P7D"), attachedToRef="ask"),
    tiny.user_task("chase", form="ask"),
    tiny.node("endEvent", "done"),
    tiny.chain("begin", "ask", "done"),
    tiny.chain("week", "chase"),
    tiny.flow("chase", "done"),
)


def _together(*attempts: Callable[[], object]) -> list[object]:
    """Make attempts in threads that start at the same moment; return each one's result or error."""
    results: list[object] = [None] * len(attempts)
    start = threading.Barrier(len(attempts))

    def run(index: int, attempt: Callable[[], object]) -> None:
        start.wait()
        try:
            results[index] = attempt()
        except Exception as error:  # noqa: BLE001 - the error is the result
            results[index] = error

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(attempts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_of_two_submits_at_the_same_moment_one_wins_and_the_other_learns_who_and_when(stage: Stage) -> None:
    stage.deploy(*ASK_ONCE)
    stage.start()
    task_id = stage.task_id("ask")
    tasks.claim(stage.world, task_id, actor=stage.caseworker)

    def submit() -> object:
        return tasks.complete(stage.world, task_id, {"answer": "Yes"}, actor=stage.caseworker)

    results = _together(submit, submit, submit)

    losers = [result for result in results if isinstance(result, TaskAlreadyCompleted)]
    assert len(losers) == 2
    assert {(loser.by, loser.at) for loser in losers} == {(stage.caseworker.name, stage.world.clock.now())}
    assert stage.status() == "completed"
    assert stage.told().count(("submitted", "ask")) == 1


def test_who_submits_after_a_colleague_took_over_reads_that_it_was_completed_by_whom_and_when(stage: Stage) -> None:
    stage.deploy(*ASK_ONCE)
    stage.start()
    task_id = stage.task_id("ask")
    tasks.claim(stage.world, task_id, actor=stage.caseworker)
    tasks.assign(stage.world, task_id, to=stage.colleague.person_id, actor=stage.leader)
    tasks.complete(stage.world, task_id, {"answer": "Theirs"}, actor=stage.colleague)

    with pytest.raises(TaskAlreadyCompleted) as caught:
        tasks.complete(stage.world, task_id, {"answer": "Mine"}, actor=stage.caseworker)

    assert caught.value.by == stage.colleague.name
    assert f"already completed by {stage.colleague.name} on 1 October 2026 at 9am" in str(caught.value)
    assert loads(stage.rows(ProcessInstance)[0].variables)["process"] == {"answer": "Theirs"}


def test_of_many_people_who_claim_a_task_at_once_one_gets_it_and_the_others_learn_who(stage: Stage) -> None:
    stage.deploy(*ASK_ONCE)
    stage.start()
    task_id = stage.task_id("ask")
    people = [stage.caseworker, stage.colleague]

    def claim(person: Somebody) -> Callable[[], object]:
        return lambda: tasks.claim(stage.world, task_id, actor=person)

    results = _together(*(claim(person) for person in people))

    winner = people[results.index(None)]
    [loser] = [result for result in results if isinstance(result, TaskAlreadyClaimed)]
    assert loser.by == winner.name
    assert stage.task("ask").assignee_id == winner.person_id
    assert stage.told().count(("claimed", "ask")) == 1


def test_claiming_what_one_holds_already_changes_nothing(stage: Stage) -> None:
    stage.deploy(*ASK_ONCE)
    stage.start()
    for _ in range(2):
        tasks.claim(stage.world, stage.task_id("ask"), actor=stage.caseworker)
    assert stage.told().count(("claimed", "ask")) == 1


def test_assigning_or_releasing_a_second_time_changes_nothing(stage: Stage) -> None:
    stage.deploy(*ASK_ONCE)
    stage.start()
    task_id = stage.task_id("ask")
    for _ in range(2):
        tasks.assign(stage.world, task_id, to=stage.colleague.person_id, actor=stage.leader)
    for _ in range(2):
        tasks.release(stage.world, task_id, actor=stage.leader)
    assert [kind for kind, element in stage.told() if element == "ask"] == ["assigned", "released"]
    assert stage.task("ask").version == 3


def test_a_task_of_another_group_cannot_be_claimed(stage: Stage) -> None:
    stage.deploy(*ASK_ONCE)
    stage.start()
    with pytest.raises(NotAllowed, match="another team"):
        tasks.claim(stage.world, stage.task_id("ask"), actor=stage.outsider)
    assert stage.task("ask").assignee_id is None


def test_a_task_that_another_holds_cannot_be_completed_released_or_drafted(stage: Stage) -> None:
    stage.deploy(*ASK_ONCE)
    stage.start()
    task_id = stage.task_id("ask")
    tasks.claim(stage.world, task_id, actor=stage.caseworker)
    before = stage.task("ask")
    with pytest.raises(TaskNotYours):
        tasks.complete(stage.world, task_id, {"answer": "x"}, actor=stage.colleague)
    with pytest.raises(TaskNotYours):
        tasks.release(stage.world, task_id, actor=stage.colleague)
    with pytest.raises(TaskNotYours):
        save_draft(stage.world, task_id, {"answer": ["x"]}, actor=stage.colleague)
    assert stage.task("ask") == before


def test_whoever_was_taken_out_of_the_team_completes_nothing_of_theirs(stage: Stage) -> None:
    stage.deploy(*ASK_ONCE)
    stage.start()
    task_id = stage.task_id("ask")
    tasks.claim(stage.world, task_id, actor=stage.caseworker)
    moved_on = replace(stage.caseworker, groups=stage.outsider.groups)
    with pytest.raises(TaskNotYours, match="no longer belong to the team"):
        tasks.complete(stage.world, task_id, {"answer": "x"}, actor=moved_on)
    assert stage.task("ask").status == "open"


def test_a_task_must_be_claimed_before_it_is_completed(stage: Stage) -> None:
    stage.deploy(*ASK_ONCE)
    stage.start()
    with pytest.raises(TaskNotClaimed):
        tasks.complete(stage.world, stage.task_id("ask"), {}, actor=stage.caseworker)


def test_a_task_that_does_not_exist_is_not_found(stage: Stage) -> None:
    with pytest.raises(NotFound):
        tasks.claim(stage.world, 4711, actor=stage.caseworker)


def test_a_leader_assigns_to_members_of_the_group_only_and_a_caseworker_to_nobody(stage: Stage) -> None:
    stage.deploy(*ASK_ONCE)
    stage.start()
    task_id = stage.task_id("ask")
    with pytest.raises(NotAllowed, match="Only a team leader"):
        tasks.assign(stage.world, task_id, to=stage.colleague.person_id, actor=stage.caseworker)
    with pytest.raises(NotAllowed, match="is not in the team"):
        tasks.assign(stage.world, task_id, to=stage.outsider.person_id, actor=stage.leader)
    tasks.assign(stage.world, task_id, to=stage.colleague.person_id, actor=stage.leader)
    assert stage.task("ask").assignee_id == stage.colleague.person_id


def test_a_released_task_goes_back_to_the_group_with_its_draft(stage: Stage) -> None:
    stage.deploy(*ASK_ONCE)
    stage.start()
    task_id = stage.task_id("ask")
    tasks.claim(stage.world, task_id, actor=stage.caseworker)
    save_draft(stage.world, task_id, {"answer": ["half a sen"]}, actor=stage.caseworker)
    tasks.release(stage.world, task_id, actor=stage.leader)
    assert stage.task("ask").assignee_id is None
    assert draft_of(stage.task("ask")).typed == {"answer": ["half a sen"]}
    tasks.claim(stage.world, task_id, actor=stage.colleague)


def test_a_draft_may_hold_what_a_submit_may_not_and_goes_when_the_task_is_completed(stage: Stage) -> None:
    stage.deploy(*ASK_ONCE)
    stage.start()
    task_id = stage.task_id("ask")
    tasks.claim(stage.world, task_id, actor=stage.caseworker)
    save_draft(stage.world, task_id, {"answer": ["x" * 5_000], "nonsense": ["1"]}, actor=stage.caseworker)
    assert stage.open_tasks() == ["ask"]
    tasks.complete(stage.world, task_id, {"answer": "short"}, actor=stage.caseworker)
    assert stage.task("ask").draft is None


def test_a_submit_of_a_page_that_is_older_than_the_task_is_refused(stage: Stage) -> None:
    stage.deploy(*ASK_ONCE)
    stage.start()
    task_id = stage.task_id("ask")
    tasks.claim(stage.world, task_id, actor=stage.caseworker)
    shown = stage.task("ask").version
    tasks.release(stage.world, task_id, actor=stage.caseworker)
    tasks.claim(stage.world, task_id, actor=stage.caseworker)
    with pytest.raises(Conflict):
        tasks.complete(stage.world, task_id, {}, actor=stage.caseworker, version=shown)
    tasks.complete(stage.world, task_id, {}, actor=stage.caseworker, version=stage.task("ask").version)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"count": "three"}, "count"),
        ({"count": 0}, "count"),
        ({"count": 10}, "count"),
        ({"colour": "Blue"}, "colour"),
        ({"colour": 5}, "colour"),
        ({"agreed": "yes"}, "agreed"),
        ({"amount": -1}, "amount"),
        ({"answer": ["a", "list"]}, "answer"),
        ({"not_on_the_form": 1}, "not_on_the_form"),
        ({"request.outcome": 5}, "request.outcome"),
        ({"case.nation": "scotland"}, "case.nation"),
    ],
)
def test_a_value_of_the_wrong_type_range_or_picklist_is_refused_and_nothing_changes(
    stage: Stage, values: dict[str, object], field: str
) -> None:
    form = tiny.form(
        "facts",
        {"type": "textfield", "key": "answer", "label": "Answer"},
        {"type": "number", "key": "count", "label": "Count"},
        {"type": "checkbox", "key": "agreed", "label": "Agreed"},
        {"type": "number", "key": "amount", "label": "Amount", "properties": {"money": "true"}},
        {"type": "select", "key": "colour", "label": "Colour", "valuesKey": "picklists.colour"},
        {"type": "textfield", "key": "request.outcome", "label": "Outcome"},
    )
    ask = tiny.user_task("ask", form="facts")
    stage.deploy(
        tiny.node("startEvent", "begin"), ask, tiny.node("endEvent", "done"), tiny.chain("begin", "ask", "done"),
        forms={"facts": form},
    )  # fmt: skip
    stage.start()
    tasks.claim(stage.world, stage.task_id("ask"), actor=stage.caseworker)
    tables = (ProcessInstance, History, ServiceRequest)
    before = [stage.rows(table) for table in tables]

    with pytest.raises(ValuesRefused) as caught:
        tasks.complete(stage.world, stage.task_id("ask"), {"answer": "good", **values}, actor=stage.caseworker)

    assert set(caught.value.problems) == {field}
    assert [stage.rows(table) for table in tables] == before
    assert stage.task("ask").status == "open"


def test_values_are_assigned_and_never_merged(stage: Stage) -> None:
    stage.deploy(
        tiny.node("startEvent", "begin"),
        tiny.user_task("ask", form="many"),
        tiny.user_task("again", form="many"),
        tiny.node("endEvent", "done"),
        tiny.chain("begin", "ask", "again", "done"),
        forms={"many": tiny.form("many", {"type": "checklist", "key": "colours", "label": "Colours",
                                          "valuesKey": "picklists.colour"})},
        dictionary='[fields.colours]\ntype = "choices"\nlabel = "Colours"\npicklist = "colour"\n',
    )  # fmt: skip
    stage.start()
    stage.complete("ask", {"colours": ["Red", "Green"]})
    stage.complete("again", {"colours": ["Green"]})
    assert loads(stage.rows(ProcessInstance)[0].variables)["process"] == {"colours": ["Green"]}


def test_an_overdue_interrupting_timer_beats_a_late_submit(stage: Stage) -> None:
    stage.deploy(*ASK_FOR_A_WEEK)
    stage.start()
    task_id = stage.task_id("ask")
    tasks.claim(stage.world, task_id, actor=stage.caseworker)
    stage.wait(timedelta(days=7, seconds=1))

    with pytest.raises(TaskWithdrawn):
        tasks.complete(stage.world, task_id, {"answer": "late"}, actor=stage.caseworker)

    stage.wait_and_work()
    assert stage.open_tasks() == ["chase"]
    with pytest.raises(TaskWithdrawn):
        tasks.complete(stage.world, task_id, {"answer": "later"}, actor=stage.caseworker)
    with pytest.raises(TaskWithdrawn):
        tasks.claim(stage.world, task_id, actor=stage.caseworker)


def test_a_withdrawn_task_keeps_what_was_typed(stage: Stage) -> None:
    stage.deploy(*ASK_FOR_A_WEEK)
    stage.start()
    task_id = stage.task_id("ask")
    tasks.claim(stage.world, task_id, actor=stage.caseworker)
    save_draft(stage.world, task_id, {"answer": ["nearly"]}, actor=stage.caseworker)
    stage.wait_and_work(timedelta(days=8))
    row = next(row for row in stage.rows(UserTask) if row.task_id == task_id)
    assert (row.status, draft_of(row).typed) == ("withdrawn", {"answer": ["nearly"]})


def test_a_submit_just_before_the_deadline_counts(stage: Stage) -> None:
    stage.deploy(*ASK_FOR_A_WEEK)
    stage.start()
    stage.wait(timedelta(days=6, hours=23))
    assert stage.complete("ask", {"answer": "in time"}).status == "completed"
    assert stage.wait_and_work(timedelta(days=2)) == 0


def assigned(element_id: str, assignee: str) -> str:
    """A task of the review caseworkers that the diagram gives to one of them."""
    return tiny.node(
        "userTask", element_id,
        tiny.extensions(
            "<zeebe:userTask />", '<zeebe:formDefinition formId="ask" bindingType="deployment" />',
            f'<zeebe:assignmentDefinition candidateGroups="review_caseworker" assignee="{assignee}" />',
        ), name="Ask",
    )  # fmt: skip


def test_a_task_goes_to_the_person_that_the_diagram_names(stage: Stage) -> None:
    stage.deploy(
        tiny.node("startEvent", "begin"),
        assigned("ask", "=actor"),
        tiny.node("endEvent", "done"),
        tiny.chain("begin", "ask", "done"),
    )
    stage.start()
    assert stage.task("ask").assignee_id == stage.caseworker.person_id
    with pytest.raises(TaskAlreadyClaimed):
        tasks.claim(stage.world, stage.task_id("ask"), actor=stage.colleague)


@pytest.mark.parametrize("how", ["locked", "taken out of the group"])
def test_a_task_for_somebody_who_cannot_do_it_waits_in_the_queue(stage: Stage, how: str) -> None:
    stage.deploy(
        tiny.node("startEvent", "begin"),
        tiny.user_task("first", form="ask"),
        assigned("ask", str(stage.caseworker.person_id)),
        tiny.node("endEvent", "done"),
        tiny.chain("begin", "first", "ask", "done"),
    )
    stage.start()
    if how == "locked":
        accounts.lock(stage.world, stage.caseworker.person_id, actor=stage.leader)
    else:
        with stage.world.db.write() as connection:
            people.set_groups(connection, stage.caseworker.person_id, ["owning_team"])
    stage.complete("first", {"answer": "yes"}, by=stage.colleague)
    assert (stage.task("ask").assignee_id, stage.task("ask").candidate_group) == (None, "review_caseworker")
    assert stage.rows(Notification) == []
    stage.complete("ask", {"answer": "yes"}, by=stage.colleague)
    assert stage.status() == "completed"


def test_an_answer_to_a_question_that_was_not_asked_is_refused(stage: Stage) -> None:
    form = tiny.form(
        "facts",
        {"type": "checkbox", "key": "agreed", "label": "Agreed"},
        {"type": "textfield", "key": "request.outcome", "label": "Outcome", "conditional": {"hide": "=agreed = true"}},
    )
    stage.deploy(
        tiny.node("startEvent", "begin"),
        tiny.user_task("ask", form="facts"),
        tiny.user_task("next", form="ask"),
        tiny.node("endEvent", "done"),
        tiny.chain("begin", "ask", "next", "done"),
        forms={"facts": form},
    )
    stage.start()
    with pytest.raises(ValuesRefused) as caught:
        stage.complete("ask", {"agreed": True, "request.outcome": 5})
    assert set(caught.value.problems) == {"request.outcome"}
    tasks.complete(stage.world, stage.task_id("ask"), {"agreed": True, "request.outcome": None}, actor=stage.caseworker)
    assert stage.open_tasks() == ["next"]
