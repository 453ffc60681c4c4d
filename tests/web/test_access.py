"""Who may open what: every route has a rule, and the rules hold."""

import pytest
from sqlalchemy import select

from engine.models import UserTask
from tests.page import Browser
from tests.web.journeys import refer
from web.access import RULES, anyone


def test_every_route_has_a_rule_and_every_rule_a_route(app):
    assert {rule.endpoint for rule in app.url_map.iter_rules()} == set(RULES)


def test_only_the_first_pages_need_no_sign_in():
    assert {name for name, rule in RULES.items() if rule is anyone} == {
        "static",
        "health.health",
        "health.live",
        "metrics.metrics",
        "session.sign_in",
        "session.sign_out",
        "people.choose",
        "oidc.begin",
        "oidc.come_back",
    }


@pytest.mark.parametrize("path", ["/", "/tasks/", "/cases/", "/cases/1", "/tasks/1", "/operations/instances"])
def test_a_stranger_is_asked_to_sign_in_and_then_comes_back(app, path):
    stranger = Browser(app).visit(path)
    assert stranger.heading == "Sign in"
    assert path == "/" or f"next={path.replace('/', '%2F')}" in stranger.path or f"next={path}" in stranger.path


def test_signing_in_never_leads_to_another_site(app, deployed):
    for target in ("https://evil.example/", "//evil.example/", "/\\evil.example"):
        client = app.test_client()
        page = Browser(app)
        page.client = client
        page.visit("/sign-in")
        token = page.page.xpath("//input[@name='csrf_token']/@value")[0]
        answer = client.post(
            "/sign-in",
            data={"csrf_token": token, "username": "operations", "password": "operations", "next": target},
        )
        assert answer.headers["Location"] == "/"


def test_a_wrong_password_and_an_unknown_name_get_the_same_answer(app):
    wrong = Browser(app).sign_in("owning_team", "wrong")
    unknown = Browser(app).sign_in("nobody", "wrong")
    assert wrong.status == unknown.status == 422
    assert wrong.text.replace("owning_team", "x") == unknown.text.replace("nobody", "x")


@pytest.mark.parametrize("path", ["/tasks/views/a%00b", "/tasks/?view=%00", "/cases/{case}/start/a%00b"])
def test_an_address_with_what_no_database_takes_is_one_that_does_not_exist(visitor, case_id, path):
    assert visitor("owning_team").visit(path.format(case=case_id)).status == 404


def test_a_user_name_with_what_no_database_takes_is_nobodys(app):
    assert Browser(app).sign_in("own\0ing", "x").status == 422


@pytest.mark.parametrize(
    "path", ["/operations/instances", "/operations/instances/1", "/operations/incidents", "/operations/deliveries"]
)
def test_pages_of_operations_are_for_operations(visitor, path):
    for username in ("owning_team", "review_caseworker", "review_team_leader", "redress_authority", "analyst"):
        assert visitor(username).visit(path).status == 403


def test_the_menu_leads_everybody_to_what_they_may_open(visitor):
    menus = {
        "analyst": {"Procedures"},
        "operations": {"Procedures", "Instances", "Incidents", "Deliveries", "People"},
        "auditor": {"Procedures"},
        "owning_team": {"Record a contact", "My cases", "Absences"},
        "manager": {"Record a contact", "My cases", "Absences", "Team", "Hand over"},
    }
    for username, own in menus.items():
        links = visitor(username).page.xpath("//nav[@aria-label='Menu']//a")
        said = {" ".join(link.text_content().split()) for link in links}
        assert said - {"My tasks", "Team queue", "Find a case", "Alerts"} == own, username


def test_an_auditor_reads_a_task_and_is_offered_nothing(visitor, case_id, deployed):
    refer(visitor("owning_team"), case_id)
    with deployed.db.read() as connection:
        task_id = connection.execute(select(UserTask.task_id).where(UserTask.status == "open")).scalar_one()
    page = visitor("auditor").visit(f"/tasks/{task_id}")
    assert [form.get("action") for form in page.page.xpath("//main//form")] == []
    assert "Calling the client" not in page.text
    case = page.visit(f"/cases/{case_id}")
    assert [form.get("action") for form in case.page.xpath("//main//form")] == []


def test_procedures_are_for_analysts_and_operations(visitor):
    assert visitor("analyst").visit("/procedures/").status == 200
    assert visitor("operations").visit("/procedures/").status == 200
    assert visitor("review_caseworker").visit("/procedures/").status == 403


def test_people_see_the_cases_of_their_teams_and_no_others(visitor, case_id):
    assert "Robin Example" in visitor("owning_team").visit("/cases/").text
    assert "Robin Example" in visitor("owning_team_leader").visit("/cases/").text
    for username in ("review_caseworker", "review_team_leader", "redress_authority", "analyst"):
        other = visitor(username)
        assert "Robin Example" not in other.visit("/cases/").text
        assert other.visit(f"/cases/{case_id}").status == 404
        assert other.visit(f"/cases/{case_id}/history").status == 404
        assert other.visit(f"/cases/{case_id}/start/review").status == 404


def test_a_case_that_is_not_yours_looks_like_one_that_does_not_exist(visitor, case_id):
    caseworker = visitor("review_caseworker")
    there = caseworker.visit(f"/cases/{case_id}").text
    assert caseworker.visit("/cases/999").text == there


def test_a_task_of_another_team_is_refused(visitor, case_id, deployed):
    refer(visitor("owning_team"), case_id)
    with deployed.db.read() as connection:
        task_id = connection.execute(select(UserTask.task_id).where(UserTask.status == "open")).scalar_one()
    authority = visitor("redress_authority")
    assert authority.visit(f"/tasks/{task_id}").status == 404
    assert authority.client.post(f"/tasks/{task_id}/claim").status_code in (400, 404)


def test_a_form_without_its_token_is_refused(app, visitor, case_id):
    owner = visitor("owning_team")
    answer = owner.client.post(f"/cases/{case_id}/notes", data={"text": "forged"})
    assert answer.status_code == 400
    assert "forged" not in owner.visit(f"/cases/{case_id}").text


def test_every_answer_carries_the_safety_headers(visitor):
    headers = visitor("owning_team").visit("/tasks/").headers
    assert "script-src 'self'" in headers["Content-Security-Policy"]
    assert "'unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Cache-Control"] == "no-store"


def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(app):
    page = Browser(app)
    page.visit("/sign-in")
    cookie = page.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_a_person_who_left_is_signed_out(visitor, deployed):
    from sqlalchemy import update

    from engine.models import Person

    page = visitor("owning_team")
    with deployed.db.write() as connection:
        connection.execute(update(Person).where(Person.username == "owning_team").values(is_active=False))
    assert page.visit("/tasks/").heading == "Sign in"


def test_the_clock_moves_only_in_a_demonstration(visitor):
    assert visitor("owning_team").client.post("/clock").status_code in (400, 404)
