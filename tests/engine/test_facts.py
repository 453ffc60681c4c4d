"""Facts: what lives on the case and its service request, whoever writes it."""

from __future__ import annotations

from datetime import date

import pytest

from engine.models import Case, ProcessInstance, ServiceRequest
from engine.values import loads
from tests import tiny
from tests.stage import Stage

FACTS_FORM = tiny.form(
    "facts",
    {"type": "textfield", "key": "request.outcome", "label": "Outcome"},
    {"type": "select", "key": "request.caseworker", "label": "Caseworker", "valuesKey": "people.review_caseworker"},
)
ASK = tiny.user_task("ask", form="facts")
MAKE = tiny.service_task("make", "create_request", {"kind": "Review", "main": "=true"})
DECLARED = (
    '[fields."case.mood"]\ntype = "text"\nlabel = "Mood"\n[fields."request.seen_on"]\ntype = "date"\nlabel = "Seen"\n'
)


def play(stage: Stage, *middle: str, ids: tuple[str, ...]) -> None:
    stage.deploy(
        tiny.node("startEvent", "begin"), *middle, tiny.user_task("rest", form="ask"), tiny.node("endEvent", "done"),
        tiny.chain("begin", *ids, "rest", "done"),
        forms={"facts": FACTS_FORM}, dictionary=DECLARED,
    )  # fmt: skip
    stage.start()


def test_what_a_form_says_about_the_request_is_kept_with_the_instance_until_there_is_a_request(stage: Stage) -> None:
    play(stage, ASK, MAKE, ids=("ask", "make"))
    stage.complete("ask", {"request.outcome": "Agreed"})
    [request] = stage.rows(ServiceRequest)
    assert loads(request.facts)["outcome"] == "Agreed"
    [instance] = stage.rows(ProcessInstance)
    assert (instance.request_id, instance.business_key) == (request.request_id, "SR-000001")


def test_a_well_known_fact_goes_to_its_column_and_any_other_beside_it(stage: Stage) -> None:
    play(stage, MAKE, ASK, ids=("make", "ask"))
    stage.complete("ask", {"request.caseworker": stage.colleague.person_id, "request.outcome": "Agreed"})
    [request] = stage.rows(ServiceRequest)
    assert request.owner_id == stage.colleague.person_id
    assert loads(request.facts) == {"outcome": "Agreed"}


def test_a_person_outside_the_group_that_the_form_names_is_refused(stage: Stage) -> None:
    from engine.errors import ValuesRefused

    play(stage, MAKE, ASK, ids=("make", "ask"))
    for person_id in (stage.outsider.person_id, 9999, "Amir", True):
        with pytest.raises(ValuesRefused):
            stage.complete("ask", {"request.caseworker": person_id})
    assert stage.rows(ServiceRequest)[0].owner_id is None


def test_handlers_mappings_and_conditions_see_and_write_the_same_facts(stage: Stage) -> None:
    assign = tiny.mapping(None, {"request.outcome": "=case.mood"})
    play(
        stage,
        MAKE,
        tiny.service_task("set", "set_fields", {"status": "In Progress", "seen_on": "=today()", "case_mood": "calm"}),
        tiny.node("intermediateThrowEvent", "say", tiny.extensions(assign)),
        ids=("make", "set", "say"),
    )
    [request], [case] = stage.rows(ServiceRequest), stage.rows(Case)
    assert request.status == "In Progress"
    assert loads(request.facts) == {"seen_on": date(2026, 10, 1), "outcome": "calm"}
    assert loads(case.facts)["mood"] == "calm"
    assert case.client_name == "Robin Example"


def test_two_instances_of_a_case_share_its_facts(stage: Stage) -> None:
    play(stage, tiny.service_task("set", "set_fields", {"case_mood": "calm"}), ids=("set",))
    play(
        stage,
        tiny.node("intermediateThrowEvent", "say", tiny.extensions(tiny.mapping(None, {"answer": "=case.mood"}))),
        ids=("say",),
    )
    assert loads(stage.rows(ProcessInstance)[1].variables)["process"]["answer"] == "calm"


def test_a_fact_that_was_not_touched_is_not_written(stage: Stage) -> None:
    play(stage, MAKE, ids=("make",))
    with stage.statements() as sent:
        stage.complete("rest", {"answer": "x"})
    assert not any(s.startswith(("UPDATE service_request", "UPDATE case_file")) for s in sent)
