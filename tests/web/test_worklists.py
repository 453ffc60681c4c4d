"""Worklists by their pages: filtered and sorted by the address, a page at a time, saved and shared."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import event, insert, select, update

from engine import tasks, worker
from engine.models import Case, ProcessInstance, UserTask
from engine.queries import worklists
from tests.web.journeys import call, claim, refer
from tests.world import somebody

TODAY = timedelta(hours=4)


@pytest.fixture
def referred(visitor, case_id):
    """A caseworker of the owning team, with the first call in their team's queue."""
    return refer(visitor("owning_team"), case_id)


def copies(world, number: int, **changed) -> list[int]:
    """Copy the open task that often, with what changes; the columns that lists know are written over again."""
    with world.db.write() as connection:
        row = connection.execute(select(UserTask.__table__).where(UserTask.status == "open").limit(1)).one()._mapping
        known = {name: value for name, value in row.items() if name != "task_id"}
        ids = []
        for _ in range(number):
            token = {"token": uuid4().hex}
            [task_id] = connection.execute(insert(UserTask).values({**known, **token})).inserted_primary_key
            ids.append(task_id)
        connection.execute(update(UserTask).where(UserTask.task_id.in_(ids)).values({"due_at": None, **changed}))
    return ids


def sent_by(world, read) -> list[tuple[str, Any]]:
    """Return the statements that a reading sends, with their parameters."""
    sent: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        if "FROM" in statement:
            sent.append((statement, parameters))

    event.listen(world.db.engine, "before_cursor_execute", note)
    try:
        with world.db.read() as connection:
            read(connection)
    finally:
        event.remove(world.db.engine, "before_cursor_execute", note)
    return sent


def names(page) -> list[str]:
    return [link.get("href").rpartition("/")[2] for link in page.page.xpath("//tbody//th/a")]


@pytest.mark.parametrize(("more", "said"), [(998, "999"), (999, "999+")])
def test_a_long_queue_is_not_counted_to_its_end(referred, deployed, more, said):
    with deployed.db.write() as connection:
        row = connection.execute(select(UserTask.__table__).where(UserTask.status == "open")).one()._mapping
        copy = {name: value for name, value in row.items() if name != "task_id"}
        connection.execute(insert(UserTask), [{**copy, "token": f"copy{number}"} for number in range(more)])
    assert f"{said} Team queue" in referred.visit("/tasks/").text


def test_what_is_due_today_and_what_is_late_stand_on_top(referred, visitor, deployed):
    call(referred)
    claim(visitor("review_team_leader"), "5 Allocate the SR")
    leader = visitor("review_team_leader")
    assert "1 My tasks 0 overdue, 0 due today" in leader.visit("/tasks/").text
    deployed.clock.move_to(deployed.clock.now().replace(day=5, hour=10))
    assert "0 overdue, 1 due today" in leader.visit("/tasks/").text
    deployed.clock.move_to(deployed.clock.now().replace(day=6, hour=10))
    worker.work_until_rest(deployed)
    assert "1 overdue, 0 due today" in leader.visit("/tasks/").text
    assert re.search(r"5 October 2026 1 day late", leader.text)
    with deployed.db.read() as connection:
        [case_id] = set(connection.execute(select(UserTask.case_id)).scalars())
    for page in (f"/cases/{case_id}", "/team/"):
        leader.visit(page)
        assert "1 day late" in leader.text, page
        assert not leader.page.xpath("//*[contains(@class, 'govuk-tag') and normalize-space()='Overdue']"), page
    assert "Allocate the SR" in leader.visit("/tasks/due").text


def test_filters_and_sort_stand_in_the_address_and_survive_a_reload(referred, deployed):
    [scottish] = copies(deployed, 1, nation="scotland", client_sort="aaa")
    [dated] = copies(deployed, 1, due_at=deployed.clock.now() + TODAY, source="mp", stage="Plan")
    page = referred.visit("/tasks/queue")
    assert names(page)[0] == str(dated)
    page.press("Show the list", {"nation": "scotland", "sort": "client"})
    assert "nation=scotland" in page.path
    assert names(page) == [str(scottish)]
    assert "Only: Scotland" in page.text
    assert names(page.visit(page.path)) == [str(scottish)]
    for asked in ("due=today", "source=mp", "stage=Plan", "due=week&nation=england_wales"):
        assert names(page.visit(f"/tasks/queue?{asked}")) == [str(dated)], asked
    assert str(dated) not in names(page.visit("/tasks/queue?due=none"))
    assert names(page.visit("/tasks/queue?sort=newest"))[:2] == [str(dated), str(scottish)]
    assert names(page.visit("/tasks/queue?procedure=review&team=owning_team&waiting=us&sort=client"))[0] == str(
        scottish
    )
    assert names(page.visit("/tasks/queue?waiting=outside")) == []


def test_an_address_that_names_nothing_that_is_offered_narrows_nothing(referred, deployed):
    for odd in ("nation=mars", "team=operations", "sort=x", "after=x", "after=9~x", "after=99999999999~99999999999999"):
        assert referred.visit(f"/tasks/queue?{odd}").status == 200
        assert "Call the client" in referred.text, odd
    for odd in ("after=0001-01-01T00:00:00+14:00~1", "before=%00~3&sort=client", "before=~1"):
        assert referred.visit(f"/tasks/queue?{odd}").status == 200


def test_pages_go_on_and_back_without_a_script(referred, deployed):
    copies(deployed, worklists.PAGE + 3)
    first = names(referred.visit("/tasks/queue"))
    rest = names(referred.follow("Next page"))
    assert (len(first), len(rest)) == (worklists.PAGE, 4)
    assert not set(first) & set(rest)
    assert "Next page" not in referred.text
    assert names(referred.follow("Previous page")) == first


def test_a_filter_in_a_long_queue_says_how_far_it_looked_and_goes_on(referred, deployed, monkeypatch):
    copies(deployed, 12)
    [scottish] = copies(deployed, 1, nation="scotland")
    monkeypatch.setattr(worklists, "WINDOW", 5)
    page = referred.visit("/tasks/queue?nation=scotland")
    assert "among the first 5 tasks of each team" in page.text
    found = names(page)
    while "Look further" in page.text:
        found += names(page.follow("Look further"))
    assert found == [str(scottish)]


def test_two_issues_of_one_contact_do_not_look_alike(referred, deployed):
    with deployed.db.write() as connection:
        facts = '{"issue":"Money was taken twice in May","source":"mp","ice_gateway":true}'
        connection.execute(update(ProcessInstance).values(pending_facts=facts))
    line = referred.visit("/tasks/queue").text
    assert "MP" in line
    assert "ICE gateway" in line
    assert "Money was taken twice in May" in line


def test_a_person_sees_the_work_of_their_own_teams_and_of_those_they_lead(referred, visitor, deployed):
    for who, sees in (("owning_team.2", True), ("owning_team_leader", True), ("review_caseworker", False)):
        for path in ("/tasks/queue", "/tasks/due", "/tasks/queue?team=owning_team"):
            with deployed.db.write() as connection:
                connection.execute(update(UserTask).values(due_at=deployed.clock.now()))
            assert ("Call the client" in visitor(who).visit(path).text) is sees, (who, path)
    claim(referred, "Call the client")
    assert "Scenario owning team" in visitor("owning_team_leader").visit("/tasks/held").text
    assert "Call the client" not in visitor("review_caseworker").visit("/tasks/held").text
    assert "Claim" not in visitor("owning_team_leader").visit("/tasks/queue").text


def test_a_view_is_saved_shared_renamed_and_deleted(referred, visitor, deployed):
    with deployed.db.write() as connection:
        connection.execute(update(Case).values(nation="scotland"))
    page = referred.visit("/tasks/queue?nation=scotland&sort=newest")
    page.press("Save the view", {"name": "Scottish work"})
    assert "The view “Scottish work” is saved." in page.text
    assert "Only: Scotland" in page.text
    assert "Saved view: Scottish work." in page.text
    shared = page.visit("/views/").page.find_class("app-mono")[0].text.partition("localhost")[2]
    colleague = visitor("owning_team.2").visit(shared)
    assert "Call the client" in colleague.text
    assert "shared by Scenario owning team. You see it with your own rights" in colleague.text
    stranger = visitor("review_caseworker").visit(shared)
    assert stranger.status == 200
    assert "Call the client" not in stranger.text
    page.visit("/views/").press("Rename", {"name": ""})
    assert (page.status, "Enter a name for the view" in page.text) == (422, True)
    page.press("Rename", {"name": "North"})
    assert "The view is now called “North”." in page.text
    assert "North" in page.visit("/tasks/").text
    [view_id] = re.findall(r"/views/(\d+)/name", page.visit("/views/").body.decode())
    token = stranger.page.xpath("//input[@name='csrf_token']/@value")[0]
    for verb in ("name", "delete"):
        data = {"csrf_token": token, "name": "Mine"}
        assert stranger.client.post(f"/views/{view_id}/{verb}", data=data).status_code == 404
    page.visit("/views/").press("Delete")
    assert "You have no saved view" in page.text
    assert colleague.visit(shared).status == 404


def test_a_view_needs_a_name_of_its_own(referred):
    referred.visit("/tasks/").press("Save the view", {"name": "Mine"})
    referred.visit("/tasks/due").press("Save the view", {"name": "Mine"})
    assert "already" in referred.text
    referred.visit("/tasks/due").press("Save the view", {"name": " "})
    assert "Enter a name" in referred.text


def test_what_was_not_done_is_not_headed_done(referred):
    referred.visit("/tasks/").press("Save the view", {"name": " "})
    banner = referred.page.xpath("//*[contains(@class, 'govuk-notification-banner')]")[0].text_content()
    assert "Enter a name for the view" in banner
    assert ("Important" in banner, "Done" in banner) == (True, False)


def test_a_task_that_is_held_is_not_offered(referred, deployed):
    [held] = copies(deployed, 1)
    tasks.claim(deployed, held, actor=somebody(deployed, "owning_team.2"))
    assert str(held) not in names(referred.visit("/tasks/queue"))
    assert str(held) in names(referred.visit("/tasks/held"))
