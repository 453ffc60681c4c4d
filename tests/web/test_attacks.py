"""What an attacker or a broken browser sends: refused with a page of ours, and nothing changed."""

import re
import threading

import pytest
from sqlalchemy import func, insert, select
from sqlalchemy.exc import IntegrityError

from engine.models import Note, ProcessInstance, UserTask
from tests.page import Browser
from tests.web.conftest import person_id
from tests.web.journeys import REACHED, REFERRAL, accept, allocate, claim, decide_no_further_action, open_task, refer
from web.addresses import own_address

HUGE = ("9" * 19, "9" * 30, "9" * 5000, "-1", "1.5", "\u0663", "%00")
ELSEWHERE = (
    "https://evil.example/",
    "//evil.example/",
    "///evil.example/",
    "/\\evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "/\r\nSet-Cookie: a=b",
    "/\x00/evil.example",
    "javascript:alert(1)",
    "evil.example",
    "",
)


@pytest.mark.parametrize("target", ELSEWHERE)
def test_an_address_elsewhere_is_not_our_own(target):
    assert own_address(target) is None


@pytest.mark.parametrize("target", ["/", "/cases/?q=a+b", "/tasks/1?preview=yes", "/f\u00fcr/alle"])
def test_our_own_address_is_kept(target):
    assert own_address(target) == target


@pytest.mark.parametrize("target", ELSEWHERE)
def test_signing_in_leads_nowhere_else(app, target):
    page = Browser(app).visit("/sign-in")
    token = page.page.xpath("//input[@name='csrf_token']/@value")[0]
    answer = page.client.post(
        "/sign-in", data={"csrf_token": token, "username": "analyst", "password": "analyst", "next": target}
    )
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")


@pytest.mark.parametrize(
    "path",
    ["/tasks/{}", "/cases/{}", "/documents/{}", "/operations/instances/{}", "/procedures/{}", "/cases/1/messages/{}"],
)
def test_a_number_that_no_row_can_have_is_an_address_that_does_not_exist(visitor, path):
    client = visitor("operations").client
    for number in HUGE:
        assert client.get(path.format(number)).status_code == 404, number


@pytest.mark.parametrize("path", ["/", "/sign-in", "/tasks/", "/health", "/clock", "/cases", "//cases//1", "/static/"])
def test_odd_methods_and_paths_get_an_answer_and_never_a_fault(app, visitor, path):
    for client in (app.test_client(), visitor("owning_team").client):
        for method in ("HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "TRACE", "PROPFIND", "NONSENSE"):
            # Of //cases//1 a client makes the host `cases`, which is not ours: 400.
            assert client.open(path, method=method).status_code in (200, 302, 308, 400, 404, 405), method


@pytest.mark.parametrize("path", ["/static/../app.py", "/static/%2e%2e/app.py", "/static/..%2fapp.py", "/static/%00"])
def test_static_files_lead_to_no_other_files(app, path):
    assert app.test_client().get(path).status_code == 404


def start_page(visitor, case_id):
    page = visitor("owning_team").visit(f"/cases/{case_id}/start/review")
    form = next(form for form in page.page.forms if "request.reason_for_review" in form.fields)
    return page, dict(form.form_values()) | REFERRAL


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("request.received_on-day", "9" * 30),
        ("request.received_on-month", "9" * 30),
        ("request.received_on-year", "9" * 5000),
        ("request.received_on-month", "\u0663\u0663"),
        ("request.received_on-day", "\x00"),
        ("request.same_issue", "maybe"),
        ("request.source", "somebody"),
        ("request.contact_channel", "\u202ephone"),
        ("request.reason_for_review", "x" * 100_000),
    ],
)
def test_an_answer_out_of_range_is_told_beside_its_question_and_starts_nothing(visitor, case_id, deployed, name, text):
    page, answers = start_page(visitor, case_id)
    sent = page.client.post(page.path, data=answers | {name: text})
    assert sent.status_code == 422
    assert "There is a problem" in sent.text
    assert running(deployed) == 0


@pytest.mark.parametrize(
    "action", ["remove:x:" + "9" * 5000, "remove:x:" + "9" * 30, "add:(", "remove:(:1", "add:\x00"]
)
def test_an_odd_button_changes_nothing(visitor, case_id, deployed, action):
    page, answers = start_page(visitor, case_id)
    assert page.client.post(page.path, data=answers | {"do": action}).status_code in (200, 400)
    assert running(deployed) == 0


@pytest.mark.parametrize("version", ["x", "", "-1", "1.0", "9" * 30, "\u0661"])
def test_a_form_of_no_version_completes_nothing(visitor, case_id, deployed, version):
    refer(visitor("owning_team"), case_id)
    page = claim(visitor("owning_team"), "Call the client")
    token = page.page.xpath("//input[@name='csrf_token']/@value")[0]
    own = page.page.xpath("//input[@name='version']/@value")[0]
    sent = {"csrf_token": token, "do": "complete", "version": version} | REACHED
    assert page.client.post(page.path, data=sent).status_code == 400
    with deployed.db.read() as connection:
        assert connection.execute(select(UserTask.status)).scalars().all() == ["open"]
    assert page.client.post(page.path, data=sent | {"version": "99"}).status_code == 409
    assert page.client.post(page.path, data=sent | {"version": own}).status_code == 302


def test_what_a_form_does_not_ask_is_not_taken(visitor, case_id, deployed):
    page, answers = start_page(visitor, case_id)
    forged = {"request.status": "Closed", "case.nation": "scotland", "request.caseworker": "1", "actor": "1"}
    assert page.client.post(page.path, data=answers | forged).status_code == 302
    with deployed.db.read() as connection:
        facts = connection.execute(select(ProcessInstance.pending_facts, ProcessInstance.variables)).one()
    assert "Closed" not in facts.pending_facts
    assert "scotland" not in facts.pending_facts + facts.variables


def running(world):
    with world.db.read() as connection:
        return connection.execute(select(func.count()).select_from(ProcessInstance)).scalar_one()


def test_a_start_that_is_sent_many_times_at_once_starts_one_procedure(app, visitor, case_id, deployed):
    page, answers = start_page(visitor, case_id)
    cookie = page.client.get_cookie("redress").value
    statuses = []

    def send():
        client = app.test_client()
        client.set_cookie("redress", cookie)
        statuses.append(client.post(page.path, data=answers).status_code)

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [302] + [409] * 7
    assert running(deployed) == 1


MARKUP = '<script>alert(1)</script>"\'><img src=x onerror=alert(1)>{{ 7*7 }}\u202e\x00\U0001f4a9 #read("/etc/passwd")'


def test_markup_in_a_note_is_shown_as_it_was_typed(visitor, case_id, deployed):
    page = visitor("owning_team").visit(f"/cases/{case_id}")
    page.press("Add note", {"text": MARKUP})
    assert not page.page.xpath("//script[not(@src)] | //img[@src='x']")
    assert "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>{{ 7*7 }}" in page.text
    with deployed.db.read() as connection:
        assert "\x00" not in connection.execute(select(Note.text)).scalar_one()


def test_a_note_on_a_case_that_does_not_exist_is_refused_to_operations_too(visitor):
    page = visitor("operations").visit("/cases/")
    token = page.page.xpath("//input[@name='csrf_token']/@value")[0]
    assert page.client.post("/cases/999/notes", data={"csrf_token": token, "text": "x"}).status_code == 404


def test_a_failed_statement_tells_the_log_no_values(deployed):
    with pytest.raises(IntegrityError) as failed, deployed.db.write() as connection:
        connection.execute(insert(Note).values(case_id=999, text="Robin Example", written_at=deployed.clock.now()))
    assert "Robin Example" not in str(failed.value)


HOSTILE = MARKUP + ' ]#panic("x") #include "/etc/passwd" \\u{202e} $x^2$ <label> @ref // https://evil.example'


def test_hostile_text_stays_text_from_the_referral_to_the_letter(visitor, case_id, deployed):
    owner, caseworker = visitor("owning_team"), visitor("review_caseworker")
    owner.visit(f"/cases/{case_id}/start/review").press("Start", REFERRAL | {"request.reason_for_review": HOSTILE})
    claim(owner, "Call the client").press("Complete this task", REACHED | {"contact_note": HOSTILE})
    allocate(visitor("review_team_leader"), person_id(deployed, "review_caseworker"))
    accept(caseworker)
    decide_no_further_action(caseworker)
    page = open_task(caseworker, "Write the letter")
    boxes = [name for form in page.page.forms for name in form.fields if name and name.startswith("slots.")]
    page.press("Preview", dict.fromkeys(boxes, HOSTILE))
    assert "a character that the letter's font cannot print" in page.text
    with deployed.db.read() as connection:
        assert "\\u0000" not in str(connection.execute(select(UserTask.draft)).scalars().all())
    page.press("Preview", dict.fromkeys(boxes, HOSTILE.replace("\U0001f4a9", "")))
    assert '#panic("x")' in page.text
    pictures = page.page.xpath("//img[contains(@src, '/letter/')]/@src")
    assert pictures
    for address in pictures:
        drawn = page.client.get(address).text
        assert not re.search(r"<script|<foreignObject|javascript:|\son\w+=|evil\.example", drawn)
    assert "root:" not in page.text
    for path in (f"/cases/{case_id}", f"/cases/{case_id}/history", "/operations/instances/1", "/operations/incidents"):
        assert not visitor("operations").visit(path).page.xpath("//script[not(@src)] | //img[@src='x']")
