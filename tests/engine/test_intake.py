"""Intake: one transaction, every issue its own way, nothing twice, nothing half."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, func, select

from engine import cases, intake, tasks
from engine.bank_holidays import calendar
from engine.errors import NotAllowed, ValuesRefused
from engine.intake import Recorded
from engine.models import Case, Contact, Note, Notification, ProcessInstance, UserTask
from engine.queries.cases import CaseRow
from engine.queries.clients import Client, clues, find_clients
from engine.queries.contacts import contacts_of
from engine.queries.search import Sight, find_cases
from engine.values import loads
from engine.world import World
from tests.world import somebody

GROUPS = frozenset({"owning_team"})
CLIENT: dict[str, Any] = {
    "case.client_name": "Nova Newcomer",
    "case.reference": "CM-7000001",
    "case.phone": "01632 960 101",
    "case.client_address": "1 Sample Street\nExampletown\nEX9 1EX",
    "case.nation": "scotland",
    "case.language": "en",
    "case.letter_format": "standard",
    "case.scheme": "2012",
    "case.is_closed": False,
}
ISSUE: dict[str, Any] = {
    "request.issue": "Nobody answers the letters.",
    "request.issue_kind": "dissatisfied",
    "request.arrears_issue": False,
    "request.both_schemes": False,
}
NOT_OF_A_QUESTION = ("request.arrears_issue", "request.both_schemes")
FURTHER = {"issue": "When is the next payment due?", "issue_kind": "question"}


def contact(world: World, **more: Any) -> dict[str, Any]:
    return {
        "request.source": "client",
        "request.contact_channel": "phone",
        "request.received_on": world.clock.now().date(),
        "request.identified": True,
        "request.ice_gateway": False,
        **ISSUE,
        **{key.replace("__", "."): value for key, value in more.items()},
    }


def record(world: World, values: dict[str, Any], *, case_id: int | None = None, by: str = "owning_team") -> Recorded:
    return intake.record(world, values, case_id=case_id, actor=somebody(world, by), groups=GROUPS)


def rows(world: World, model: Any) -> list[Any]:
    with world.db.read() as connection:
        return list(connection.execute(select(model.__table__)))


@contextmanager
def statements(world: World) -> Iterator[list[str]]:
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        sent.append(statement)

    event.listen(world.db.engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(world.db.engine, "before_cursor_execute", note)


@pytest.fixture
def known(deployed: World) -> int:
    """A client of the review team with an open Review and a closed Resolution."""
    with deployed.db.write() as connection:
        case_id = cases.open_case(
            connection,
            deployed,
            reference="CM-7000002",
            client_name="Robin Example",
            nation="england_wales",
            facts={"phone": "+44 1632 960102", "client_address": "2 Sample Street\nex9 2ex", "language": "en"},
        )
        review = {"kind": "Review", "status": "In Progress", "owner_group": "review_caseworker", "issue": "Wrong date."}
        cases.open_request(connection, deployed, case_id=case_id, number="SR-000700", fields=review)
        closed = {"kind": "Resolution", "status": "Closed", "owner_group": "review_caseworker"}
        at = deployed.clock.now() - timedelta(days=40)
        cases.open_request(
            connection, deployed, case_id=case_id, number="SR-000701", fields={**closed, "closed_at": at}
        )
    return case_id


KNOWN = {"case.scheme": "2012", "case.is_closed": False, "request.open_request": "none"}
ROBIN = {
    "case.client_name": "Robin Example",
    "case.nation": "england_wales",
    "case.language": "en",
    "case.letter_format": "standard",
}


def note_on(values: dict[str, Any], key: str) -> dict[str, Any]:
    """Return a contact whose issue is added to what deals with it: nothing more is asked about it."""
    asked = {name: value for name, value in values.items() if name not in ISSUE.keys() - {"request.issue"}}
    return {**asked, "request.open_request": key, "request.open_issue_use": "note"}


def test_a_new_client_and_the_first_task_take_one_transaction_and_at_most_25_statements(deployed: World) -> None:
    calendar(deployed)
    person = somebody(deployed, "owning_team")
    with statements(deployed) as sent:
        values = {**CLIENT, **contact(deployed)}
        recorded = intake.record(deployed, values, case_id=None, actor=person, groups=GROUPS)
    assert len(sent) <= 25, sent
    if deployed.db.is_sqlite:  # the driver of PostgreSQL begins unseen
        assert sum("BEGIN" in statement for statement in sent) == 1
    (task,) = rows(deployed, UserTask)
    assert (task.element_id, task.case_id) == ("look_for_outstanding_actions", recorded.case_id)
    assert task.assignee_id == person.person_id
    assert recorded.number == "CON-000001"


def test_a_contact_of_a_known_client_takes_at_most_25_statements(deployed: World, known: int) -> None:
    calendar(deployed)
    person = somebody(deployed, "owning_team")
    with statements(deployed) as sent:
        intake.record(deployed, {**KNOWN, **contact(deployed)}, case_id=known, actor=person, groups=GROUPS)
    assert len(sent) <= 25, sent


def test_each_issue_is_described_once_and_takes_its_own_way(deployed: World) -> None:
    recorded = record(deployed, {**CLIENT, **contact(deployed), "further_issues": [FURTHER]})
    assert [row.element_id for row in rows(deployed, UserTask)] == ["look_for_outstanding_actions"] * 2
    facts = [loads(row.pending_facts) for row in rows(deployed, ProcessInstance)]
    assert [fact["issue_kind"] for fact in facts] == ["dissatisfied", "question"]
    assert {fact["contact_number"] for fact in facts} == {recorded.number}
    assert {fact["source"] for fact in facts} == {"client"}
    assert "arrears_issue" not in facts[1]
    (kept,) = rows(deployed, Contact)
    assert kept.about == "Nobody answers the letters.\n\nWhen is the next payment due?"


def test_the_facts_of_a_new_client_are_kept_and_one_without_a_number_gets_one(deployed: World) -> None:
    record(deployed, {**CLIENT, "case.reference": None, **contact(deployed)})
    (case,) = rows(deployed, Case)
    assert (case.reference, case.client_name, case.nation) == ("T-000001", "Nova Newcomer", "scotland")
    assert loads(case.facts)["phone"] == "01632 960 101"


def test_two_clients_of_one_name_who_say_the_same_are_two(deployed: World) -> None:
    other = {"case.reference": "CM-7000009", "case.phone": "01632 960 199", "case.client_address": "9 Other Road"}
    assert record(deployed, {**CLIENT, **contact(deployed)}).is_new
    assert record(deployed, {**CLIENT, **other, **contact(deployed)}).is_new
    assert not record(deployed, {**CLIENT, **other, **contact(deployed)}).is_new
    assert [case.reference for case in rows(deployed, Case)] == ["CM-7000001", "CM-7000009"]


def test_the_same_contact_sent_twice_is_one(deployed: World, known: int) -> None:
    new = {**CLIENT, **contact(deployed)}
    first, second = record(deployed, new), record(deployed, new)
    assert (first.is_new, second.is_new, second.number) == (True, False, first.number)
    again = {**KNOWN, **contact(deployed)}
    assert record(deployed, again, case_id=known).is_new
    assert not record(deployed, again, case_id=known).is_new
    assert len(rows(deployed, ProcessInstance)) == 2
    deployed.clock.move_to(deployed.clock.now() + timedelta(days=2))
    assert record(deployed, {**ROBIN, **note_on(again, "SR-000700")}, case_id=known).is_new


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"request.received_on": 1}, "request.received_on", "Date they contacted us must be today or in the past"),
        (
            {"case.is_closed": True, "case.closed_on": 1},
            "case.closed_on",
            "Date the maintenance case was closed must be today or in the past",
        ),
        ({"request.issue_kind": "outcome"}, "request.resolution_number", "Without one there is nothing to review"),
        ({"case.nation": "narnia"}, "case.nation", "choose one from the list"),
        ({"case.client_name": " "}, "case.client_name", "Enter the client’s name"),
        ({"case.reference": "CM-7000002"}, "case.reference", "is the number of Robin Example"),
        ({"request.caseworker": 3}, "request.caseworker", "asks for nothing of this name"),
        ({"further_issues": [{"issue": "Again."}]}, "further_issues[0].issue_kind", "Select what the issue is"),
    ],
)
def test_what_is_not_right_is_refused_and_nothing_is_there(
    deployed: World, known: int, changes: dict[str, Any], field: str, sentence: str
) -> None:
    today = deployed.clock.now().date()
    typed = {key: today + timedelta(days=value) if value == 1 else value for key, value in changes.items()}
    typed |= {key: value for key, value in changes.items() if isinstance(value, bool)}
    with pytest.raises(ValuesRefused) as refused:
        record(deployed, {**CLIENT, **contact(deployed), **typed})
    assert sentence in refused.value.problems[field]
    with deployed.db.read() as connection:
        counts = [
            connection.execute(select(func.count()).select_from(model)).scalar_one()
            for model in (Case, Contact, ProcessInstance, UserTask, Note)
        ]
    assert counts == [1, 0, 0, 0, 0]


def test_an_issue_that_an_open_request_deals_with_is_noted_there_and_its_holder_is_told(
    deployed: World, known: int
) -> None:
    recorded = record(deployed, note_on({**KNOWN, **contact(deployed)}, "SR-000700"), case_id=known)
    assert recorded.noted_on == ("SR-000700",)
    assert recorded.instance_ids == ()
    (note,) = (row for row in rows(deployed, Note) if row.request_id is not None)
    assert note.text == "CON-000001: contact of 1 October 2026.\nNobody answers the letters."
    assert [row.group_key for row in rows(deployed, Notification)] == ["review_caseworker"]
    with deployed.db.read() as connection:
        (listed,) = contacts_of(connection, known)
    assert (listed.noted_on, listed.requests) == (("SR-000700",), ())


def test_an_issue_of_its_own_that_belongs_to_an_open_request_is_linked(deployed: World, known: int) -> None:
    values = {**KNOWN, **contact(deployed), "request.open_request": "SR-000700", "request.open_issue_use": "link"}
    recorded = record(deployed, values, case_id=known)
    assert len(recorded.instance_ids) == 1
    (instance,) = rows(deployed, ProcessInstance)
    facts = loads(instance.pending_facts)
    assert (facts["open_request"], facts["open_issue_use"]) == ("SR-000700", "link")
    assert "logged as an issue of its own" in rows(deployed, Note)[-1].text


def test_the_procedure_takes_the_same_issue_too_when_ice_is_to_be_told(deployed: World, known: int) -> None:
    values = {**KNOWN, **contact(deployed), "request.open_request": "SR-000700", "request.open_issue_use": "note"}
    recorded = record(deployed, {**values, "request.ice_gateway": True}, case_id=known)
    assert (recorded.noted_on, len(recorded.instance_ids)) == ((), 1)
    (instance,) = rows(deployed, ProcessInstance)
    assert loads(instance.pending_facts)["open_request"] == "SR-000700"


def test_an_issue_that_is_being_logged_counts_as_open_before_it_has_a_request(deployed: World) -> None:
    first = record(deployed, {**CLIENT, **contact(deployed)})
    second = {**CLIENT, **contact(deployed), "request.issue": "It is still so."}
    with pytest.raises(ValuesRefused) as refused:
        record(deployed, second, case_id=first.case_id)
    assert "Select the open service request" in refused.value.problems["request.open_request"]
    record(deployed, note_on(second, f"issue-{first.instance_ids[0]}"), case_id=first.case_id)
    assert len(rows(deployed, ProcessInstance)) == 1
    assert "It is still so." in rows(deployed, Note)[0].text


def test_somebody_who_is_there_already_is_not_made_a_second_time(deployed: World) -> None:
    record(deployed, {**CLIENT, **contact(deployed)})
    again = {**CLIENT, "case.reference": None, "case.phone": "(01632) 960101", **contact(deployed)}
    again["request.issue"] = "Something else."
    with pytest.raises(ValuesRefused) as refused:
        record(deployed, again)
    assert "with the same phone: CM-7000001" in refused.value.problems["case.client_name"]
    record(deployed, {**again, "case.phone": "01632 960 199", "case.client_address": "9 Other Road\nEX8 8EX"})
    with pytest.raises(ValuesRefused) as refused:
        record(deployed, {**again, "case.client_name": "Somebody Else", "case.reference": "cm-7000001"})
    assert "is the number of Nova Newcomer" in refused.value.problems["case.reference"]


def test_what_is_known_is_changed_once_with_a_note_of_what_it_was(deployed: World, known: int) -> None:
    given = {"case.phone": "01632 960 999", "case.scheme": "2003", "case.reference": None}
    actor = somebody(deployed, "owning_team")
    base = {"case.client_name": "Robin Example", "case.nation": "england_wales", "case.language": "en"}
    base |= {"case.letter_format": "large_print_16", "case.is_closed": False}
    changed = intake.change_client(deployed, known, {**base, **given}, actor=actor)
    assert set(changed) == {"Phone", "Scheme of the maintenance case", "Format of letters", "Maintenance case closed"}
    (note,) = rows(deployed, Note)
    assert "Phone: +44 1632 960102 → 01632 960 999" in note.text
    assert "Format of letters: not known → Large print, 16 point" in note.text
    (case,) = rows(deployed, Case)
    assert case.reference == "CM-7000002"
    assert intake.change_client(deployed, known, {**base, **given}, actor=actor) == []


def test_another_team_records_no_contact(deployed: World) -> None:
    with pytest.raises(NotAllowed):
        intake.record(
            deployed,
            {**CLIENT, **contact(deployed)},
            case_id=None,
            actor=somebody(deployed, "review_caseworker"),
            groups=frozenset({"review_caseworker"}),
        )
    assert rows(deployed, Case) == []


def test_a_contact_on_another_teams_client_asks_nothing_of_theirs(deployed: World, known: int) -> None:
    values = {**KNOWN, **contact(deployed), "case.phone": "01632 960 000"}
    with pytest.raises(ValuesRefused) as refused:
        record(deployed, values, case_id=known)
    assert list(refused.value.problems) == ["case.phone"]


def found(world: World, text: str) -> list[Client]:
    with world.db.read() as connection:
        return find_clients(connection, text, person_id=somebody(world, "owning_team").person_id, groups=GROUPS)[0]


@pytest.mark.parametrize(
    "text",
    [
        "Robin", "example rob", "CM-7000002", "cm-7000002", "7000002", "SR-000700", "sr 700", "01632 960102",
        "+441632960102", "0044 1632 960102", "(01632) 960-102", "960102", "EX9 2EX", "ex92ex", "CM7000002",
        "cm 7000002",
    ],
)  # fmt: skip
def test_a_client_is_found_by_name_number_phone_or_postcode(deployed: World, known: int, text: str) -> None:
    assert [client.case_id for client in found(deployed, text)] == [known]


@pytest.mark.parametrize("text", ["Paweł Ørsted", "pawel orsted", "PAWEL", "Ørst"])
def test_a_name_is_found_without_the_letters_that_a_keyboard_lacks(deployed: World, text: str) -> None:
    recorded = record(deployed, {**CLIENT, **contact(deployed), "case.client_name": "Paweł Orsted"})
    assert [client.case_id for client in found(deployed, text)] == [recorded.case_id]
    assert [row.case_id for row in search_of(deployed, text)] == [recorded.case_id]


def test_a_name_that_grows_when_its_accents_are_taken_off_is_recorded(deployed: World) -> None:
    recorded = record(deployed, {**CLIENT, **contact(deployed), "case.client_name": "ﷺ" * 120})
    assert [client.case_id for client in found(deployed, "ﷺ")] == [recorded.case_id]


def search_of(world: World, text: str) -> list[CaseRow]:
    with world.db.read() as connection:
        return find_cases(connection, text, Sight(0, (), every=True))[0]


@pytest.mark.parametrize("text", ["", "%", "_", "Nobody", "SR-000799", "' or 1=1 --", "EX9 9EX", "SR-999999999999"])
def test_what_fits_nobody_finds_nobody(deployed: World, known: int, text: str) -> None:
    assert found(deployed, text) == []


def test_another_teams_client_shows_the_state_of_their_requests_and_not_what_they_are_about(
    deployed: World, known: int
) -> None:
    (client,) = found(deployed, "Robin")
    assert not client.may_open
    assert [(row.number, row.status, row.about) for row in client.open_requests] == [("SR-000700", "In Progress", "")]
    assert [row.number for row in client.past_requests] == ["SR-000701"]


def test_a_contact_is_found_by_its_number_and_lists_what_came_of_it(deployed: World) -> None:
    recorded = record(deployed, {**CLIENT, **contact(deployed)})
    (client,) = found(deployed, "con-1")
    assert client.may_open
    assert client.open_requests[0].about == "Nobody answers the letters."
    with deployed.db.write() as connection:
        fields = {"kind": "Dissatisfaction", "status": "Open", "contact_number": recorded.number}
        cases.open_request(connection, deployed, case_id=recorded.case_id, number="SR-000710", fields=fields)
    with deployed.db.read() as connection:
        (listed,) = contacts_of(connection, recorded.case_id)
    assert (listed.source, listed.channel, listed.requests) == ("client", "phone", ("SR-000710",))
    assert listed.recorded_by is not None


def test_an_enquiry_made_beside_the_issue_is_listed_with_its_contact(deployed: World) -> None:
    question = {**CLIENT, **contact(deployed), "request.issue_kind": "question"}
    recorded = record(deployed, {key: value for key, value in question.items() if key not in NOT_OF_A_QUESTION})
    actor = somebody(deployed, "owning_team")
    for values in ({"outstanding_result": "none"}, {"enquiry_note": "Told."}):
        (task,) = (row for row in rows(deployed, UserTask) if row.status == "open")
        if task.assignee_id is None:
            tasks.claim(deployed, task.task_id, actor=actor)
        tasks.complete(deployed, task.task_id, values, actor=actor)
    with deployed.db.read() as connection:
        (listed,) = contacts_of(connection, recorded.case_id)
    assert listed.requests == ("SR-000001",)


@pytest.mark.parametrize(
    ("text", "known_fact"),
    [
        ("Nova Newcomer", {"client_name": "Nova Newcomer"}),
        ("01632 960101", {"phone": "01632 960101"}),
        ("ex9 1ex", {"client_address": "EX9 1EX"}),
        ("CM-12", {"reference": "CM-12"}),
        ("SR-12", {}),
        ("", {}),
    ],
)
def test_what_was_searched_for_is_not_typed_again(text: str, known_fact: dict[str, str]) -> None:
    assert clues(text) == known_fact
