"""Reopening and correcting closed requests: by whom, when not, and what stays as it was."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import insert, update

from engine import definitions, history, jobs, reopening, scenarios
from engine.cases import link_requests
from engine.errors import Conflict, DeploymentRefused, NotAllowed, NotFound, ValuesRefused
from engine.models import Blob, Document, History, Note, Payment, Person, ProcessInstance, ServiceRequest, Submission
from engine.values import loads
from tests.reopenable import SHEET, closed, play, request
from tests.stage import Stage


def reopen(stage: Stage, reason: str = "The date was read wrong.") -> int:
    return reopening.reopen(stage.world, 1, reason=reason, actor=stage.leader).instance_id


def put(stage: Stage, statement: object) -> None:
    with stage.world.db.write() as connection:
        connection.execute(statement)  # type: ignore[call-overload]


def test_a_reopened_request_is_worked_on_again_under_its_own_number_by_who_had_it(stage: Stage) -> None:
    closed(stage)
    put(stage, update(ServiceRequest).values(owner_id=stage.colleague.person_id, owner_group="owning_team"))
    stage.wait(timedelta(days=30))
    reopen(stage)
    row = request(stage)
    assert (row.number, row.status, row.resolution_code, row.closed_at) == ("SR-000001", "In Progress", None, None)
    assert row.reopened_at == stage.world.clock.now()
    assert stage.task("look").assignee_id == stage.colleague.person_id
    assert [i.business_key for i in stage.rows(ProcessInstance)] == ["SR-000001", "SR-000001"]
    assert [row.kind for row in stage.rows(ServiceRequest)].count("Review") == 1


def test_a_reopened_request_of_somebody_who_left_goes_to_the_queue(stage: Stage) -> None:
    closed(stage)
    put(stage, update(ServiceRequest).values(owner_id=stage.colleague.person_id))
    put(stage, update(Person).where(Person.person_id == stage.colleague.person_id).values(is_active=False))
    reopen(stage)
    assert (stage.task("look").assignee_id, stage.task("look").candidate_group) == (None, "review_caseworker")


def test_what_was_paid_stays_paid_and_is_not_paid_again(stage: Stage) -> None:
    closed(stage)
    paid = {"number": "PAY-000001", "status": "Paid", "requested_amount": 5000, "approved_amount": 5000}
    put(stage, insert(Payment).values(request_id=1, reason="Redress", updated_at=stage.world.clock.now(), **paid))
    reopen(stage)
    assert [(row.status, row.requested_amount) for row in stage.rows(Payment)] == [("Paid", 5000)]
    assert stage.complete("look").status == "completed"
    assert [(row.status, row.requested_amount) for row in stage.rows(Payment)] == [("Paid", 5000)]


def test_the_reason_is_a_note_and_stands_in_the_history_apart_from_its_chain(stage: Stage) -> None:
    closed(stage)
    reopen(stage, "Mrs Example was right.")
    assert stage.rows(Note)[-1].text == "Reopened after closure.\nMrs Example was right."
    [row] = [row for row in stage.rows(History) if row.kind == "reopened"]
    assert (row.instance_id, row.actor) == (1, f"person:{stage.leader.person_id}")
    assert "Example" not in row.data
    values = loads(next(s.values for s in stage.rows(Submission) if (s.instance_id, s.seq) == (1, row.seq)))
    assert values["reopening_reason"] == "Mrs Example was right."
    assert values["before"]["request.resolution_code"] == "No Action Taken"
    with stage.world.db.read() as connection:
        assert [history.verify(connection, number) for number in (1, 2)] == [None, None]


def test_a_request_can_be_closed_and_reopened_again(stage: Stage) -> None:
    closed(stage)
    for _ in range(2):
        reopen(stage)
        stage.complete("look")
        assert request(stage).status == "Closed"
    assert [row.kind for row in stage.rows(History)].count("reopened") == 2


def test_a_second_reopening_of_the_same_closure_is_refused_and_starts_nothing(stage: Stage) -> None:
    closed(stage)
    reopen(stage)
    with pytest.raises(Conflict, match="SR-000001 is open, perhaps because a colleague has just reopened it"):
        reopen(stage)
    assert len(stage.rows(ProcessInstance)) == 2


@pytest.mark.parametrize("who", ["caseworker", "outsider"])
def test_only_a_leader_whom_the_procedure_names_may_reopen_or_correct(stage: Stage, who: str) -> None:
    closed(stage)
    with pytest.raises(NotAllowed, match="Reopening and correcting SR-000001 is for: Review team leaders"):
        reopening.reopen(stage.world, 1, reason="I want to", actor=getattr(stage, who))
    with pytest.raises(NotAllowed):
        reopening.correct(
            stage.world, 1, changes={"request.root_cause": "x"}, reason="I want to", actor=getattr(stage, who)
        )
    assert request(stage).status == "Closed"


@pytest.mark.parametrize("reason", ["", "  \n ", "x" * 5_001])
def test_a_reason_is_needed_and_has_its_limits(stage: Stage, reason: str) -> None:
    closed(stage)
    with pytest.raises(ValuesRefused, match="reason"):
        reopen(stage, reason)
    assert request(stage).reopened_at is None


def test_a_request_is_not_reopened_while_it_is_open(stage: Stage) -> None:
    play(stage)
    stage.start()
    with pytest.raises(Conflict, match="SR-000001 is open"):
        reopen(stage)


def test_there_is_no_reopening_of_what_does_not_exist_or_has_no_procedure(stage: Stage) -> None:
    with pytest.raises(NotFound):
        reopen(stage)
    put(
        stage,
        insert(ServiceRequest).values(
            case_id=stage.case_id, number="SR-000900", kind="Resolution", status="Closed",
            opened_at=stage.world.clock.now(), closed_at=stage.world.clock.now(),
        ),
    )  # fmt: skip
    with pytest.raises(Conflict, match="no procedure of its own"):
        reopen(stage)


def test_a_procedure_that_declares_no_reopening_has_none(stage: Stage) -> None:
    play(stage, sheet="")
    stage.start()
    stage.complete("look")
    with pytest.raises(NotAllowed, match="Tiny does not let a closed request be reopened"):
        reopen(stage)


def test_a_request_is_not_reopened_while_something_of_it_is_still_to_be_done(stage: Stage) -> None:
    play(stage)
    stage.start()
    now = stage.world.clock.now()
    put(stage, update(ServiceRequest).values(status="Closed", closed_at=now))
    with pytest.raises(Conflict, match="Complete its open tasks first"):
        reopen(stage)


@pytest.mark.parametrize(("is_open", "is_refused"), [(True, True), (False, False)])
def test_a_request_from_which_an_open_one_was_raised_is_not_reopened(
    stage: Stage, is_open: bool, is_refused: bool
) -> None:
    closed(stage)
    now = stage.world.clock.now()
    later = insert(ServiceRequest).values(
        case_id=stage.case_id, number="SR-000777", kind="Review", status="Open", opened_at=now,
        closed_at=None if is_open else now,
    )  # fmt: skip
    put(stage, later)
    with stage.world.db.write() as connection:
        link_requests(connection, stage.rows(ServiceRequest)[-1].request_id, 1, "related")
    if is_refused:
        with pytest.raises(Conflict, match="Review SR-000777 was raised from SR-000001 and is open"):
            reopen(stage)
    else:
        reopen(stage)
    assert (request(stage).closed_at is None) is not is_refused


def test_a_letter_of_before_the_reopening_does_not_close_the_request_again(stage: Stage) -> None:
    play(stage, letter="CMSL5800")
    stage.start()

    def dispatch() -> None:
        now = stage.world.clock.now()
        put(
            stage,
            insert(Document).values(
                case_id=stage.case_id, request_id=1, kind="letter", template_id="CMSL5800", title="Letter",
                media_type="application/pdf", sha256="0" * 64, created_at=now, facts="{}", dispatched_at=now,
            ),
        )  # fmt: skip

    put(stage, insert(Blob).values(sha256="0" * 64, content=b"%PDF"))
    dispatch()
    assert stage.complete("look").status == "completed"
    stage.wait(timedelta(days=1))
    reopen(stage)
    assert stage.complete("look").status == "incident"
    assert "CMSL5800 has not been issued" in stage.incidents()[0].message
    stage.wait(timedelta(hours=1))
    dispatch()
    jobs.retry_incident(stage.world, stage.incidents()[0].incident_id, actor=stage.leader)
    assert request(stage).status == "Closed"


def test_a_reopened_request_runs_on_the_version_in_force(stage: Stage) -> None:
    closed(stage)
    play(stage, letter="CMSL5806")
    reopen(stage)
    assert [row.definition_id for row in stage.rows(ProcessInstance)] == [1, 2]


def test_a_correction_changes_the_fact_and_keeps_what_it_was_with_who_and_why(stage: Stage) -> None:
    closed(stage)
    made = reopening.correct(
        stage.world, 1,
        changes={"request.resolution_code": "Actions Complete", "request.root_cause": "Human error"},
        reason="The wrong code was chosen.", actor=stage.leader,
    )  # fmt: skip
    assert set(made) == {"request.resolution_code", "request.root_cause"}
    row = request(stage)
    assert (row.status, row.resolution_code) == ("Closed", "Actions Complete")
    assert loads(row.facts)["root_cause"] == "Human error"
    [told] = [row for row in stage.rows(History) if row.kind == "corrected"]
    assert told.actor == f"person:{stage.leader.person_id}"
    values = loads(next(s.values for s in stage.rows(Submission) if (s.instance_id, s.seq) == (1, told.seq)))
    assert values == {
        "request.resolution_code": "Actions Complete",
        "request.root_cause": "Human error",
        "before": {"request.resolution_code": "No Action Taken"},
        "correction_reason": "The wrong code was chosen.",
    }
    assert stage.rows(Note)[-1].text.startswith("Corrected after closure: Resolution Code, Root cause.")
    with stage.world.db.read() as connection:
        assert history.verify(connection, 1) is None


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"request.status": "In Progress"}, "cannot be corrected"),
        ({"request.nobody_knows": "x"}, "cannot be corrected"),
        ({"request.resolution_code": "Made up"}, "Resolution Code"),
        ({"request.resolution_code": None}, "cannot empty it"),
        ({"request.resolution_code": "No Action Taken"}, "Change at least one answer"),
        ({"request.root_cause": ""}, "Change at least one answer"),
        ({}, "Change at least one answer"),
    ],
)
def test_a_correction_that_will_not_do_is_refused_and_changes_nothing(
    stage: Stage, changes: dict[str, object], sentence: str
) -> None:
    closed(stage)
    before = stage.rows(ServiceRequest)
    with pytest.raises(ValuesRefused, match=sentence):
        reopening.correct(stage.world, 1, changes=changes, reason="Because", actor=stage.leader)
    assert stage.rows(ServiceRequest) == before
    assert "corrected" not in [row.kind for row in stage.rows(History)]


def test_an_open_request_is_not_corrected_but_worked_on(stage: Stage) -> None:
    play(stage)
    stage.start()
    with pytest.raises(Conflict, match="is open"):
        reopening.correct(stage.world, 1, changes={"request.root_cause": "x"}, reason="Because", actor=stage.leader)


@pytest.mark.parametrize(
    ("sheet", "sentence"),
    [
        (SHEET.replace("review_team_leader", "nobody"), "There is no group “nobody”"),
        (SHEET.replace('by = "review_team_leader"\n', ""), "does not say who may reopen"),
        (SHEET.replace("root_cause", "rot_cause"), "“request.rot_cause” is not declared"),
        (SHEET.replace("request.root_cause", "answer"), "“answer” is not a fact of the service request"),
        (SHEET.replace("request.root_cause", "request.status"), "is never corrected by hand"),
        (SHEET.replace("correctable", "corectable"), "“corectable” means nothing"),
        ('\nreopening = "review_team_leader"\n', "must be a table"),
    ],
)
def test_a_reopening_that_cannot_work_is_not_deployed(stage: Stage, sheet: str, sentence: str) -> None:
    with pytest.raises(DeploymentRefused, match=sentence):
        play(stage, sheet=sheet)


def test_a_reopening_that_the_diagram_does_not_ask_for_is_not_deployed(stage: Stage) -> None:
    with pytest.raises(DeploymentRefused, match="No condition of the process “tiny” asks for “reopened”"):
        play(stage, asks=False)


STORY = b"""
title = "The wrong code, and then the wrong answer"
process = "tiny"
at = "2026-10-01T09:30"
[[step]]
complete = "look"
then = { ended = true, status = "Closed" }
[[step]]
correct = "The code was wrong."
with = { "request.resolution_code" = "Actions Complete" }
then = { resolution_code = "Actions Complete", status = "Closed" }
[[step]]
reopen = "Nobody asked me"
as = "review_caseworker"
then = { refused = "is for: Review team leaders" }
[[step]]
reopen = "The answer was wrong too."
then = { tasks = ["look"], status = "In Progress", resolution_code = "", ended = false }
[[step]]
complete = "look"
then = { ended = true, status = "Closed" }
"""


def test_a_scenario_can_reopen_and_correct_a_request_and_goes_on_with_what_starts_anew(stage: Stage) -> None:
    play(stage)
    told = scenarios.tell(stage.world, scenarios.read_scenario(STORY, file="reopened.toml"))
    assert told.failures == []
    assert {"reopened_check_to_make", "reopened_check_to_look"} <= told.flows


def test_a_request_of_a_withdrawn_procedure_is_not_reopened(stage: Stage) -> None:
    closed(stage)
    definitions.withdraw(stage.world, "tiny")
    with pytest.raises(Conflict, match="procedure of SR-000001 is no longer in force"):
        reopen(stage)
    assert request(stage).status == "Closed"
