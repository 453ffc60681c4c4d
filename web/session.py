"""Signing in and out. In a demonstration the page lists the accounts, all of them of fictional people."""

from __future__ import annotations

from flask import Blueprint, current_app, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from engine import people
from engine.errors import SignInRefused
from web import session_life, tries
from web.access import ANALYST, OPERATIONS
from web.addresses import own_address
from web.current import person, visitor, world
from web.demo_people import PASSWORD, PEOPLE

pages = Blueprint("session", __name__)
_TOO_MANY = "You have tried too often. Wait 5 minutes, then try again"


@pages.get("/")
def home() -> Response:
    """Show each person the page that their day begins with."""
    if OPERATIONS in person().groups:
        return redirect(url_for("operations.instances"))
    if ANALYST in person().groups:
        return redirect(url_for("definitions.listed"))
    return redirect(url_for("worklists.mine"))


@pages.route("/sign-in", methods=["GET", "POST"])
def sign_in() -> str | Response | tuple[str, int]:
    """Ask for a user name and a password, and begin a session."""
    if request.method != "POST":
        return redirect(_target()) if visitor() else _form()
    username = request.form.get("username", "").strip()
    password = request.form.get("password", "")
    problems = {}
    if not username:
        problems["username"] = "Enter your user name"
    if not password:
        problems["password"] = "Enter your password"
    if problems:
        return _form(username, problems), 422
    trying = current_app.secret_key or "", username, request.remote_addr or ""
    if not tries.begin(world(), *trying):
        return _form(username, {"username": _TOO_MANY}), 429
    try:
        somebody = people.authenticate(world(), username, password)
    except SignInRefused as refused:
        return _form(username, {"username": str(refused)}), 422
    tries.forget(world(), *trying)
    session_life.begin(somebody)
    return redirect(_target())


@pages.post("/sign-out")
def sign_out() -> Response:
    """End the session, and every other one of this person: a cookie that was copied is worth nothing then."""
    if here := visitor():
        people.end_sessions(world(), here.person_id)
    session.clear()
    return redirect(url_for("session.sign_in"))


def _form(username: str = "", problems: dict[str, str] | None = None) -> str:
    accounts = PEOPLE if world().settings.demo else ()
    return render_template(
        "session/sign_in.html",
        username=username,
        problems=problems or {},
        accounts=accounts,
        password=PASSWORD,
        next=request.values.get("next", ""),
    )


def _target() -> str:
    """Return where to go after signing in: an address of our own, never another site\u2019s."""
    return own_address(request.values.get("next", "")) or url_for("session.home")
