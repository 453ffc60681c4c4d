"""Handing over what somebody holds: forty cases at once, spread or to one person, each with its result and reason."""

import dataclasses
from datetime import date

import pytest
from sqlalchemy import func, select, update

from engine import absences, cases, hand_over, history, interventions, people, scenarios, tasks
from engine.errors import NotAllowed, ValuesRefused
from engine.models import History, Note, Notification, Person, ProcessInstance, ServiceRequest, Submission, UserTask
from engine.values import dumps, loads
from tests.world import PROCESSES, somebody

STORY = PROCESSES / "review" / "scenarios" / "no_further_action_silence.toml"
UP_TO_THE_DECISION = ["call_client", "allocate_review", "check_gate", "call_client", "complete_complaints_details"]
WHY = "Has left on 1 October 2026."


def review(world, number=0):
    """A review that its caseworker holds: its case is CM-3000000 and the number."""
    story = scenarios.read_story(STORY)
    earlier = f"SR-{900 + number:06}"
    table = {
        **story.table,
        "case": {**story.table.get("case", {}), "reference": f"CM-{3000000 + number}"},
        "earlier": [{"number": earlier}],
        "start": {**story.table.get("start", {}), "request.resolution_number": earlier},
        "step": [{"complete": element} for element in UP_TO_THE_DECISION],
    }
    usual = {**story.usual, "people": {}} if number else story.usual  # they are there already
    told = scenarios.tell(world, dataclasses.replace(story, table=table, usual=usual))
    assert told.failures == []


@pytest.fixture
def office(deployed):
    """A caseworker with one review, a colleague with none, their leader; a third caseworker is new."""
    review(deployed)
    with deployed.db.write() as connection:
        new = {"username": "third", "name": "Third Caseworker", "job_title": "", "password": "third"}
        people.add_person(connection, **new, groups=["review_caseworker"])
    return deployed


def held(world, username):
    with world.db.read() as connection:
        return hand_over.held_by(connection, somebody(world, username).person_id, ["review_caseworker"])


def test_the_tasks_and_the_requests_of_a_case_go_together_and_its_history_says_why(office):
    to, leader = somebody(office, "review_caseworker.2"), somebody(office, "review_team_leader")
    found = held(office, "review_caseworker")
    assert [(len(one.tasks), len(one.requests)) for one in found] == [(1, 1)]
    from_id = somebody(office, "review_caseworker").person_id
    results = hand_over.hand_over(office, from_id, [found[0].key], to=[to.person_id], reason=WHY, actor=leader)
    assert [(result.to, result.why) for result in results] == [(to.name, "")]
    assert held(office, "review_caseworker") == []
    with office.db.read() as connection:
        assert (
            connection.execute(select(UserTask.assignee_id).where(UserTask.status == "open")).scalar_one()
            == to.person_id
        )
        owner = select(ServiceRequest.owner_id).where(ServiceRequest.kind == "Review")
        assert connection.execute(owner).scalar_one() == to.person_id
        rows = connection.execute(
            select(History.kind, History.data).where(History.kind.in_(("handed_over", "owner_changed")))
        ).all()
        assert {row.kind: (loads(row.data)["from"], loads(row.data)["to"]) for row in rows} == dict.fromkeys(
            ("handed_over", "owner_changed"), (from_id, to.person_id)
        )
        for instance_id in connection.execute(select(ProcessInstance.instance_id)).scalars():
            assert history.verify(connection, instance_id) is None


def test_what_the_procedure_assigns_afterwards_goes_to_the_new_owner(office):
    to, leader = somebody(office, "review_caseworker.2"), somebody(office, "review_team_leader")
    from_id = somebody(office, "review_caseworker").person_id
    key = held(office, "review_caseworker")[0].key
    hand_over.hand_over(office, from_id, [key], to=[to.person_id], reason=WHY, actor=leader)
    with office.db.read() as connection:
        task_id = connection.execute(select(UserTask.task_id).where(UserTask.status == "open")).scalar_one()
    values = {"resolution_was_right": True, "further_action": False, "decision_rationale": "All was done."}
    tasks.complete(office, task_id, values, actor=to)
    with office.db.read() as connection:
        row = connection.execute(
            select(UserTask.element_id, UserTask.assignee_id).where(UserTask.status == "open")
        ).one()
    assert tuple(row) == ("call_client", to.person_id)


def test_inside_a_called_process_the_next_task_goes_to_the_new_owner_too(office):
    """The call of the client remembers who calls: that follows the hand-over, who wrote the plan never does."""
    caseworker = somebody(office, "review_caseworker")
    with office.db.read() as connection:
        task_id = connection.execute(select(UserTask.task_id).where(UserTask.status == "open")).scalar_one()
    values = {"resolution_was_right": True, "further_action": False, "decision_rationale": "All was done."}
    tasks.complete(office, task_id, values, actor=caseworker)
    to, leader = somebody(office, "review_caseworker.2"), somebody(office, "review_team_leader")
    key = held(office, "review_caseworker")[0].key
    hand_over.hand_over(office, caseworker.person_id, [key], to=[to.person_id], reason=WHY, actor=leader)
    with office.db.read() as connection:
        task_id = connection.execute(select(UserTask.task_id).where(UserTask.status == "open")).scalar_one()
    tried = {
        "contact_outcome": "no_answer",
        "stop_trying": False,
        "contact_channel": "phone",
        "contact_note": "No answer.",
    }
    tasks.complete(office, task_id, tried, actor=to)
    with office.db.read() as connection:
        assert connection.execute(select(UserTask.assignee_id).where(UserTask.status == "open")).scalars().all() == [
            to.person_id
        ]


def test_work_is_spread_by_load_and_passes_over_whoever_is_away(office):
    for number in (2, 3, 4):
        review(office, number)
    leader, away = somebody(office, "review_team_leader"), somebody(office, "third")
    absences.record(
        office, away.person_id, first_on=date(2026, 9, 1), last_on=date(2026, 12, 1), cover_id=None, actor=leader
    )
    with office.db.write() as connection:
        new = {"username": "fourth", "name": "Fourth Caseworker", "job_title": "", "password": "fourth"}
        fourth = people.add_person(connection, **new, groups=["review_caseworker"])
    second, from_id = somebody(office, "review_caseworker.2"), somebody(office, "review_caseworker").person_id
    keys = [one.key for one in held(office, "review_caseworker")]
    everyone = [second.person_id, away.person_id, fourth]
    results = hand_over.hand_over(office, from_id, keys, to=everyone, reason=WHY, actor=leader)
    assert sorted(result.to for result in results) == sorted(["Fourth Caseworker", second.name] * 2)
    assert held(office, "third") == []


def test_whoever_took_part_in_the_resolution_gets_no_review_and_the_rest_moves(office):
    review(office, 2)
    with office.db.write() as connection:
        first = connection.execute(
            select(ServiceRequest.request_id, ServiceRequest.facts).where(ServiceRequest.kind == "Review")
        ).first()
        facts = {**loads(first.facts), "resolution_people": [somebody(office, "third").person_id]}
        connection.execute(
            update(ServiceRequest).where(ServiceRequest.request_id == first.request_id).values(facts=dumps(facts))
        )
    leader, third = somebody(office, "review_team_leader"), somebody(office, "third")
    from_id = somebody(office, "review_caseworker").person_id
    keys = [one.key for one in held(office, "review_caseworker")]
    results = hand_over.hand_over(office, from_id, keys, to=[third.person_id], reason=WHY, actor=leader)
    assert [bool(result.to) for result in results] == [False, True]
    assert "took part in the Resolution does not work on its Review" in results[0].why
    assert len(held(office, "review_caseworker")) == 1


def test_only_those_who_lead_or_manage_the_team_hand_its_work_over(office):
    from_id, to = (somebody(office, name).person_id for name in ("review_caseworker", "review_caseworker.2"))
    key = held(office, "review_caseworker")[0].key
    for username in ("review_caseworker.2", "owning_team_leader", "operations"):
        actor = somebody(office, username)
        try:
            results = hand_over.hand_over(office, from_id, [key], to=[to], reason=WHY, actor=actor)
        except NotAllowed:
            continue
        assert [result.to for result in results] == [""], username
    assert len(held(office, "review_caseworker")) == 1
    hand_over.hand_over(office, from_id, [key], to=[to], reason=WHY, actor=somebody(office, "manager"))
    assert held(office, "review_caseworker") == []


@pytest.mark.parametrize(("keys", "to", "reason"), [([], True, WHY), (["x"], False, WHY), (["x"], True, " ")])
def test_what_is_missing_is_said_before_anything_is_moved(office, keys, to, reason):
    leader, from_id = somebody(office, "review_team_leader"), somebody(office, "review_caseworker").person_id
    chosen = [somebody(office, "third").person_id] if to else []
    with pytest.raises(ValuesRefused):
        hand_over.hand_over(office, from_id, keys, to=chosen, reason=reason, actor=leader)


def test_the_page_hands_a_leavers_work_over_in_one_go(office, visitor):
    review(office, 2)
    leaver = somebody(office, "review_caseworker")
    open_request(office, case_alone(office), leaver.username, "SR-000778")
    people.lock(office, leaver.person_id)
    leader = visitor("review_team_leader").visit("/hand-over/")
    assert f"{leaver.name} Locked 3 2 No" in leader.text
    leader.follow(f"Hand over the work of {leaver.name}")
    assert "built-in" not in leader.text
    assert leader.press("Hand over", {"ticked": None, "reason": WHY}).status == 422
    assert "Choose who gets it" in leader.text
    leader.visit(leader.path)
    assert leader.press("Hand over", {"reason": ""}).status == 422
    assert "Choose who gets it" in leader.text
    third = str(somebody(office, "third").person_id)
    assert leader.press("Hand over", {"to": third, "reason": ""}).status == 422
    assert "Say why" in leader.text
    leader.press("Hand over", {"to": third, "reason": WHY})
    assert leader.heading == f"Work of {leaver.name} handed over"
    assert "3 cases moved, with 3 service requests and 2 open tasks." in leader.text
    assert "Review SR-000778 Third Caseworker" in leader.text
    assert "Third Caseworker 3 2 No" in leader.visit("/hand-over/").text
    assert f"{leaver.name} holds nothing" in leader.visit(f"/hand-over/{leaver.person_id}").text
    leader.visit("/cases/?q=CM-3000000")
    leader.follow("CM-3000000")
    case = leader.path
    leader.visit(f"{case}/history")
    assert "over from" in leader.text
    assert WHY in leader.text
    with office.db.read() as connection:
        held = select(func.count()).where(UserTask.status == "open", UserTask.assignee_id == int(third))
        assert connection.execute(held).scalar_one() == 2
        assert connection.execute(select(Person.is_active).where(Person.username == "third")).scalar_one()


def case_alone(world):
    """A case on which no procedure has ever run."""
    with world.db.write() as connection:
        known = {"client_name": "Sam Sample", "nation": "scotland", "facts": {}}
        return cases.open_case(connection, world, reference="CM-2000009", **known)


def open_request(world, case_id, owner, number):
    """A request that no procedure works on, as one that was taken over from another system."""
    with world.db.write() as connection:
        fields = {"kind": "Review", "status": "In Progress", "owner_group": "review_caseworker"}
        made = cases.open_request(connection, world, case_id=case_id, number=number, fields=fields)
        its_row = update(ServiceRequest).where(ServiceRequest.request_id == made)
        connection.execute(its_row.values(owner_id=somebody(world, owner).person_id))
    return made


def told_of(world, case_id):
    """What the case's history says of requests that were handed over, and the notes on it."""
    with world.db.read() as connection:
        rows = connection.execute(
            select(History.element_name, History.data, Submission.values)
            .join(Submission, (Submission.instance_id == History.instance_id) & (Submission.seq == History.seq))
            .where(History.kind.in_(("owner_changed", "request_handed_over")), History.case_id == case_id)
        ).all()
        notes = connection.execute(select(Note.text).where(Note.case_id == case_id)).scalars().all()
    return [(row.element_name, loads(row.data)["to"], loads(row.values)["reason"]) for row in rows], notes


def test_a_request_whose_procedure_has_ended_is_handed_over_with_a_line_in_its_history(office):
    leader, to = somebody(office, "review_team_leader"), somebody(office, "review_caseworker.2")
    with office.db.read() as connection:
        instance = connection.execute(select(ProcessInstance)).one()
    interventions.cancel(office, instance.instance_id, reason="Began twice", actor=somebody(office, "operations"))
    open_request(office, instance.case_id, "review_caseworker", "SR-000777")
    found = held(office, "review_caseworker")
    assert [len(one.requests) for one in found] == [2]
    from_id = somebody(office, "review_caseworker").person_id
    hand_over.hand_over(office, from_id, [found[0].key], to=[to.person_id], reason=WHY, actor=leader)
    assert held(office, "review_caseworker") == []
    lines, _ = told_of(office, instance.case_id)
    assert lines == [("", to.person_id, WHY), ("Review SR-000777", to.person_id, WHY)]
    with office.db.read() as connection:
        assert history.verify(connection, instance.instance_id) is None
        told = select(Notification.subject).where(Notification.person_id == to.person_id)
        assert connection.execute(told).scalars().all() == [
            "Service requests for you: Review SR-000001, Review SR-000777"
        ]


def test_a_request_on_a_case_without_any_procedure_is_handed_over_with_a_note(office):
    case_id = case_alone(office)
    leader, to = somebody(office, "review_team_leader"), somebody(office, "review_caseworker.2")
    open_request(office, case_id, "review_caseworker", "SR-000778")
    from_id = somebody(office, "review_caseworker").person_id
    hand_over.hand_over(office, from_id, [f"case-{case_id}"], to=[to.person_id], reason=WHY, actor=leader)
    lines, notes = told_of(office, case_id)
    assert lines == []
    assert notes == [
        f"Review SR-000778 was handed over from {somebody(office, 'review_caseworker').name} to {to.name}. {WHY}"
    ]
