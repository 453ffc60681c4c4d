"""My cases and the cases of a leader's teams: what each open service request waits for, by page and by filter."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select, update

from engine import absences, cases, scenarios
from engine.models import ListedRequest, ServiceRequest, Wait
from engine.queries import worklists
from tests.web.test_hand_over import review
from tests.web.test_statements import MOST_OF_A_PAGE, counted
from tests.world import PROCESSES, somebody
from web.case_lines import lines_of

STORIES = PROCESSES / "review" / "scenarios"


def tell(world, name: str, *, steps: int, number: int) -> None:
    """Take a story so many steps far, on a case of its own."""
    story = scenarios.read_story(STORIES / name)
    own = {
        **story.table,
        "case": {**story.table.get("case", {}), "reference": f"CM-{4000000 + number}"},
        "earlier": [{"number": f"SR-{950 + number:06}"}],
        "start": {**story.table.get("start", {}), "request.resolution_number": f"SR-{950 + number:06}"},
        "step": [{key: step[key] for key in step if key != "then"} for step in story.table["step"][:steps]],
    }
    usual = {**story.usual, "people": {}} if number else story.usual  # they are there already
    told = scenarios.tell(world, replace(story, table=own, usual=usual))
    assert told.failures == []


@pytest.fixture
def waiting(deployed):
    """A review whose caseworker waits for the client's reply, and another in which the caseworker has a task."""
    tell(deployed, "no_further_action_silence.toml", steps=5, number=0)
    review(deployed, 1)
    return deployed


def rows(browser) -> dict[str, dict[str, str]]:
    """Return the rows by client and case, each with its cells by their labels."""
    found = {}
    for row in browser.page.xpath("//tbody/tr"):
        cells = {cell.get("data-label"): " ".join(cell.text_content().split()) for cell in row.xpath("td")}
        found[cells["Service request"]] = {**cells, "head": " ".join(row.xpath("string(th)").split())}
    return found


def of(browser, word: str) -> dict[str, str]:
    """Return the one row that waits for something."""
    [found] = [row for row in rows(browser).values() if word in row["Waits for"]]
    return found


def copies(world, number: int, **changed) -> list[int]:
    """Open that many requests on the case, with what lists know of them written over."""
    with world.db.write() as connection:
        row = connection.execute(select(ListedRequest.__table__).limit(1)).one()
        ids = [
            cases.open_request(
                connection,
                world,
                case_id=row.case_id,
                number=f"SR-8{count:05d}",
                fields={"kind": "Review", "status": "Open", "caseworker": row.owner_id, "owner_group": row.owner_group},
            )
            for count in range(number)
        ]
        connection.execute(update(ListedRequest).where(ListedRequest.request_id.in_(ids)).values(**changed))
    return ids


def test_a_case_that_waits_for_somebody_else_is_in_my_cases_with_whom_since_when_and_until_when(waiting, visitor):
    page = visitor("review_caseworker").visit("/tasks/cases")
    assert len(rows(page)) == 2
    asked = of(page, "The client")
    assert asked["Waits for"].startswith("The client, until ")
    assert "Since " in asked["Waits for"]
    with waiting.db.read() as connection:
        reply = connection.execute(select(Wait).where(Wait.kind == "timer", Wait.due_at.is_not(None))).first()
    assert reply is not None
    assert "7 days to reply to CMSL5800" in asked["Next date"]
    mine = of(page, "You: ")
    assert "8 Decide: can more be done?" in mine["Waits for"]
    assert "2 My cases" in page.text
    assert "CMSL5800" not in page.visit("/tasks/").text


def test_my_cases_are_narrowed_to_whom_they_wait_for_and_a_reload_keeps_that(waiting, visitor):
    page = visitor("review_caseworker").visit("/tasks/cases")
    assert "You (1)" in page.text
    page.follow("The client")
    assert "waiting=client" in page.path
    assert "Only: waits for the client" in page.text
    assert ["The client" in row["Waits for"] for row in rows(page).values()] == [True]
    assert rows(page.visit(page.path)) == rows(page)
    page.press("Show the list", {"waiting": "owner", "sort": "client"})
    assert ["You" in row["Waits for"] for row in rows(page).values()] == [True]
    assert rows(page.visit("/tasks/cases?waiting=date")) == {}
    assert "No case fits these filters." in page.text


def test_a_view_of_my_cases_is_saved_and_opens_as_the_one_who_opens_it(waiting, visitor):
    page = visitor("review_caseworker").visit("/tasks/cases?waiting=client")
    page.press("Save the view", {"name": "With the client"})
    assert "The client, until" in page.text
    shared = page.visit("/views/").page.find_class("app-mono")[0].text.partition("localhost")[2]
    assert rows(visitor("review_caseworker.2").visit(shared)) == {}


def test_a_leader_sees_the_cases_of_their_team_and_of_each_person_and_nobody_else_does(waiting, visitor):
    leader = visitor("review_team_leader").visit("/tasks/team-cases")
    assert len(rows(leader)) == 2
    caseworker, colleague = somebody(waiting, "review_caseworker"), somebody(waiting, "review_caseworker.2")
    assert all(row["Who has it"] == caseworker.name for row in rows(leader).values())
    leader.press("Show the list", {"whose": str(colleague.person_id)})
    assert rows(leader) == {}
    with waiting.db.write() as connection:
        connection.execute(update(ServiceRequest).values(owner_id=colleague.person_id))
    assert len(rows(leader.visit(leader.path))) == 2
    leader.visit(f"/tasks/team-cases?whose={colleague.person_id}&waiting=client")
    assert len(rows(leader)) == 1
    caseworkers = visitor("review_caseworker")
    assert caseworkers.client.get("/tasks/team-cases").status_code == 403
    token = caseworkers.page.xpath("//input[@name='csrf_token']/@value")[0]
    saved = {"csrf_token": token, "list": "team_cases", "name": "All", "whose": str(colleague.person_id)}
    caseworkers.client.post("/views/", data=saved)
    assert "My tasks" in caseworkers.visit("/views/").follow("All").heading
    other = visitor("complaint_resolution_team_leader")
    assert rows(other.visit(f"/tasks/team-cases?whose={colleague.person_id}")) == {}
    assert rows(visitor("manager").visit("/tasks/team-cases?team=review_caseworker")) != {}


def test_nobody_has_a_case_that_was_closed(waiting, visitor):
    with waiting.db.write() as connection:
        connection.execute(update(ServiceRequest).values(closed_at=waiting.clock.now(), status="Closed"))
    page = visitor("review_caseworker").visit("/tasks/cases")
    assert "You have no open case." in page.text
    assert rows(page) == {}
    assert "Your teams have no open case." in visitor("review_team_leader").visit("/tasks/team-cases").text


def test_my_cases_go_on_for_pages_and_the_soonest_date_comes_first(waiting, visitor):
    late = waiting.clock.now() - timedelta(days=2)
    copies(waiting, worklists.PAGE + 3, due_at=late)
    page = visitor("review_caseworker").visit("/tasks/cases")
    first = rows(page)
    rest = rows(page.follow("Next page"))
    assert (len(first), len(rest)) == (worklists.PAGE, 5)
    assert not first.keys() & rest.keys()
    assert rows(page.follow("Previous page")) == first
    assert rows(page.visit("/tasks/cases?due=overdue")) == first


PLACES = {
    "no_further_action_silence.toml": 5,
    "manager_with_access.toml": 3,
    "child_requests.toml": 5,
}


def test_the_word_of_the_filter_and_the_words_of_the_row_agree_wherever_a_story_stops(deployed, app):
    """The database says what lists are filtered by, the page says it in words: of one request they say the same."""
    for number, (name, steps) in enumerate(PLACES.items()):
        tell(deployed, name, steps=steps, number=number)
    with app.app_context(), deployed.db.read() as connection:
        listed = connection.execute(select(ListedRequest).where(ListedRequest.waits_for != "served")).all()
        lines = lines_of(connection, [row.request_id for row in listed], viewer_id=0)
    assert listed
    for row, line in zip(listed, lines, strict=True):
        assert set(row.waits_for.split()) == {one.word for one in line.waits} - {""}
        assert row.due_at == (line.next_due.due_at if line.next_due else None)


@pytest.mark.parametrize(
    ("who", "path"), [("review_caseworker", "/tasks/cases"), ("review_team_leader", "/tasks/team-cases")]
)
def test_a_list_of_cases_takes_few_statements(waiting, visitor, who, path):
    browser = visitor(who).visit(path)
    with counted(waiting) as sent:
        assert browser.client.get(path).status_code == 200
    assert len(sent.texts) <= MOST_OF_A_PAGE, sent.texts


def test_whoever_stands_in_opens_the_cases_of_who_is_away_and_every_page_says_so(waiting, visitor):
    away, cover = (somebody(waiting, name) for name in ("review_caseworker", "review_caseworker.2"))
    page = visitor(cover.username).visit("/tasks/cases")
    assert "You stand in" not in page.text
    assert rows(page.visit(f"/tasks/cases?whose={away.person_id}")) == {}
    days = {"first_on": date(2026, 9, 1), "last_on": date(2027, 3, 1)}
    absences.record(waiting, away.person_id, **days, cover_id=cover.person_id, actor=away)
    said = f"{away.name} (away until 1 March 2027, {cover.name} stands in)"
    page.visit("/absences/").follow(f"Cases of {away.name}")
    assert page.heading == "My cases"
    assert "their cases are shown (2)" in page.text
    assert f"{away.name} (1)" in page.text
    assert [row["Who has it"] for row in rows(page).values()] == [said, said]
    with counted(waiting) as sent:
        page.visit(f"/tasks/cases?whose={away.person_id}")
    assert len(sent.texts) <= MOST_OF_A_PAGE, sent.texts
    page.follow(of(page, "The client")["head"].partition(" ")[0])
    assert page.status == 200
    assert f"({said} has the case)" in page.text
    with counted(waiting) as sent:
        page.visit(page.path)
    assert len(sent.texts) <= MOST_OF_A_PAGE, sent.texts
    assert said in visitor("review_team_leader").visit("/tasks/held").text
    assert f"show the cases of {away.name} (2)" in page.visit("/tasks/cases").text
    stranger = visitor("owning_team").visit(f"/tasks/cases?whose={away.person_id}")
    assert "CM-" not in stranger.text
