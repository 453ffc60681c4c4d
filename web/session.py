"""Signing in and out. In a demonstration the page lists the accounts, all of them of fictional people."""

from __future__ import annotations

from flask import Blueprint, current_app, flash, g, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from engine import people
from engine.dictionary import Role
from engine.errors import SignInRefused
from web import oidc, session_life, tries, unsent
from web.addresses import own_address
from web.current import person, visitor, world
from web.demo_people import PASSWORD, PEOPLE
from web.whose import has_role

pages = Blueprint("session", __name__)
_TOO_MANY = "You have tried too often. Wait 5 minutes, then try again"


@pages.get("/")
def home() -> Response:
    """Show each person the page that their day begins with."""
    if has_role(person(), Role.OPERATIONS):
        return redirect(url_for("operations.instances"))
    if has_role(person(), Role.ANALYST):
        return redirect(url_for("definitions.listed"))
    if has_role(person(), Role.AUDITOR):
        return redirect(url_for("search.listed"))
    return redirect(url_for("worklists.mine"))


@pages.route("/sign-in", methods=["GET", "POST"])
def sign_in() -> str | Response | tuple[str, int]:
    """Ask for a user name and a password, and begin a session."""
    if request.method != "POST":
        return redirect(_target()) if visitor() else sign_in_page()
    if not world().settings.local_sign_in:
        return sign_in_page(refusal=f"Passwords are not used here. Sign in with {world().settings.oidc_name}."), 403
    username = request.form.get("username", "").replace("\0", "").strip()
    password = request.form.get("password", "")
    problems = {}
    if not username:
        problems["username"] = "Enter your user name"
    if not password:
        problems["password"] = "Enter your password"
    left = unsent.brought()
    if problems:
        return _not_signed_in(username, problems, 422, left)
    trying = current_app.secret_key or "", username, request.remote_addr or ""
    if not tries.begin(world(), *trying):
        return _not_signed_in(username, {"username": _TOO_MANY}, 429, left)
    try:
        somebody = people.authenticate(world(), username, password)
    except SignInRefused as refused:
        return _not_signed_in(username, {"username": str(refused)}, 422, left)
    tries.forget(world(), *trying)
    session_life.begin(somebody, proved=session_life.now())
    if left is not None:
        g.person = somebody
        return unsent.page(left, status=200)
    return redirect(_target())


@pages.route("/sign-in/again", methods=["GET", "POST"])
def prove() -> str | Response | tuple[str, int]:
    """Ask somebody who is here for their password again, before they approve money."""
    if oidc.signed_in_there():
        return redirect(url_for("oidc.begin", again="yes", next=_target()))
    if request.method != "POST":
        return _proof_form()
    here, password = person(), request.form.get("password", "")
    if not password:
        return _proof_form("Enter your password"), 422
    trying = current_app.secret_key or "", here.username, request.remote_addr or ""
    if not tries.begin(world(), *trying):
        return _proof_form(_TOO_MANY), 429
    try:
        people.authenticate(world(), here.username, password)
    except SignInRefused:
        return _proof_form("This is not your password"), 422
    tries.forget(world(), *trying)
    session["proved"] = session_life.now()
    flash(oidc.GO_ON)
    return redirect(_target())


@pages.post("/sign-out")
def sign_out() -> Response:
    """End the session, and every other one of this person: a cookie that was copied is worth nothing then."""
    if here := visitor():
        people.end_sessions(world(), here.person_id)
    session.clear()
    if oidc.sign_out_address(asks=True):
        flash("You are signed out here.")
    return redirect(url_for("session.sign_in"))


def _not_signed_in(
    username: str, problems: dict[str, str], status: int, left: unsent.Unsent | None
) -> Response | tuple[str, int]:
    if left is not None:
        return unsent.page(left, status=status, username=username, problems=problems)
    return sign_in_page(username, problems), status


def _proof_form(problem: str = "") -> str:
    problems = {"password": problem} if problem else {}
    return render_template("session/prove.html", problems=problems, next=_target())


def sign_in_page(username: str = "", problems: dict[str, str] | None = None, *, refusal: str = "") -> str:
    """Return the page; `refusal` says why the department's sign-in did not let somebody in."""
    settings = world().settings
    accounts = PEOPLE if settings.demo and settings.local_sign_in else ()
    return render_template(
        "session/sign_in.html",
        username=username,
        problems=problems or {},
        accounts=accounts,
        password=PASSWORD,
        refusal=refusal,
        provider=settings.oidc_name if settings.oidc_issuer else "",
        sign_out_there=oidc.sign_out_address(),
        asks_password=settings.local_sign_in,
        next=request.values.get("next", ""),
    )


def _target() -> str:
    """Return where to go after signing in: an address of our own, never another site\u2019s."""
    return own_address(request.values.get("next", "")) or url_for("session.home")
