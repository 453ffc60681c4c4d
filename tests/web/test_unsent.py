"""What was typed is not lost with the session: it is shown, carried through the sign-in, and sent again on purpose."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from engine.clock import MovableClock
from engine.models import Note
from tests.page import Browser

WORDS = "She called again, and <b>nobody</b>\nhas answered her letter."
OURS = "http://localhost"


@pytest.fixture
def late(visitor, case_id, deployed) -> Browser:
    """Somebody who typed a note, and whose session has ended since."""
    person = visitor("owning_team").visit(f"/cases/{case_id}")
    person.client.environ_base["HTTP_ORIGIN"] = OURS
    deployed.clock = MovableClock(frozen_at=deployed.clock.now() + timedelta(hours=2))
    return person


def notes(world) -> list[str]:
    with world.db.read() as connection:
        return [text.replace("\r\n", "\n") for text in connection.execute(select(Note.text)).scalars()]


def test_what_was_typed_when_the_session_had_ended_is_sent_again_after_signing_in(late, deployed):
    late.press("Add note", {"text": WORDS})
    assert (late.status, late.heading) == (401, "You are signed out")
    assert "She called again, and <b>nobody</b>" in late.text
    late.press("Sign in", {"username": "owning_team", "password": "wrong"})
    assert (late.status, late.heading) == (422, "You are signed out")
    late.press("Sign in", {"username": "owning_team", "password": "owning_team"})
    assert late.heading == "You are signed in again"
    assert notes(deployed) == []
    late.press("Send it again")
    assert (late.status, notes(deployed)) == (200, [WORDS])


def test_a_page_from_an_earlier_sign_in_keeps_what_was_typed(late, app, deployed, case_id):
    again = Browser(app).sign_in("owning_team")
    again.client.environ_base["HTTP_ORIGIN"] = OURS
    form = next(form for form in late.page.forms if form.get("action", "").endswith("/notes"))
    again.send(form, {"text": WORDS})
    assert (again.status, again.heading) == (400, "This page is out of date")
    again.press("Send it again")
    assert notes(deployed) == [WORDS]


def test_what_another_site_sends_is_shown_as_text_and_never_sent_on(late, deployed):
    late.client.environ_base["HTTP_ORIGIN"] = "https://elsewhere.example"
    late.press("Add note", {"text": WORDS})
    assert "She called again" in late.text
    assert late.page.xpath("//main//form") == []


def test_a_press_of_a_button_alone_leads_to_the_sign_in(late):
    late.visit("/tasks/")
    assert late.heading == "Sign in"


def test_no_password_is_kept_or_shown(app):
    stranger = Browser(app).visit("/sign-in")
    stranger.client.environ_base["HTTP_ORIGIN"] = OURS
    answer = stranger.client.post("/sign-in", data={"username": "olga", "password": "secret words here"})
    assert answer.status_code == 400
    assert "secret words here" not in answer.text


@pytest.mark.parametrize(
    "made_up", ["", "x", "[]", "[1, 2]", '["//elsewhere.example", []]', '["/x", [["a"]]]', '["/x", 7]']
)
def test_what_no_page_of_ours_carried_is_taken_for_nothing(app, deployed, made_up):
    person = Browser(app).visit("/sign-in")
    token = person.page.xpath("//input[@name='csrf_token']/@value")[0]
    sent = {"csrf_token": token, "username": "owning_team", "password": "owning_team", "unsent": made_up}
    assert person.client.post("/sign-in", data=sent).status_code == 302
