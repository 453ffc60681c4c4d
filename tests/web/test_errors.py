"""Errors as pages: each has a status and a heading, none shows what is inside."""

import importlib
import pkgutil

import pytest

import engine
from engine.errors import DatabaseAway, RedressError, TaskNotYours
from tests.page import Browser
from web.errors import PAGES, page_for


def every_error():
    for module in pkgutil.walk_packages(engine.__path__, "engine."):
        if "migrations" not in module.name:
            importlib.import_module(module.name)
    pending, found = [RedressError], set()
    while pending:
        kind = pending.pop()
        found.add(kind)
        pending += kind.__subclasses__()
    return found


def test_every_error_of_errors_py_is_mapped_by_name():
    own = {kind for kind in every_error() if kind.__module__ == "engine.errors"}
    assert own == set(PAGES)


def test_every_other_error_falls_back_on_its_nearest_class():
    for kind in every_error():
        error = kind.__new__(kind)
        status, heading = page_for(error)
        assert 400 <= status <= 599
        assert heading


def test_the_nearest_class_wins():
    assert page_for(TaskNotYours())[0] == 403


@pytest.mark.parametrize("path", ["/nothing/here", "/cases/999", "/tasks/999", "/documents/999"])
def test_what_does_not_exist_is_a_page_of_ours(visitor, path):
    page = visitor("owning_team").visit(path)
    assert page.status == 404
    assert page.heading == "Page not found"


def test_whoever_is_signed_in_keeps_the_menu_and_reads_what_to_do_next(visitor, case_id):
    page = visitor("review_caseworker")
    for path, status, next_step in (
        ("/nothing/here", 404, "look for the case"),
        (f"/cases/{case_id}", 404, "look for the case"),
        ("/operations/instances", 403, "If your work needs it"),
        ("/sign-out", 405, "look for the case"),
    ):
        assert page.visit(path).status == status
        assert next_step in page.text, path
        page.follow("My tasks")
        assert page.heading == "My tasks"
    for sent, status in (({}, 400), ({"text": "x" * 3_000_000}, 413)):
        answer = page.client.post("/cases/1/notes", data=sent)
        assert (answer.status_code, "My tasks" in answer.text) == (status, True)


def test_a_stranger_who_errs_is_told_to_sign_in_and_nothing_else(app):
    page = Browser(app).visit("/nothing/here")
    assert page.status == 404
    assert "My tasks" not in page.body.decode()
    page.follow("Sign in")
    assert page.heading == "Sign in"


def test_an_error_while_the_database_is_away_is_still_a_page(app, visitor, monkeypatch):
    page = visitor("owning_team")

    def away(*_arguments):
        raise DatabaseAway

    monkeypatch.setattr("web.access.get_person", away)
    assert page.visit("/nothing/here").status == 404
    assert page.visit("/tasks/").status == 503
    assert "My tasks" not in page.body.decode()


def test_a_fault_of_ours_shows_no_inside(app, visitor, monkeypatch):
    app.testing = False
    app.config["PROPAGATE_EXCEPTIONS"] = False
    page = visitor("owning_team")
    monkeypatch.setattr("engine.queries.worklists.find", broken)
    page.visit("/tasks/")
    assert page.status == 500
    assert page.heading == "Sorry, there is a problem with the service"
    assert "secret" not in page.text


def broken(*_arguments):
    raise RuntimeError("a secret of the inside")


def test_a_wrong_method_is_a_page_of_ours(visitor):
    page = visitor("owning_team")
    assert page.visit("/sign-out").status == 405


def test_too_much_is_refused(visitor, case_id):
    page = visitor("owning_team").visit(f"/cases/{case_id}")
    page.press("Add note", {"text": "x" * 3_000_000})
    assert page.status == 413
