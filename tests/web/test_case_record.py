"""A contested case is told from its pages: versions of the plan, dates with their rules, letters with their makers."""

import json
import shutil
from dataclasses import replace

import pytest
from sqlalchemy import select, update

from engine import definitions, dispatch, scenarios
from engine.errors import Conflict, NotAllowed
from engine.models import Document, Outbox, Wait
from engine.queries import running
from engine.queries.paths import way_of
from engine.resending import resend
from engine.values import dumps
from tests.page import Browser
from tests.world import PROCESSES, close_whole, copy_world, deployed_world, open_world, somebody
from web.app import create_app

STORY = PROCESSES / "review" / "scenarios" / "plan_must_change.toml"
CASE, REVIEW = 1, 2


@pytest.fixture(scope="module")
def told_once(tmp_path_factory):
    """A review whose plan went through three versions, in large print, told once."""
    folder = tmp_path_factory.mktemp("told")
    world = deployed_world(folder)
    story = scenarios.read_story(STORY)
    case = {**story.usual.get("case", {}), "letter_format": "large_print_18"}
    told = scenarios.tell(world, replace(story, table={**story.table, "case": case}))
    assert told.failures == []
    close_whole(world)
    yield folder, world.clock.now()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def told(told_once, tmp_path):
    """A world of one's own in which that was told."""
    folder, now = told_once
    copy_world(folder, tmp_path / "copy")
    world = open_world(tmp_path / "copy", at=now)
    yield world
    world.db.close()


@pytest.fixture
def reader(told):
    """The caseworker of the review at its pages."""
    app = create_app(world=told)
    app.testing = True
    return lambda username="review_caseworker": Browser(app).sign_in(username)


def letters(world):
    with world.db.read() as connection:
        rows = connection.execute(
            select(Document).with_only_columns(Document.document_id, Document.template_id, Document.dispatched_at)
        )
        return {row.template_id: row for row in rows}


def spool(world):
    return sorted(path.name for path in (world.settings.spool_dir / "letters").iterdir())


def test_the_plan_has_its_versions_with_who_changed_what_and_who_decided_on_which(reader):
    page = reader().visit(f"/cases/{CASE}/plan/{REVIEW}")
    assert "Now: version 3" in page.text
    summaries = [" ".join(one.text_content().split()) for one in page.page.iter("summary")]
    assert summaries[1].startswith("Version 3, Scenario review caseworker, 2 November 2026 at 9:30am: 13 Create")
    assert [one[:9] for one in summaries] == ["Version 3", "Version 3", "Version 2", "Version 1", "Version 1"]
    (second,) = (one for one in page.page.iter("details") if "Version 2," in one.text_content())
    words = " ".join(second.text_content().split())
    assert "Decision on version 2 of the plan: rejected" in words
    assert "on Complaint - Review, version 1" in words
    assert "Actions, row 1, Due date agreed with the client: Yes, now nothing" in words


def test_the_diagram_has_the_path_taken_as_a_picture_and_as_a_list(reader):
    page = reader().visit(f"/cases/{CASE}/diagrams/1/?diagram=processes/review/review_plan.bpmn")
    passed = json.loads(page.page.get_element_by_id("diagram").get("data-passed"))
    assert passed["create_plan"] == 3
    rows = [" ".join(one.text_content().split()) for one in page.page.iter("tr")]
    assert "Review 14 Decide on the plan 2 November 2026 at 9:30am Scenario review team leader Reached" in rows


def test_the_path_tells_no_step_that_was_only_looked_up_by_the_way(reader):
    page = reader().visit(f"/cases/{CASE}")
    words = " ".join(page.page.get_element_by_id("SR-000001").text_content().split())
    assert "12 13 16 17 18 19 21 12 13 14 15 12 13 14 21 16 17" in words


def test_a_date_of_the_past_still_says_why_it_was_that_date(reader):
    page = reader().visit(f"/cases/{CASE}/dates/")
    assert "No date runs now." in page.text
    assert "From Monday 2 November 2026 (Pending Assignment since), which is day 0" in page.text
    assert "4 November 2026 5 Allocate the SR to a review caseworker" in page.text
    assert "Nation England and Wales Weekends Not counted Bank holidays on the way None" in page.text


def test_history_is_filtered_by_what_it_is_about_and_by_request_in_its_address(reader):
    page = reader().visit(f"/cases/{CASE}/history?show=decisions&request=SR-000001")
    titles = [one.text_content() for one in page.page.find_class("app-timeline__title")]
    assert "Decision on version 2 of the plan: rejected" in titles
    assert not any("CMSL5801" in title for title in titles)
    page.visit(f"/cases/{CASE}/history?show=letters")
    titles = [one.text_content() for one in page.page.find_class("app-timeline__title")]
    assert titles.count("The procedure issued CMSL5801") == 2
    assert "There is nothing of this kind." in page.visit(f"/cases/{CASE}/history?request=SR-999999").text


def test_a_letter_names_who_wrote_and_confirmed_it_its_version_and_its_facts(reader, told):
    page = reader().visit(f"/cases/{CASE}/letters/{letters(told)['CMSL5804'].document_id}/")
    assert "Written by Scenario review caseworker, 2 November 2026 at 9:30am: “Write the letter CMSL5804”" in page.text
    assert "Checked and confirmed by Scenario review team leader" in page.text
    assert "Version Large print, 18 point" in page.text
    assert "We will correct the date and repay the fee." in page.text


def test_a_letter_says_how_it_left_and_what_it_was_told_in_words(reader, told):
    letter = letters(told)["CMSL5804"]
    page = reader().visit(f"/cases/{CASE}/letters/{letter.document_id}/")
    assert "How it was sent By post Delivery Handed over for print" in page.text
    assert "Service request number SR-" in page.text
    with told.db.write() as connection:  # as it stands while the print room cannot be reached
        of_letter = Outbox.payload.contains(f'"document_id":{letter.document_id},')
        connection.execute(update(Outbox).where(of_letter).values(state="new", attempts=2, sent_at=None))
        waiting = {"dispatched_at": None, "dispatch_ref": None}
        connection.execute(update(Document).where(Document.document_id == letter.document_id).values(**waiting))
    assert "Delivery Waits to be handed over: tried 2 times, next on " in page.visit(page.path).text
    with told.db.write() as connection:
        connection.execute(update(Outbox).where(of_letter).values(state="failed"))
    assert "Delivery Could not be handed over. Operations have an incident about it" in page.visit(page.path).text


def test_the_history_leads_from_a_letter_to_its_record(reader, told):
    page = reader().visit(f"/cases/{CASE}/history?show=letters").follow("How CMSL5804 was made and sent")
    assert page.heading.startswith("Letter CMSL5804")


def test_a_second_copy_is_the_same_letter_once_more_and_restarts_nothing(reader, told):
    letter = letters(told)["CMSL5806"]
    before, waits = spool(told), select(Wait.wait_id)
    browser = reader().visit(f"/cases/{CASE}/letters/{letter.document_id}/").follow("Send this letter again")
    assert "the client’s days to reply do not start again" in browser.text
    assert browser.press("Send a second copy", {"reason": " "}).status == 422
    browser.press("Send a second copy", {"reason": "It never arrived."})
    assert dispatch.deliver_due(told) == 1
    (copy,) = set(spool(told)) - set(before)
    folder = told.settings.spool_dir / "letters"
    (first,) = (name for name in before if name == copy.partition("-second-copy-")[0] + ".pdf")
    assert (folder / copy).read_bytes() == (folder / first).read_bytes()
    assert letters(told)["CMSL5806"].dispatched_at == letter.dispatched_at
    with told.db.read() as connection:
        assert connection.execute(waits).all() == []
    assert "Why It never arrived. Dispatched 2 November 2026" in browser.visit(browser.path).text
    history = browser.visit(f"/cases/{CASE}/history?show=letters").text
    assert "Scenario review caseworker sent the letter CMSL5806 again, as a second copy" in history


def test_the_same_press_sends_one_copy_and_others_may_not_send_any(told):
    letter = letters(told)["CMSL5806"].document_id
    holder, leader = somebody(told, "review_caseworker"), somebody(told, "review_team_leader")
    assert resend(told, letter, "Lost", press="one", actor=holder)
    assert not resend(told, letter, "Lost", press="one", actor=holder)
    assert resend(told, letter, "Lost again", press="two", actor=leader)
    assert dispatch.deliver_due(told) == 2
    with pytest.raises(NotAllowed):
        resend(told, letter, "Lost", press="three", actor=somebody(told, "review_caseworker.2"))


def test_a_second_copy_by_email_says_that_it_is_one(told):
    letter = letters(told)["CMSL5806"].document_id
    with told.db.write() as connection:
        payload = dumps({"document_id": letter, "enclosures": [], "email": "robin@redress.example"})
        of_letter = Outbox.payload.contains(f'"document_id":{letter},')
        connection.execute(update(Outbox).where(of_letter).values(payload=payload))
    resend(told, letter, "Lost", press="one", actor=somebody(told, "review_caseworker"))
    dispatch.deliver_due(told)
    (mail,) = (told.settings.spool_dir / "email").glob("*.eml")
    assert b"(second copy)" in mail.read_bytes().replace(b"\r\n ", b" ").replace(b"_", b" ")


def test_a_letter_that_has_not_left_is_not_sent_again(told):
    letter = letters(told)["CMSL5806"].document_id
    with told.db.write() as connection:
        connection.execute(Document.__table__.update().values(dispatched_at=None))
    with pytest.raises(Conflict, match="has not left yet"):
        resend(told, letter, "Lost", press="one", actor=somebody(told, "review_caseworker"))


def test_a_step_that_a_table_alone_decides_is_on_the_path(deployed):
    story = scenarios.read_story(PROCESSES / "log" / "scenarios" / "question_only.toml")
    assert scenarios.tell(deployed, story).failures == []
    with deployed.db.read() as connection:
        rows = running.instances_of(connection, CASE)
        loaded = {row.definition_id: definitions.load(deployed, connection, row.definition_id) for row in rows}
        (path,) = way_of(connection, CASE, loaded).taken.values()
    steps = [step.step for step in path]
    assert steps[steps.index("Log 4") + 1] == "Log 5"
