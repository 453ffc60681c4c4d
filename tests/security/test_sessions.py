"""Sessions, https, the names that we go by, headers, and the token of every form."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import pytest
from sqlalchemy import update

from engine import accounts, people
from engine.clock import MovableClock
from engine.models import Person
from tests.page import Browser
from tests.security.headers import faults_of
from tests.web.conftest import *  # noqa: F403 - the fixtures of the pages
from tests.world import somebody
from web.app import create_app

SECURE = "https://redress.example"


def after(world, **distance):
    """Let time go by, rather than move the clock ahead of it."""
    world.clock = MovableClock(frozen_at=world.clock.now() + timedelta(**distance))


def test_a_session_without_use_ends_and_says_so(visitor, deployed):
    page = visitor("owning_team")
    after(deployed, minutes=59)
    assert page.visit("/tasks/").heading == "My tasks"
    after(deployed, minutes=59)
    assert page.visit("/tasks/").heading == "My tasks"
    after(deployed, minutes=60)
    assert page.visit("/tasks/").heading == "Sign in"
    assert "You were signed out, because some time went by." in page.page.text_content()
    assert page.path.endswith("next=/tasks/") or page.path.endswith("next=%2Ftasks%2F")


def test_a_session_that_is_used_all_day_ends_all_the_same(visitor, deployed):
    page = visitor("owning_team")
    for _ in range(23):
        after(deployed, minutes=30)
        assert page.visit("/tasks/").heading == "My tasks"
    after(deployed, minutes=30)
    assert page.visit("/tasks/").heading == "Sign in"


def test_the_time_of_the_last_use_is_of_one_session_only(app, visitor, deployed):
    old, other = visitor("owning_team"), visitor("analyst")
    after(deployed, minutes=70)
    other.sign_in("analyst")
    old.client.set_cookie("redress_used", other.client.get_cookie("redress_used").value)
    assert old.visit("/tasks/").heading == "Sign in"
    for forged in ("x", "W10.x", "bnVsbA.x", ""):
        page = visitor("owning_team")
        page.client.set_cookie("redress_used", forged)
        assert page.visit("/tasks/").heading == "My tasks"


def test_a_cookie_without_its_times_is_no_session(app, visitor):
    page = visitor("owning_team")
    with page.client.session_transaction() as session:
        del session["began"]
    assert page.visit("/tasks/").heading == "Sign in"


def test_moving_the_clock_of_a_demonstration_signs_nobody_out(visitor, deployed):
    page = visitor("owning_team")
    deployed.clock.move_to(deployed.clock.now() + timedelta(days=30))
    assert page.visit("/tasks/").heading == "My tasks"


def put_into(deployed, groups):
    who = somebody(deployed, "owning_team")
    told = {"name": who.name, "job_title": who.job_title, "email": ""}
    accounts.change(deployed, who.person_id, told, groups, actor=somebody(deployed, "operations"))


ENDS = {
    "another password": lambda world, who, _: people.change_password(world, who, "river lantern copper seven"),
    "locked": lambda world, who, actor: accounts.lock(world, who, actor=actor),
    "signed out by operations": lambda world, who, actor: accounts.end_sessions(world, who, actor=actor),
    "a link to choose a password": lambda world, who, actor: accounts.begin_link(world, who, actor=actor),
    "untied": lambda world, who, actor: accounts.untie(world, who, actor=actor),
    "a group less": lambda world, *_: put_into(world, ["legacy_team"]),
    "a role more": lambda world, *_: put_into(world, ["owning_team", "owning_team_leader"]),
}


@pytest.mark.parametrize("what", ENDS)
def test_every_session_of_somebody_ends_when_their_account_changes(visitor, deployed, what):
    one, two, other = visitor("owning_team"), visitor("owning_team"), visitor("owning_team.2")
    who = somebody(deployed, "owning_team").person_id
    with deployed.db.write() as connection:
        connection.execute(update(Person).where(Person.person_id == who).values(identity="issuer subject"))
    ENDS[what](deployed, who, somebody(deployed, "operations"))
    assert [page.visit("/tasks/").heading for page in (one, two, other)] == ["Sign in", "Sign in", "My tasks"]


def test_a_second_team_of_the_same_role_signs_nobody_out(visitor, deployed):
    page = visitor("owning_team")
    put_into(deployed, ["owning_team", "legacy_team"])
    assert page.visit("/tasks/").heading == "My tasks"


@pytest.fixture
def behind_a_proxy(deployed):
    """The application as production runs it: over https, behind one proxy, under its own name."""
    deployed.settings = dataclasses.replace(
        deployed.settings, https=True, proxies=1, hosts=("redress.example",), host="0.0.0.0"
    )
    return create_app(world=deployed)


PASSED_ON = {"Host": "redress.example", "X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.9"}


def test_over_https_cookies_are_secure_and_browsers_are_told_to_stay(behind_a_proxy):
    answer = behind_a_proxy.test_client().get("/sign-in", headers=PASSED_ON)
    assert answer.status_code == 200
    assert faults_of(answer.headers, "/sign-in", https=True) == []
    assert answer.headers["Set-Cookie"].startswith("__Host-redress=")
    assert "Domain" not in answer.headers["Set-Cookie"]


def test_somebody_signs_in_over_https_and_both_cookies_are_secure(behind_a_proxy):
    page = Browser(behind_a_proxy)
    page.client.environ_base |= {"HTTP_X_FORWARDED_PROTO": "https", "HTTP_HOST": "redress.example"}
    answer = page.client.get("/sign-in", base_url=SECURE)
    page.body = answer.data
    token = page.page.xpath("//input[@name='csrf_token']/@value")[0]
    sent = {"csrf_token": token, "username": "operations", "password": "operations"}
    answer = page.client.post("/sign-in", data=sent, base_url=SECURE, headers={"Referer": f"{SECURE}/sign-in"})
    assert answer.status_code == 302
    assert len(answer.headers.getlist("Set-Cookie")) == 2
    assert faults_of(answer.headers, "/sign-in", https=True) == []
    answer = page.client.post(
        "/sign-out", data={"csrf_token": token}, base_url=SECURE, headers={"Referer": "https://x.example/"}
    )
    assert answer.status_code == 400


@pytest.mark.parametrize("said", [{}, {"X-Forwarded-Proto": "http"}, {"X-Forwarded-Proto": "https, http"}])
def test_plain_http_is_refused_with_what_to_do(behind_a_proxy, said):
    client = behind_a_proxy.test_client()
    answer = client.get("/sign-in", headers={"Host": "redress.example", **said})
    assert answer.status_code == 400
    assert "Open this service over https" in answer.text
    assert "Set-Cookie" not in answer.headers or "Secure" in answer.headers["Set-Cookie"]
    assert client.get("/health", headers={"Host": "redress.example"}).status_code == 200


def test_what_a_visitor_says_of_a_proxy_is_not_believed_without_one(app):
    answer = app.test_client().get("/sign-in", headers={"X-Forwarded-Proto": "https", "X-Forwarded-For": "1.2.3.4"})
    assert "Strict-Transport-Security" not in answer.headers


def test_guesses_are_counted_by_the_address_that_the_last_proxy_saw(behind_a_proxy, deployed):
    seen = []
    behind_a_proxy.before_request_funcs[None].insert(0, lambda: seen.append(flask_request().remote_addr))
    forged = PASSED_ON | {"X-Forwarded-For": "203.0.113.7, 192.0.2.9"}
    behind_a_proxy.test_client().get("/sign-in", headers=forged)
    assert seen == ["192.0.2.9"]


def flask_request():
    from flask import request

    return request


@pytest.mark.parametrize(
    "host", ["elsewhere.example", "redress.example.elsewhere.example", "127.0.0.1.elsewhere.example", "", "a\tb"]
)
def test_a_name_that_is_not_ours_is_refused(app, behind_a_proxy, host):
    for made in (app, behind_a_proxy):
        answer = made.test_client().get("/sign-in", headers=PASSED_ON | {"Host": host})
        assert answer.status_code == 400
        assert "This service is not at that address" in answer.text
        assert "elsewhere" not in answer.text


@pytest.mark.parametrize("host", ["localhost", "localhost:9000", "127.0.0.1:8000", "[::1]:8000"])
def test_this_machine_is_reached_by_its_own_names(deployed, host):
    deployed.settings = dataclasses.replace(deployed.settings, host="127.0.0.1")
    assert create_app(world=deployed).test_client().get("/sign-in", headers={"Host": host}).status_code == 200


def test_every_route_that_changes_something_wants_the_token_of_the_page(app, visitor):
    page = visitor("operations")
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - {"GET", "HEAD", "OPTIONS"}):
            values = {name: "suspend" if name == "verb" else "1" for name in rule.arguments}
            path = rule.build(values, append_unknown=False)[1]
            for sent in ({}, {"csrf_token": ""}, {"csrf_token": "x.y.z"}):
                answer = page.client.open(path, method=method, data={"text": "forged", **sent})
                assert answer.status_code == 400, (rule.rule, sent)
                assert "This page is out of date" in answer.text


def test_the_token_of_somebody_else_is_worth_nothing(visitor):
    page, other = visitor("operations"), visitor("analyst").visit("/alerts")
    token = other.page.xpath("//input[@name='csrf_token']/@value")[0]
    assert page.client.post("/sign-out", data={"csrf_token": token}).status_code == 400


def test_nothing_that_changes_something_is_done_by_a_link(app):
    only_read = {rule.endpoint for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())}
    changing = {rule.endpoint for rule in app.url_map.iter_rules() if "POST" in (rule.methods or ())}
    assert only_read & changing <= {"session.sign_in", "session.prove", "people.choose"}
