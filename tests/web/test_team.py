"""The team leader's page: the team's load, what is late, ages, decisions that wait, plans that go round, absences."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from engine import absences
from engine.models import ServiceRequest, UserTask
from engine.values import dumps, loads
from tests.web.test_hand_over import review
from tests.world import somebody


def row(browser, caption, head):
    """Return the cells of a table's row by their labels; the row is found by the beginning of its header."""
    rows = browser.page.xpath("//table[caption[normalize-space()=$caption]]/tbody/tr", caption=caption)
    found = next(one for one in rows if " ".join(one.xpath("string(th)").split()).startswith(head))
    return {cell.get("data-label"): " ".join(cell.text_content().split()) for cell in found.xpath("td")}


@pytest.fixture
def held(deployed):
    """The task of a review that its caseworker holds."""
    review(deployed)
    caseworker = somebody(deployed, "review_caseworker").person_id
    with deployed.db.read() as connection:
        return connection.execute(
            select(UserTask).where(UserTask.status == "open", UserTask.assignee_id == caseworker)
        ).one()


def due(world, task, in_days):
    with world.db.write() as connection:
        at = None if in_days is None else world.clock.now() + timedelta(days=in_days)
        connection.execute(update(UserTask).where(UserTask.task_id == task.task_id).values(due_at=at))


def test_each_task_counts_once_by_when_it_is_due(deployed, visitor, held):
    leader, name = visitor("review_team_leader"), somebody(deployed, "review_caseworker").name
    for in_days, column in ((-1, "Overdue"), (0.001, "Due today"), (None, "Later"), (30, "Later")):
        due(deployed, held, in_days)
        found = row(leader.visit("/team/"), "Open tasks of each person", name)
        counts = {label: found[label].split()[0] for label in ("Overdue", "Due today", "Later this week", "Later")}
        assert found["Open tasks"] == "1"
        assert {label for label, count in counts.items() if count == "1"} == {column}
    assert row(leader, "Open tasks of each person", "Nobody holds these")["Open tasks"] == "0"


def test_a_person_without_a_task_still_has_their_cases_and_the_page_leads_there(deployed, visitor, held):
    colleague = somebody(deployed, "review_caseworker.2")
    with deployed.db.write() as connection:
        of_team = ServiceRequest.owner_group == "review_caseworker"
        connection.execute(update(ServiceRequest).where(of_team).values(owner_id=colleague.person_id))
    leader = visitor("review_team_leader").visit("/team/")
    found = row(leader, "Open tasks of each person", colleague.name)
    assert (found["Cases"], found["Open tasks"]) == (f"1 open case of {colleague.name}", "0")
    leader.follow(f"1 open case of {colleague.name}")
    assert f"Only: {colleague.name}’s" in leader.text


def test_the_picture_shows_the_figures_of_the_table(deployed, visitor, held):
    due(deployed, held, -1)
    leader = visitor("review_team_leader").visit("/team/")
    picture = leader.page.xpath("//*[@role='img'][@aria-label='Open tasks of each person']")[0]
    name = somebody(deployed, "review_caseworker").name
    texts = [text.text_content() for text in picture.xpath(".//*[local-name()='text']")]
    [at] = [number for number, text in enumerate(texts) if name.startswith(text.rstrip("…"))]
    assert texts[at + 1] == "1"
    assert len(picture.xpath(".//*[contains(@class, 'app-chart__bar--overdue')]")) == 1


def test_ages_are_working_days_and_plans_that_go_round_are_named(deployed, visitor, held):
    with deployed.db.write() as connection:
        found = connection.execute(
            select(ServiceRequest).where(ServiceRequest.owner_group == "review_caseworker")
        ).one()
        opened = deployed.clock.now() - timedelta(weeks=3)  # in autumn: 15 working days
        facts = dumps({**loads(found.facts), "plan_version": 3})
        connection.execute(
            update(ServiceRequest)
            .where(ServiceRequest.request_id == found.request_id)
            .values(opened_at=opened, facts=facts)
        )
    leader = visitor("review_team_leader").visit("/team/")
    assert row(leader, "Open service requests by age", "11 to 15") == {"Open service requests": "1"}
    oldest = row(leader, "The oldest open service requests", found.kind)
    assert (oldest["Working days"], oldest["Plan"]) == ("15", "Version 3")
    assert row(leader, "Service requests at their third plan or a later one", found.kind)["Plan"] == "Version 3"


def test_absences_and_decisions_stand_on_the_page(deployed, visitor, held):
    today = absences.today(deployed)
    leader, caseworker = (somebody(deployed, name) for name in ("review_team_leader", "review_caseworker"))
    absences.record(
        deployed, caseworker.person_id, first_on=today, last_on=today + timedelta(days=3), cover_id=None, actor=leader
    )
    with deployed.db.write() as connection:
        connection.execute(
            update(UserTask)
            .where(UserTask.task_id == held.task_id)
            .values(candidate_group="review_team_leader", assignee_id=None)
        )
    page = visitor("review_team_leader").visit("/team/")
    away = row(page, "Who is away now or in the next two weeks", caseworker.name)
    assert away["Who stands in"] == "Nobody"
    assert "Away now" in page.text
    assert row(page, "Decisions that wait", held.name)["Who decides"] == "Nobody yet"


def test_a_leader_chooses_among_their_own_teams_alone(deployed, visitor, held):
    leader = visitor("complaint_resolution_team_leader").visit("/team/?team=review_caseworker")
    assert leader.status == 200
    assert somebody(deployed, "review_caseworker").name not in leader.text
    assert visitor("review_caseworker").visit("/team/").status == 403
