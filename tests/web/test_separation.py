"""Separation of duties by the pages and the verbs: who took part in the Resolution, and what a leader may allow."""

import dataclasses

import pytest
from sqlalchemy import select, update

from engine import scenarios, tasks
from engine.errors import NotAllowed, ValuesRefused
from engine.lint import check_path
from engine.models import ServiceRequest, UserTask
from engine.settings import ROOT
from engine.values import dumps, loads
from tests.web.conftest import person_id
from tests.world import PROCESSES, somebody

STORY = PROCESSES / "review" / "scenarios" / "no_further_action_silence.toml"
SENTENCE = "Whoever took part in the Resolution does not work on its Review."


@pytest.fixture
def review(deployed):
    """A review's step 6, that its caseworker has given back; the other caseworker took part in the Resolution."""
    story = scenarios.read_story(STORY)
    steps = [{"complete": "call_client"}, {"complete": "allocate_review"}]
    told = scenarios.tell(deployed, dataclasses.replace(story, table={**story.table, "step": steps}))
    assert told.failures == []
    with deployed.db.write() as connection:
        row = connection.execute(
            select(ServiceRequest.request_id, ServiceRequest.facts).where(ServiceRequest.kind == "Review")
        ).one()
        took_part = [somebody(deployed, "review_caseworker.2").person_id]
        facts = dumps({**loads(row.facts), "resolution_people": took_part})
        connection.execute(
            update(ServiceRequest).where(ServiceRequest.request_id == row.request_id).values(facts=facts)
        )
        task_id = connection.execute(select(UserTask.task_id).where(UserTask.status == "open")).scalar_one()
    tasks.release(deployed, task_id, actor=somebody(deployed, "review_caseworker"))
    return task_id


def test_whoever_took_part_in_the_resolution_cannot_claim_a_task_of_the_review(review, deployed, visitor):
    with pytest.raises(NotAllowed, match="A leader of the team can give it to you"):
        tasks.claim(deployed, review, actor=somebody(deployed, "review_caseworker.2"))
    page = visitor("review_caseworker.2").visit(f"/tasks/{review}")
    assert SENTENCE in page.text
    assert "Claim this task" not in page.text
    tasks.claim(deployed, review, actor=somebody(deployed, "review_caseworker"))


def test_a_leader_gives_it_to_them_all_the_same_with_a_reason_for_the_history(review, deployed, visitor):
    other = person_id(deployed, "review_caseworker.2")
    leader = visitor("review_team_leader").visit(f"/tasks/{review}")
    assert "say why below" in leader.text
    leader.press("Assign", {"to": other})
    assert SENTENCE in leader.text
    leader.press("Assign", {"to": other, "reason": "Nobody else is here this week."})
    with deployed.db.read() as connection:
        assert connection.execute(select(UserTask.assignee_id).where(UserTask.task_id == review)).scalar_one() == int(
            other
        )
    case_id = tasks_case(deployed, review)
    assert "Nobody else is here this week." in leader.visit(f"/cases/{case_id}/history").text
    page = visitor("review_caseworker.2").visit(f"/tasks/{review}")
    assert page.press("Complete this task", {"gate_decision": "accept"}).status == 200


def tasks_case(world, task_id):
    with world.db.read() as connection:
        return connection.execute(select(UserTask.case_id).where(UserTask.task_id == task_id)).scalar_one()


def test_nobody_overrides_for_themselves(review, deployed):
    with deployed.db.write() as connection:
        from engine.people import set_groups

        person = somebody(deployed, "review_caseworker.2")
        set_groups(connection, person.person_id, ["review_caseworker", "review_team_leader"])
    both = somebody(deployed, "review_caseworker.2")
    with pytest.raises(NotAllowed, match="Another leader has to give it to you"):
        tasks.assign(deployed, review, to=both.person_id, actor=both, reason="I am free.")


def test_nobody_may_allow_the_author_of_a_plan_to_decide_on_it(deployed, review):
    """The plan's own task has no override: the ruling says that its author never approves it."""
    author = somebody(deployed, "review_caseworker.2")
    with deployed.db.write() as connection:
        properties = dumps({"not_by": author.person_id, "not_by_reason": "Whoever wrote a plan cannot decide on it."})
        connection.execute(update(UserTask).where(UserTask.task_id == review).values(properties=properties))
    with pytest.raises(NotAllowed, match="Whoever wrote a plan cannot decide on it"):
        tasks.assign(
            deployed, review, to=author.person_id, actor=somebody(deployed, "review_team_leader"), reason="Please."
        )
    for diagram in (ROOT / "processes").rglob("*.bpmn"):
        assert "not_by_override" not in diagram.read_text()


def test_a_reason_is_asked_for_by_the_verb_itself(review, deployed):
    other, leader = somebody(deployed, "review_caseworker.2"), somebody(deployed, "review_team_leader")
    with pytest.raises(ValuesRefused, match="Say why"):
        tasks.assign(deployed, review, to=other.person_id, actor=leader)


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        ('group = "nobody"\nnot_by = "=[1]"\nreason = "x"', "There is no group “nobody”"),
        ('group = "review_caseworker"\nnot_by = "=[1]"', "gives no “reason”"),
        ('group = "review_caseworker"\nnot_by = "request.x"\nreason = "x"', "must be an expression"),
        ('group = "review_caseworker"\nnot_by = "=["\nreason = "x"', "is no expression"),
        ('group = "review_caseworker"\nnot_by = "=request.nobody"\nreason = "x"', "“request.nobody” is not declared"),
        ('group = "review_caseworker"\nnot_by = "=[1]"\nreason = "x"\noverride = "me"', "“override” can only be"),
        ('group = "review_caseworker"\nnot_by = "=[1]"\nreason = "x"\nby = "me"', "“by” means nothing"),
    ],
)
def test_the_check_says_what_a_separation_has_wrong(deployed, tmp_path, entry, sentence):
    import shutil

    shutil.copytree(PROCESSES, tmp_path / "processes")
    sheet = tmp_path / "processes" / "review" / "process.toml"
    text = sheet.read_text()
    before, _, after = text.partition("[[separation]]")
    sheet.write_text(f"{before}[[separation]]\n{entry}\n\n[[deadlines]]{after.partition('[[deadlines]]')[2]}")
    found = [str(finding) for finding in check_path(tmp_path / "processes" / "review", known=deployed.known)]
    assert any(sentence in finding for finding in found), found
