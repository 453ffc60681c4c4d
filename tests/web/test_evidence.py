"""Files by the pages: uploaded without JavaScript, kept whatever else is wrong with a form, only ever saved."""

from __future__ import annotations

from io import BytesIO

import pytest
from flask import request
from sqlalchemy import func, select
from werkzeug.exceptions import RequestEntityTooLarge

from engine import cases, tasks, worker
from engine.file_kinds import specimen
from engine.models import Blob, Document, Note, UserTask
from tests import tiny
from tests.page import Browser
from tests.world import deploy_text, somebody

PDF = specimen("a.pdf")
FORM = tiny.form(
    "proof",
    {"type": "filepicker", "key": "proof", "label": "Proof of payment", "validate": {"required": True}},
    {"type": "filepicker", "key": "photos", "label": "Photos", "multiple": True, "accept": ".png,.jpg"},
    {"type": "textarea", "key": "answer", "label": "Answer", "validate": {"required": True}},
)
DICTIONARY = """
[fields.proof]
type = "documents"
label = "Proof of payment"
[fields.photos]
type = "documents"
label = "Photos"
[fields.answer]
type = "text"
label = "Answer"
"""
DONE = {"answer": "It is all there."}


@pytest.fixture
def person(visitor, deployed, case_id, tmp_path):
    """Somebody who holds a task that asks for files, on its page."""
    body = (
        tiny.node("startEvent", "start"),
        tiny.user_task("ask_proof", form="proof", group="owning_team", step="Review 14"),
        tiny.user_task("look", form="plain", group="owning_team"),
        tiny.node("endEvent", "end"),
        tiny.chain("start", "ask_proof", "look", "end"),
    )
    plain = tiny.form("plain", {"type": "textfield", "key": "answer", "label": "Answer"})
    groups = {"groups.toml": '[groups.owning_team]\ntitle = "Owning team"\n'}
    forms = {"proof": FORM, "plain": plain}
    folder = tiny.folder(tiny.diagram(*body), forms, dictionary=DICTIONARY, extra=groups)
    deploy_text(deployed, tmp_path, folder)
    owner = somebody(deployed, "owning_team")
    cases.start(deployed, "tiny", {}, case_id=case_id, actor=owner)
    tasks.claim(deployed, open_task_id(deployed), actor=owner)
    return visitor("owning_team").visit(f"/tasks/{open_task_id(deployed)}")


def open_task_id(world):
    with world.db.read() as connection:
        return connection.execute(select(UserTask.task_id).where(UserTask.status == "open")).scalar_one()


def stored(world):
    with world.db.read() as connection:
        rows = connection.execute(select(Document.file_name, Document.task_id).order_by(Document.document_id))
        return [row.file_name for row in rows]


def attached(browser: Browser) -> list[str]:
    return [" ".join(li.findtext("a").split()) for li in browser.page.find_class("app-files__file")]


def test_a_file_is_uploaded_at_once_listed_and_kept_with_what_was_typed(person, deployed):
    person.press("Upload Proof", {"answer": "half a sen"}, {"proof": (PDF, "Letter.PDF")})
    assert person.status == 200
    assert "“Letter.pdf” is attached." in person.text
    assert attached(person) == ["Letter.pdf"]
    assert person.page.get_element_by_id("answer").text.strip() == "half a sen"
    assert not person.page.find_class("govuk-error-summary")
    assert attached(person.visit(person.path)) == ["Letter.pdf"]
    person.press("Complete this task", DONE)
    assert "You completed “ask_proof”." in person.text


def test_a_file_that_is_chosen_and_not_uploaded_is_stored_by_the_button_that_completes(person, deployed):
    person.press("Complete this task", DONE, {"proof": (PDF, "a.pdf")})
    assert "You completed" in person.text
    assert stored(deployed) == ["a.pdf"]


def test_an_error_elsewhere_on_the_form_never_loses_a_file(person, deployed):
    person.press("Complete this task", {"answer": ""}, {"proof": (PDF, "a.pdf")})
    assert person.status == 422
    assert [a.get("href") for a in person.page.find_class("govuk-error-summary")[0].iter("a")] == ["#answer"]
    assert attached(person) == ["a.pdf"]
    person.press("Complete this task", DONE)
    assert "You completed" in person.text


def test_the_number_of_a_file_that_was_removed_is_never_given_to_another(person, deployed):
    addresses = []
    for name in ("a.pdf", "b.pdf"):
        person.press("Upload Proof", {}, {"proof": (PDF, name)})
        addresses.append(person.page.find_class("app-files__file")[0].find("a").get("href"))
        person.press(f"Remove {name}")
    assert addresses[0] != addresses[1]
    assert person.client.get(addresses[0]).status_code == 404


def test_a_draft_keeps_its_files(person, deployed):
    person.press("Save as draft", {"answer": "later"}, {"photos": (specimen("a.png"), "one.png")})
    person.press("Upload Photos", {}, {"photos": (specimen("a.jpg"), "two.jpg")})
    assert attached(person) == ["one.png", "two.jpg"]
    assert person.page.get_element_by_id("answer").text.strip() == "later"


def test_a_required_file_is_asked_for_beside_its_question(person):
    person.press("Complete this task", DONE)
    assert person.status == 422
    assert "Attach proof of payment" in person.text
    assert person.page.find_class("govuk-error-summary")[0].find(".//a").get("href") == "#proof"


def test_a_file_is_removed_before_the_task_is_completed(person, deployed):
    person.press("Upload Proof", {"answer": "kept"}, {"proof": (PDF, "a.pdf")})
    assert person.page.find_class("app-files__file")
    assert not [i for i in person.page.iter("input") if i.get("name") == "proof"]  # one is all it takes
    person.press("Remove a.pdf")
    assert "“a.pdf” is removed." in person.text
    assert attached(person) == []
    assert person.page.get_element_by_id("answer").text.strip() == "kept"
    with deployed.db.read() as connection:
        assert connection.execute(select(func.count()).select_from(Blob)).scalar_one() == 0


def test_upload_without_a_file_says_so(person):
    person.press("Upload Proof")
    assert person.status == 422
    assert "Choose a file, then press Upload" in person.text


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("run.exe", b"MZ", "“run.exe” cannot be attached. Choose a PDF, Word,"),
        ("page.svg", b"<svg/>", "cannot be attached"),
        ("page.txt", b"<html><script>alert(1)</script>", "“page.txt” is not a plain text file"),
        ("a.pdf", b"GIF89a%PDF", "“a.pdf” is not a PDF file"),
        ("a.eml", b"GIF89a%PDF", "“a.eml” is not an email (EML) file"),
        ("a.pdf", b"", "“a.pdf” is empty"),
        ("a.pdf", PDF + bytes(10_000_001), "“a.pdf” is larger than 10 MB"),
        ("../../" + "y" * 5000 + ".exe", b"MZ", "cannot be attached"),
    ],
)
def test_a_file_that_is_not_taken_is_refused_beside_its_question(person, deployed, name, content, sentence):
    for button in ("Upload Proof", "Complete this task", "Save as draft"):
        person.press(button, {"answer": "typed"}, {"proof": (content, name)})
        assert person.status == 422
        assert sentence in person.text
        assert person.page.get_element_by_id("answer").text.strip() == "typed"
        assert person.page.get_element_by_id("proof-error") is not None
    assert stored(deployed) == []


def test_more_files_than_a_page_may_send_are_dropped_and_what_was_typed_is_kept(person, deployed):
    person.press("Upload Proof", {"answer": "half a sen"}, {"proof": (bytes(45_000_000), "a.pdf")})
    assert person.status == 422
    assert "larger than 42 MB together, so none was attached. What you typed is kept." in person.text
    assert person.page.find_class("govuk-error-summary")[0].find(".//a").get("href") == "#proof"
    assert person.page.get_element_by_id("answer").text.strip() == "half a sen"
    assert stored(deployed) == []


def test_more_than_is_received_at_all_is_refused_with_what_to_do(person):
    person.press("Upload Proof", {}, {"proof": (bytes(93_000_000), "a.pdf")})
    assert person.status == 413
    assert person.heading == "Too much was sent"
    assert "Go back: your browser still shows what you typed." in person.text


def test_only_pages_that_ask_for_files_take_as_much(person, app, case_id):
    token = person.page.xpath("//input[@name='csrf_token']/@value")[0]
    large = {"csrf_token": token, "text": "x" * 3_000_000}
    assert person.client.post(f"/cases/{case_id}/notes", data=large).status_code == 413
    stranger = app.test_client()
    assert stranger.post(person.path, data={"proof": "x" * 3_000_000}).status_code == 413


def test_the_script_of_the_page_stores_nothing(person, deployed):
    token = person.page.xpath("//input[@name='csrf_token']/@value")[0]
    answer = person.client.post(person.path, data={"csrf_token": token, "do": "questions"})
    assert answer.json == {"hidden": []}
    assert stored(deployed) == []


def test_a_document_is_attached_beside_a_form_that_asks_for_none(person, deployed, case_id):
    person.press("Complete this task", DONE, {"proof": (PDF, "a.pdf")})
    tasks.claim(deployed, open_task_id(deployed), actor=somebody(deployed, "owning_team"))
    person.visit(f"/tasks/{open_task_id(deployed)}")
    person.press("Upload Document to attach", {"answer": "x"}, {"attachment": (b"A note.", "note.txt")})
    assert attached(person) == ["note.txt"]
    person.press("Complete this task")
    assert "You completed “look”." in person.text
    history = person.visit(f"/cases/{case_id}/history").text
    assert "attached to “look”" in history
    assert "note.txt" in history
    assert "Proof of payment 1 file attached" in history


def test_a_colleague_who_looks_on_attaches_nothing(person, visitor, deployed):
    colleague = visitor("owning_team.2").visit(person.path)
    assert "Upload" not in colleague.text
    token = colleague.page.xpath("//input[@name='csrf_token']/@value")[0]
    sent = {"csrf_token": token, "do": "upload:proof", "proof": (BytesIO(PDF), "a.pdf")}
    assert colleague.client.post(person.path, data=sent).status_code == 403
    assert stored(deployed) == []


def test_what_was_uploaded_is_only_ever_saved_under_a_safe_name(person, visitor, deployed, case_id):
    person.press("Upload Proof", {}, {"proof": (PDF, "../Zoë; filename=x.pdf")})
    link = person.page.find_class("app-files__file")[0].find("a").get("href")
    answer = person.client.get(link)
    assert answer.data == PDF
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert "\n" not in answer.headers["Content-Disposition"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer.mimetype == "application/pdf"
    assert visitor("review_caseworker").client.get(link).status_code == 404


def test_a_document_is_attached_to_the_case_with_a_title_and_a_note(visitor, deployed, case_id):
    owner = visitor("owning_team").visit(f"/cases/{case_id}/documents")
    assert owner.heading == "Attach a document"
    owner.press("Attach", {"title": "Letter of 3 March"})
    assert owner.status == 422
    assert "Choose one file to attach" in owner.text
    owner.press("Attach", {}, {"file": (b"MZ", "run.exe")})
    assert owner.status == 422
    assert owner.page.get_element_by_id("title").get("value") == "Letter of 3 March"
    owner.press("Attach", {}, {"file": (PDF, "scan 0001.pdf")})
    assert owner.status == 200
    assert "“Letter of 3 March” is attached to the case." in owner.text
    with deployed.db.read() as connection:
        row = connection.execute(select(Document.title, Document.file_name, Document.request_id)).one()
        note = connection.execute(select(Note.text)).scalars().one()
    assert tuple(row)[:2] == ("Letter of 3 March", "scan 0001.pdf")
    assert note == "Attached “Letter of 3 March” (scan 0001.pdf)."


def test_a_document_is_attached_to_a_request_of_the_same_case_only(visitor, deployed, case_id):
    owner = visitor("owning_team").visit(f"/cases/{case_id}/documents")
    token = owner.page.xpath("//input[@name='csrf_token']/@value")[0]
    for forged in ("999", "x", "-1", "1.5", "9" * 30, " ", "\u0663"):
        sent = {"csrf_token": token, "request": forged, "file": (BytesIO(PDF), "a.pdf")}
        assert owner.client.post(owner.path, data=sent).status_code == 404, forged
    assert stored(deployed) == []


def test_files_that_are_too_large_together_keep_the_title_of_a_document(visitor, case_id):
    owner = visitor("owning_team").visit(f"/cases/{case_id}/documents")
    owner.press("Attach", {"title": "Scan of the bill"}, {"file": (bytes(45_000_000), "a.pdf")})
    assert owner.status == 422
    assert "larger than 42 MB together" in owner.text
    assert owner.page.get_element_by_id("title").get("value") == "Scan of the bill"


def test_background_work_leaves_files_alone(person, deployed):
    person.press("Upload Proof", {}, {"proof": (PDF, "a.pdf")})
    worker.work_until_rest(deployed)
    assert stored(deployed) == ["a.pdf"]


def test_files_of_a_request_that_is_refused_while_it_is_read_are_closed(app):
    part = '--x\r\nContent-Disposition: form-data; name="{}"{}\r\n\r\nx\r\n'
    sent = part.format("file", '; filename="a.txt"') + part.format("text", "") + "--x--\r\n"
    kind = "multipart/form-data; boundary=x"
    with app.test_request_context("/", method="POST", data=sent, content_type=kind):
        request.max_form_parts = 1
        opened = []
        own = request._get_file_stream
        request._get_file_stream = lambda *given, **more: opened.append(own(*given, **more)) or opened[-1]
        with pytest.raises(RequestEntityTooLarge):
            _ = request.files
        assert [stream.closed for stream in opened] == [False]
        request.close()
        assert [stream.closed for stream in opened] == [True]
