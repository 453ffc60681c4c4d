"""The case page shows the whole case: requests, who holds each, what is due, the path so far; at a constant cost."""

from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from sqlalchemy import event, insert, select

from engine import cases, messages
from engine.clock import LONDON
from engine.models import History, ServiceRequest
from engine.queries.worklist import TaskRow
from tests.web.conftest import person_id
from tests.web.journeys import accept, allocate, call, claim, decide_no_further_action, refer
from tests.world import somebody
from web.holders import task_holder


@contextmanager
def statements(world):
    """Note every statement that is sent meanwhile."""
    sent = []

    def note(_connection, _cursor, statement, *_rest):
        sent.append(statement)

    event.listen(world.db.engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(world.db.engine, "before_cursor_execute", note)


def card(browser, number):
    """Return the words of one service request's part of the page."""
    found = browser.page.get_element_by_id(number)
    return " ".join(found.text_content().split())


@pytest.fixture
def under_way(visitor, deployed, case_id, play_once):
    """A review that its caseworker is to decide on at step 8."""

    def play():
        call(refer(visitor("owning_team"), case_id))
        allocate(visitor("review_team_leader"), person_id(deployed, "review_caseworker"))
        accept(visitor("review_caseworker"))

    play_once(play)
    return visitor("review_caseworker")


def test_every_request_tells_its_links_in_both_directions(under_way, case_id):
    under_way.visit(f"/cases/{case_id}")
    assert "Raised from SR-000900 (Resolution)" in card(under_way, "SR-000001")
    assert "Led to SR-000001 (Review)" in card(under_way, "SR-000900")


def test_the_page_says_first_what_it_is_about_and_leads_the_holder_to_the_task(under_way, visitor, case_id):
    page = under_way.visit(f"/cases/{case_id}").text
    assert page.index("About SR-000001: ") < page.index("What is next")
    assert "Open your task: 8 Decide: can more be done?" in page
    assert "Open your task" not in visitor("review_team_leader").visit(f"/cases/{case_id}").text


def test_the_path_so_far_is_in_the_steps_of_the_procedure(under_way, case_id):
    review = card(under_way.visit(f"/cases/{case_id}"), "SR-000001")
    assert "Path so far Review 1 2 3 4 5 6 7 now 8" in review
    assert "7 Complete Complaints Details" in review or "7 Complaints Details" in review


def test_a_task_tells_what_happened_before_its_request_with_the_notes(under_way, deployed, case_id):
    with deployed.db.write() as connection:
        note = {"case_id": case_id, "request_id": None, "text": "An explanation was given.", "author_id": None}
        cases.add_note(connection, deployed, **note)
    under_way.visit("/tasks/").follow("8 Decide")
    assert "What happened before: Resolution SR-000900" in under_way.text
    assert "Resolution Code No Action Taken" in under_way.text
    assert "An explanation was given." in under_way.text


def test_a_closed_request_is_folded_and_comes_after_the_open_one(under_way, case_id):
    under_way.visit(f"/cases/{case_id}")
    assert under_way.body.index(b'id="SR-000001"') < under_way.body.index(b'id="SR-000900"')
    assert under_way.page.get_element_by_id("SR-000900").getparent().tag == "details"


def test_who_holds_a_request_has_one_answer_at_every_moment(visitor, deployed, case_id):
    owner = visitor("owning_team")
    refer(owner, case_id)
    assert "no service request yet" in owner.visit(f"/cases/{case_id}").text
    assert "Who holds it now Owning team: in the queue, nobody has claimed it" in owner.text
    claim(owner, "Call the client")
    assert "Who holds it now Scenario owning team" in owner.visit(f"/cases/{case_id}").text


def test_a_task_of_a_called_process_stands_in_worklists_with_its_step_and_request(under_way, case_id):
    decide_no_further_action(under_way)
    under_way.visit("/tasks/")
    (row,) = under_way.page.xpath("//tbody/tr")
    task, client, about = [" ".join(" ".join(cell.itertext()).split()) for cell in row[:3]]
    assert task == "Write the letter CMSL5800 : Robin Example, SR-000001 Review 9, 10"
    assert client == "Robin Example CM-2000001"
    assert about.startswith("Review SR-000001 ")


def test_other_open_requests_of_the_case_are_marked_in_worklists(under_way, deployed, case_id):
    assert "other open request" not in under_way.visit("/tasks/").text
    with deployed.db.write() as connection:
        fields = {"kind": "Enquiry", "status": "Open", "owner_group": "owning_team"}
        cases.open_request(connection, deployed, case_id=case_id, number="SR-000901", fields=fields)
    assert "1 other open request" in under_way.visit("/tasks/").text


def test_a_message_that_nobody_waited_for_is_shown_to_the_holder_with_what_it_says(under_way, deployed, case_id):
    today = deployed.clock.now().astimezone(LONDON).date()
    actor = somebody(deployed, "owning_team")
    messages.correlate(
        deployed, "not_awaited", "SR-000001", {"reply_text": "Here is a payslip."}, received_on=today, actor=actor
    )
    under_way.visit("/tasks/").follow("Not awaited about SR-000001")
    assert "A message has arrived that no procedure waited for" in under_way.text
    assert "Here is a payslip." in under_way.text
    under_way.press("Mark as dealt with")
    assert "It was kept. Scenario review caseworker marked it as dealt with on " in under_way.text
    assert "Messages for you" not in under_way.visit("/tasks/").text


def test_the_diagram_of_a_case_is_open_to_who_works_on_it_and_to_no_other_case(under_way, visitor, case_id):
    under_way.visit(f"/cases/{case_id}").follow("Diagram of Review SR-000001")
    assert under_way.heading == "Diagram of Complaint - Review"
    assert "8 Decide: can more be done?" in under_way.text
    source = under_way.page.get_element_by_id("diagram").get("data-diagram")
    assert under_way.client.get(source).mimetype == "application/xml"
    assert under_way.client.get(f"/cases/{case_id}/diagrams/99/").status_code == 404
    assert under_way.client.get(f"/cases/{case_id}/diagrams/1/processes/dictionary.toml").status_code == 404


def grow(world, case_id, *, requests, history):
    """Give a case more service requests and more history, as years of work would."""
    with world.db.write() as connection:
        main = connection.execute(select(ServiceRequest.request_id).where(ServiceRequest.number == "SR-000001"))
        first = main.scalar_one()
        for number in range(requests):
            fields = {"kind": "Enquiry", "status": "Open" if number % 2 else "Closed", "owner_group": "owning_team"}
            made = cases.open_request(connection, world, case_id=case_id, number=f"SR-1{number:05d}", fields=fields)
            cases.link_requests(connection, first, made, "related")
        row = connection.execute(select(History.__table__).order_by(History.history_id.desc())).first()
        for number in range(history):
            values = {
                **row._mapping,
                "seq": row.seq + 1 + number,
                "kind": "submitted",
                "step": f"Review {number % 25 + 1}",
            }
            values.pop("history_id")
            connection.execute(insert(History).values(values))


def test_how_many_statements_a_case_takes_does_not_depend_on_its_requests_or_its_history(under_way, deployed, case_id):
    under_way.visit(f"/cases/{case_id}")
    with statements(deployed) as few:
        under_way.visit(f"/cases/{case_id}")
    grow(deployed, case_id, requests=12, history=200)
    with statements(deployed) as many:
        under_way.visit(f"/cases/{case_id}")
    assert card(under_way, "SR-100003").startswith("Enquiry SR-100003")
    assert len(many) == len(few)
    assert len(few) <= 12


def test_the_page_tells_the_newest_history_and_leads_to_all_of_it(under_way, deployed, case_id):
    grow(deployed, case_id, requests=0, history=300)
    under_way.visit(f"/cases/{case_id}")
    assert len(under_way.page.find_class("app-timeline__item")) <= 8
    under_way.follow("The whole history")
    assert len(under_way.page.find_class("app-timeline__item")) <= 100
    under_way.follow("Older").follow("Older").follow("Older")
    assert "started the procedure Complaint - Review" in under_way.text


def test_what_the_case_waits_for_is_named_by_its_title_alone(under_way, case_id):
    under_way.visit(f"/cases/{case_id}")
    links = [link.text_content() for link in under_way.page.iter("a")]
    assert "Record: The client withdraws, SR-000001" in links


def test_requests_stand_as_a_tree_below_what_they_were_raised_from(under_way, case_id):
    (tree,) = under_way.visit(f"/cases/{case_id}").page.find_class("app-tree")
    words = " ".join(tree.text_content().split())
    assert words == "Resolution SR-000900, Closed, No Action Taken Raised from it: Review SR-000001, In Progress"


def test_a_long_list_shows_its_newest_rows_and_leads_to_all_of_them(under_way, deployed, case_id):
    with deployed.db.write() as connection:
        for number in range(60):
            note = {"case_id": case_id, "request_id": None, "text": f"Note {number}.", "author_id": None}
            cases.add_note(connection, deployed, **note)
    page = under_way.visit(f"/cases/{case_id}")
    assert ("Note 55." in page.text, "Note 40." in page.text) == (True, False)
    page.follow("notes").follow("Older")
    assert "Note 5." in page.text
    assert page.visit(f"/cases/{case_id}/all/secrets").status == 404


def test_a_manager_who_decides_outside_the_service_is_who_holds_it():
    at = datetime(2026, 10, 1, 8, tzinfo=UTC)
    task = TaskRow(
        1, "14 Record the manager's decision", "Review 14", "record", "review_team_leader", 3, "Rita Reviewlead", 1,
        "CM-1", "Robin Example", "SR-1", 1, 1, "Complaint - Review", 1, "Review", at, None, False, "Max Manager",
    )  # fmt: skip
    assert task_holder(task, {}) == "Max Manager, who decides outside the service (recorded by Rita Reviewlead)"


def test_a_complaint_at_resolution_is_not_begun_by_hand(visitor, case_id):
    page = visitor("owning_team").visit(f"/cases/{case_id}")
    assert "Start: Complaint - Review" in page.text
    assert "Start: Complaint - Resolution" not in page.text
    assert page.visit(f"/cases/{case_id}/start/resolution").status == 403
