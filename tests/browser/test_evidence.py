"""Files attached to a task in a real browser, with and without JavaScript, wide and narrow."""

import pytest

from engine import cases, tasks
from engine.file_kinds import specimen
from engine.people import get_person
from tests import tiny
from tests.browser.screen import Screen
from tests.world import deploy_text

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
[fields.paid]
type = "boolean"
label = "Paid"
"""
FORM = tiny.form(
    "proof",
    {"type": "checkbox", "key": "paid", "label": "It has been paid"},
    {"type": "filepicker", "key": "proof", "label": "Proof of payment", "validate": {"required": True}},
    {"type": "filepicker", "key": "photos", "label": "Photos", "multiple": True, "accept": ".png,.jpg"},
    {"type": "textfield", "key": "answer", "label": "Answer", "conditional": {"hide": "=paid = true"}},
)
PDF = {"name": "Bank letter of 3 March.pdf", "mimeType": "application/pdf", "buffer": specimen("a.pdf")}
PICTURES = [{"name": f"{n}.png", "mimeType": "image/png", "buffer": specimen("a.png") + n.encode()} for n in "ab"]


@pytest.fixture
def task(served, tmp_path):
    """The address of a task of Cara's that asks for files."""
    world = served[0]
    body = (
        tiny.node("startEvent", "start"),
        tiny.user_task("ask_proof", form="proof", step="Review 14"),
        tiny.user_task("look", form="plain"),
        tiny.node("endEvent", "end"),
        tiny.chain("start", "ask_proof", "look", "end"),
    )
    forms = {"proof": FORM, "plain": tiny.form("plain", {"type": "textfield", "key": "answer", "label": "Answer"})}
    deploy_text(world, tmp_path, tiny.folder(tiny.diagram(*body), forms, dictionary=DICTIONARY))
    with world.db.read() as connection:
        cara = get_person(connection, _person_id(connection, "cara"))
        case_id = _case_id(connection)
    cases.start(world, "tiny", {}, case_id=case_id, actor=cara)
    with world.db.read() as connection:
        task_id = _newest_task(connection)
    tasks.claim(world, task_id, actor=cara)
    return f"/tasks/{task_id}"


def _person_id(connection, username):
    return connection.exec_driver_sql("SELECT person_id FROM person WHERE username = ?", (username,)).scalar_one()


def _case_id(connection):
    return connection.exec_driver_sql("SELECT min(case_id) FROM case_file").scalar_one()


def _newest_task(connection):
    return connection.exec_driver_sql("SELECT max(task_id) FROM user_task").scalar_one()


def choose(person: Screen, name: str, *files) -> None:
    person.page.set_input_files(f"#{name}", list(files))


@pytest.mark.parametrize(("width", "script"), [(1280, True), (320, True), (320, False)])
def test_files_are_uploaded_removed_and_kept_with_the_task(screen, task, width, script):
    cara = screen("cara", width=width, script=script).visit(task)
    choose(cara, "proof", PDF)
    cara.click("Upload Proof of payment")
    assert "“Bank letter of 3 March.pdf” is attached." in cara.text
    choose(cara, "photos", *PICTURES)
    cara.click("Upload Photos")
    assert "2 files are attached." in cara.text
    if script:
        cara.check_access()
    assert cara.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    cara.click("Remove Bank letter of 3 March.pdf").click("Complete this task")
    assert "Attach proof of payment" in cara.text
    if script:
        cara.check_access()
    choose(cara, "proof", {**PDF, "name": "page.html"})
    cara.click("Complete this task")
    assert "“page.html” cannot be attached." in cara.text
    choose(cara, "proof", PDF)
    cara.complete()


def test_a_file_that_is_chosen_is_not_sent_when_an_answer_changes(screen, task):
    cara = screen("cara").visit(task)
    choose(cara, "proof", PDF)
    with cara.page.expect_request(lambda request: request.method == "POST") as asked:
        cara.put("paid", "yes")
    assert "Bank letter" not in (asked.value.post_data or "")
    cara.page.locator('[data-question="answer"]').wait_for(state="hidden")
    cara.complete()


def test_what_was_uploaded_is_saved_and_not_shown(screen, task):
    cara = screen("cara").visit(task)
    choose(cara, "proof", PDF)
    cara.click("Upload Proof of payment")
    with cara.page.expect_download() as saved:
        cara.page.get_by_role("link", name="Bank letter of 3 March.pdf").click()
    assert saved.value.suggested_filename == "Bank letter of 3 March.pdf"


def test_a_document_is_attached_beside_a_form_and_to_a_case(screen, task, served):
    cara = screen("cara", width=320).visit(task)
    choose(cara, "proof", PDF)
    cara.complete()
    with served[0].db.read() as connection:
        case_id, task_id = _case_id(connection), _newest_task(connection)
    cara.visit(f"/tasks/{task_id}").click("Claim this task")
    cara.page.get_by_text("Attach a document", exact=True).click()
    choose(cara, "attachment", PDF)
    cara.click("Upload Document to attach")
    cara.check_access()
    cara.visit(f"/cases/{case_id}/documents").check_access()
    cara.page.set_input_files("#file", [PDF])
    cara.click("Attach")
    assert "“Bank letter of 3 March.pdf” is attached to the case." in cara.text
