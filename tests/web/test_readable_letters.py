"""Letters that somebody else makes readable, by the pages: what the writer meets, downloads and hands in."""

from __future__ import annotations

from sqlalchemy import select, update

from engine import worker
from engine.models import Case, Document, UserTask
from engine.values import dumps, loads
from tests.web.conftest import person_id
from tests.web.journeys import accept, allocate, call, decide_no_further_action, open_task, refer, write_letter

WELSH = b"%PDF-1.7\nCymraeg\n%%EOF\n"


def know(world, case_id, **facts):
    """Record facts of the client, as intake does."""
    with world.db.write() as connection:
        known = loads(connection.execute(select(Case.facts).where(Case.case_id == case_id)).scalar_one())
        connection.execute(update(Case).where(Case.case_id == case_id).values(facts=dumps({**known, **facts})))


def to_the_letter(visitor, world, case_id):
    """Take a review to the point where CMSL5800 is to be written; return its caseworker."""
    call(refer(visitor("owning_team"), case_id))
    allocate(visitor("review_team_leader"), person_id(world, "review_caseworker"))
    caseworker = visitor("review_caseworker")
    accept(caseworker)
    decide_no_further_action(caseworker)
    return caseworker


def documents(world, kind):
    with world.db.read() as connection:
        return connection.execute(select(Document.__table__).where(Document.kind == kind)).all()


def open_tasks(world):
    with world.db.read() as connection:
        found = connection.execute(select(UserTask.element_id).where(UserTask.status == "open"))
        return sorted(found.scalars())


def test_the_text_for_the_supplier_is_downloaded_and_its_dispatch_recorded(visitor, deployed, case_id):
    know(deployed, case_id, letter_format="braille_1")
    caseworker = to_the_letter(visitor, deployed, case_id)
    assert "goes to a supplier first" in open_task(caseworker, "Write the letter").text
    write_letter(caseworker, update="Nothing more can be done.")
    check = open_task(caseworker, "Check the letter")
    assert "only when a supplier has made it readable" in check.text
    assert "within 7 days of the day on which we sent you this letter" in " ".join(check.text.split())
    check.press("Complete this task", {"letter_check": "confirm"})
    assert documents(deployed, "letter") == []

    page = open_task(caseworker, "Hand the letter to the supplier")
    assert "Braille, grade 1" in page.text
    assert "Robin Example, 1 Sample Street, Exampletown, EX1 1EX" in page.text
    assert "acknowledgement" not in str(page.page.find_class("app-task__work")[0].text_content())
    link = next(a.get("href") for a in page.page.iter("a") if "English text (PDF)" in a.text_content())
    assert caseworker.client.get(link).data.startswith(b"%PDF")
    sent = {
        "supplier_dispatched_on-day": "1",
        "supplier_dispatched_on-month": "1",
        "supplier_dispatched_on-year": "2030",
    }
    early = open_task(caseworker, "Hand the letter to the supplier")
    early.press("Complete this task", {**sent, "supplier_reference": "Dots 17"})
    assert early.status == 422
    assert "must be today or in the past" in early.text
    today = deployed.clock.now()
    sent = {f"supplier_dispatched_on-{part}": str(getattr(today, part)) for part in ("day", "month", "year")}
    early.press("Complete this task", {**sent, "supplier_reference": "Dots 17"})
    [letter] = documents(deployed, "letter")
    assert (letter.template_id, letter.dispatch_ref) == ("CMSL5800", "Dots 17")
    worker.work_until_rest(deployed)
    assert open_tasks(deployed) == []
    assert "Braille, grade 1" in caseworker.visit(f"/cases/{case_id}").text


def test_a_letter_without_an_address_is_refused_at_writing_and_what_was_typed_stays(visitor, deployed, case_id):
    caseworker = to_the_letter(visitor, deployed, case_id)
    know(deployed, case_id, client_address="")
    page = open_task(caseworker, "Write the letter")
    page.press("Complete this task", {"slots.update": "Words that must not be lost."})
    assert page.status == 422
    assert "Record it with the client" in page.text
    assert "Words that must not be lost." in [box.text.strip() for box in page.page.iter("textarea")]
    assert open_tasks(deployed) == ["write_letter"]


def test_the_writer_is_told_who_gets_the_letter(visitor, deployed, case_id):
    acts = {"representative_name": "Sam Adviser", "representative_receives": "copy"}
    know(deployed, case_id, **acts, representative_address="2 Other Street", representative_authority=True)
    caseworker = to_the_letter(visitor, deployed, case_id)
    assert "A copy goes to Sam Adviser" in open_task(caseworker, "Write the letter").text
    know(deployed, case_id, representative_authority=False)
    page = open_task(caseworker, "Write the letter")
    assert "A copy goes to" not in page.text
    assert "The representative gets nothing." in page.text


def test_a_translation_is_handed_in_checked_and_dispatched_with_the_english(visitor, deployed, case_id):
    know(deployed, case_id, language="cy")
    caseworker = to_the_letter(visitor, deployed, case_id)
    write_letter(caseworker, update="Nothing more can be done.")
    open_task(caseworker, "Check the letter").press("Complete this task", {"letter_check": "confirm"})
    page = open_task(caseworker, "Get the letter translated")
    assert "English text (PDF)" in page.text
    assert "acknowledgement" not in str(page.page.find_class("app-task__work")[0].text_content())
    page.press("Complete this task")
    assert page.status == 422
    assert "Select the translated letter as a PDF" in page.text
    page.press("Complete this task", files={"translated_letter": (b"Not a letter.\n", "letter.txt")})
    assert page.status == 422
    page.press("Complete this task", files={"translated_letter": (WELSH, "llythyr.pdf")})
    assert open_tasks(deployed) == ["check_translation"]

    check = open_task(caseworker, "Check the translation")
    assert "llythyr.pdf (PDF)" in check.text
    assert "English text (PDF)" in check.text
    check.press("Complete this task", {"translation_check": "confirm", "translation_checked_by": "Eira Example"})
    worker.work_until_rest(deployed)
    [letter] = documents(deployed, "letter")
    assert (letter.title, letter.dispatched_at is None) == ("Keeping you informed about your complaint: Welsh", False)
    sent = caseworker.client.get(f"/documents/{letter.document_id}")
    assert sent.data == WELSH
    shown = caseworker.visit(f"/cases/{case_id}").text
    assert "Keeping you informed about your complaint: Welsh" in shown
    assert "Keeping you informed about your complaint: English text" in shown
    [printed] = (deployed.settings.spool_dir / "letters").glob("*enclosure-1.pdf")
    assert printed.read_bytes().startswith(b"%PDF")


def test_a_format_that_is_corrected_while_the_letter_is_written_still_counts(visitor, deployed, case_id):
    caseworker = to_the_letter(visitor, deployed, case_id)
    know(deployed, case_id, letter_format="audio")
    assert write_letter(caseworker, update="Nothing more can be done.").status == 200
    check = open_task(caseworker, "Check the letter")
    assert "within 7 days of the day on which we sent you this letter" in " ".join(check.text.split())
    check.press("Complete this task", {"letter_check": "confirm"})
    assert open_tasks(deployed) == ["hand_to_supplier"]
    assert documents(deployed, "letter") == []
