"""Every route and every form, sent what nobody should send: an answer each time, no fault, nothing in the log.

`FUZZ_EXAMPLES=2000 FUZZ_SEED=7` runs more and others; `python -m tests.security.soak` runs for long.
"""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from sqlalchemy import select

from engine.models import Base
from tests.security.attack import attacks, check
from tests.security.place import Place, place

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "80"))
SEED = int(os.environ.get("FUZZ_SEED", "1"))


@pytest.fixture(scope="module")
def here() -> Place:
    return place()


@seed(SEED)
@settings(
    max_examples=EXAMPLES,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.generate, Phase.shrink),
)
@given(data=st.data())
def test_nothing_that_is_sent_breaks_a_page(here: Place, data: st.DataObject) -> None:
    check(here, data.draw(attacks(here)))


def test_every_form_is_among_those_that_are_attacked_by_somebody_who_is_signed_in(here: Place) -> None:
    here.begin_again()
    adapter = here.app.url_map.bind("localhost")
    reached = {adapter.match(form.path.partition("?")[0], method="POST")[0] for form in here.forms if form.is_post}
    posts = {rule.endpoint for rule in here.app.url_map.iter_rules() if "POST" in (rule.methods or ())}
    assert posts - reached <= {"session.sign_in"}, posts - reached
    for role, browser in here.browsers.items():
        assert browser.visit("/alerts").heading == "Alerts", role


def test_nobody_is_led_to_a_page_that_they_may_not_open(here: Place) -> None:
    assert not here.refused, "\n".join(here.refused)


def test_nobody_is_shown_a_form_that_they_may_not_send(here: Place) -> None:
    """By the table for every form, and by sending one of each kind without answers: it is not refused to them."""
    adapter, refused = here.app.url_map.bind("localhost"), []
    for role, browser in here.browsers.items():
        here.begin_again()
        token, tried = browser.visit("/alerts").page.xpath("//input[@name='csrf_token']/@value")[0], set()
        for form in (form for form in here.forms if form.role == role and form.is_post):
            endpoint, args = adapter.match(form.path.partition("?")[0], method="POST")
            if endpoint in tried or endpoint in ("session.sign_out", "clock.move"):  # they change what the others meet
                continue
            tried.add(endpoint)
            status = browser.client.post(form.path, data={"csrf_token": token}).status_code
            if status in (403, 404):
                refused.append(f"{role} is shown {endpoint} {args}: {status}")
    assert not refused, "\n".join(refused)


# What a page that lies open sends again and again, each time over what it sent before.
OVERWRITES = {"tasks.draft", ("tasks.submit", "save"), ("tasks.submit", "preview")}


def test_a_form_that_is_sent_twice_changes_nothing_more(here: Place) -> None:
    """A double click, or a page that is sent again: the second answer is no fault, and the database is as it was."""
    adapter, tried, twice = here.app.url_map.bind("localhost"), set(), []
    for role, browser in here.browsers.items():
        here.begin_again()
        token = browser.visit("/alerts").page.xpath("//input[@name='csrf_token']/@value")[0]
        for form in (form for form in here.forms if form.role == role and form.is_post):
            endpoint, args = adapter.match(form.path.partition("?")[0], method="POST")
            for name, value in form.buttons or (("", ""),):
                press = endpoint, args.get("verb", value)
                if press in tried or endpoint in ("session.sign_out", "people.choose"):  # both end the session
                    continue
                sent = {**dict(form.filled), name: value, "csrf_token": token}
                first = browser.client.post(form.path, data=sent).status_code
                before = everything(here)
                again = browser.client.post(form.path, data=sent).status_code
                if first >= 400:
                    continue
                tried.add(press)
                assert again < 500, press
                changed = [table for table, rows in everything(here).items() if rows != before[table]]
                if changed and not OVERWRITES & {endpoint, press}:
                    twice.append(f"{role} sends {press} twice and changes {changed}")
    assert not twice, "\n".join(twice)
    assert len(tried) > 35, sorted(tried)


def everything(here: Place) -> dict[str, list[str]]:
    """Return the rows of every table but the record of who looked at what."""
    with here.world.db.read() as connection:
        tables = (table for table in Base.metadata.sorted_tables if table.name not in ("case_sight", "blob"))
        return {table.name: sorted(map(repr, connection.execute(select(table)))) for table in tables}
