"""Cases: opening, starting a procedure, notes and numbers."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import IntegrityError

from engine import cases
from engine.errors import NotFound, ValuesRefused
from engine.models import Case, History, Note, ProcessInstance, ServiceRequest
from engine.values import loads
from tests import tiny
from tests.stage import Stage


def deploy_with_start_form(stage: Stage) -> None:
    begin = tiny.node(
        "startEvent", "begin", tiny.extensions('<zeebe:formDefinition formId="opening" bindingType="deployment" />')
    )
    opening = tiny.form(
        "opening",
        {"type": "textfield", "key": "request.outcome", "label": "Outcome", "validate": {"required": True}},
        {"type": "number", "key": "count", "label": "Count"},
    )
    stage.deploy(
        begin, tiny.user_task("ask", form="ask"), tiny.node("endEvent", "done"), tiny.chain("begin", "ask", "done"),
        forms={"opening": opening},
    )  # fmt: skip


def test_a_procedure_starts_with_the_answers_of_its_start_form(stage: Stage) -> None:
    deploy_with_start_form(stage)
    stage.start({"request.outcome": "Unknown", "count": 3})
    [instance] = stage.rows(ProcessInstance)
    assert (instance.status, instance.case_id) == ("active", stage.case_id)
    assert loads(instance.variables)["process"] == {"count": 3}
    assert loads(instance.pending_facts) == {"outcome": "Unknown"}
    assert stage.rows(History)[0].actor == stage.caseworker.actor.key


@pytest.mark.parametrize(
    ("values", "field"),
    [({}, "request.outcome"), ({"request.outcome": "x", "count": 99}, "count"),
     ({"request.outcome": "x", "other": 1}, "other")],
)  # fmt: skip
def test_a_start_with_wrong_answers_is_refused_and_leaves_nothing(
    stage: Stage, values: dict[str, object], field: str
) -> None:
    deploy_with_start_form(stage)
    with pytest.raises(ValuesRefused) as caught:
        stage.start(values)
    assert set(caught.value.problems) == {field}
    assert stage.rows(ProcessInstance) == []
    assert stage.rows(History) == []


def test_a_procedure_without_a_start_form_takes_no_answers(stage: Stage) -> None:
    stage.deploy(
        tiny.node("startEvent", "begin"), tiny.user_task("ask", form="ask"), tiny.node("endEvent", "done"),
        tiny.chain("begin", "ask", "done"),
    )  # fmt: skip
    with pytest.raises(ValuesRefused):
        stage.start({"answer": "x"})


def test_a_procedure_cannot_start_on_a_case_that_does_not_exist(stage: Stage) -> None:
    deploy_with_start_form(stage)
    with pytest.raises(NotFound, match="no such case"):
        stage.start({"request.outcome": "x"}, case_id=4711)


def test_a_case_reference_is_used_once(stage: Stage) -> None:
    with pytest.raises(IntegrityError):
        stage.open_case("CM-1")
    assert len(stage.rows(Case)) == 1


def test_a_request_is_opened_with_what_is_known_and_says_when(stage: Stage) -> None:
    with stage.world.db.write() as connection:
        cases.open_request(
            connection, stage.world, case_id=stage.case_id, number="SR-9",
            fields={"kind": "Enquiry", "status": "Open", "outcome": "Told"},
        )  # fmt: skip
    [request] = stage.rows(ServiceRequest)
    assert (request.area, request.opened_at) == ("", stage.world.clock.now())
    assert loads(request.facts) == {"outcome": "Told"}


def test_a_note_is_kept_without_the_blanks_around_it(stage: Stage) -> None:
    with stage.world.db.write() as connection:
        cases.add_note(
            connection, stage.world, case_id=stage.case_id, request_id=None, text="  Hello \n",
            author_id=stage.caseworker.person_id,
        )  # fmt: skip
    assert [row.text for row in stage.rows(Note)] == ["Hello"]
