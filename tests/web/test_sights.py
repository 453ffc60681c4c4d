"""Who looked at a case is written down, once an hour for each kind of page, and shown to those who account for it."""

import pytest
from sqlalchemy import delete, select

from engine.models import CaseSight, UserTask
from tests.web.journeys import refer
from tests.web.test_statements import counted
from tests.world import somebody


def looks(world):
    with world.db.read() as connection:
        return [
            (row.case_id, row.person_id, row.what)
            for row in connection.execute(select(CaseSight.__table__).order_by(CaseSight.sight_id))
        ]


@pytest.fixture
def owner(visitor, case_id, deployed):
    """Somebody who has referred a case, with nothing written down yet."""
    person = refer(visitor("owning_team"), case_id)
    with deployed.db.write() as connection:
        connection.execute(delete(CaseSight))
    deployed.clock.move_to(deployed.clock.now().replace(hour=9, minute=10))  # what was seen by now counts no longer
    return person


def test_a_case_its_history_and_its_tasks_are_noted_once_an_hour(app, owner, case_id, deployed):
    with deployed.db.read() as connection:
        task_id = connection.execute(select(UserTask.task_id).where(UserTask.status == "open")).scalar_one()
    for _ in range(2):
        for path in (f"/cases/{case_id}", f"/cases/{case_id}/history", f"/tasks/{task_id}"):
            assert owner.visit(path).status == 200
    who = somebody(deployed, "owning_team").person_id
    assert looks(deployed) == [(case_id, who, "case"), (case_id, who, "history"), (case_id, who, "task")]
    deployed.clock.move_to(deployed.clock.now().replace(hour=10, minute=5))
    owner.visit(f"/cases/{case_id}")
    assert len(looks(deployed)) == 4


def test_another_process_notes_it_no_second_time(owner, case_id, deployed):
    from tests.page import Browser
    from web.app import create_app

    owner.visit(f"/cases/{case_id}")
    before = len(looks(deployed))
    other = create_app(world=deployed)
    other.testing = True
    Browser(other).sign_in("owning_team").visit(f"/cases/{case_id}")
    assert len(looks(deployed)) == before


def test_what_is_refused_or_no_case_is_not_noted(visitor, owner, case_id, deployed):
    assert visitor("review_caseworker").visit(f"/cases/{case_id}").status == 404
    owner.visit("/cases/")
    owner.visit("/cases/999")
    assert looks(deployed) == []


def test_leaders_and_auditors_see_who_looked_and_are_noted_themselves(visitor, owner, case_id, deployed):
    owner.visit(f"/cases/{case_id}")
    for username in ("owning_team_leader", "manager", "auditor"):
        page = visitor(username).visit(f"/cases/{case_id}/history").follow("Who looked at this case")
        assert page.heading.startswith("Who looked at case CM-2000001")
        assert f"{somebody(deployed, 'owning_team').name}the case1 October 2026" in page.text
    assert somebody(deployed, "auditor").person_id in {person_id for _, person_id, _ in looks(deployed)}
    assert "Who looked" not in owner.visit(f"/cases/{case_id}/history").text


def test_a_view_costs_one_statement_and_the_next_none(owner, case_id, deployed):
    with counted(deployed) as first:
        owner.visit(f"/cases/{case_id}")
    with counted(deployed) as again:
        owner.visit(f"/cases/{case_id}")
    noted = [text for text in first.texts if "case_sight" in text]
    assert len(noted) == 1
    assert not [text for text in again.texts if "case_sight" in text]
