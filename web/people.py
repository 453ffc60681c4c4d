"""People: operations list, add and change accounts, lock and unlock them, and hand out links to choose a password."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from flask import Blueprint, current_app, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from itsdangerous import BadData, URLSafeTimedSerializer
from sqlalchemy import Connection, select

from engine import accounts, people
from engine.errors import NotFound, RedressError, SentBefore, ValuesRefused
from engine.models import Person
from engine.people import Somebody
from engine.roles import role_of
from engine.sent_forms import was_sent
from engine.world import World
from web.accounts import check_account, checked
from web.addresses import row_number
from web.current import person, world
from web.sent_once import sent_key

pages = Blueprint("people", __name__)
LINK_HOURS = 24
MAX_SEARCH = 100
STATES = {"open": "May sign in", "locked": "Locked"}
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_SPENT = "This link was used, is older than 24 hours, or was replaced by a newer one. Ask operations for another."
Act = Callable[[World, int, Somebody], None]
ACTS: Mapping[str, tuple[Act, str]] = {
    "lock": (lambda lent, number, actor: accounts.lock(lent, number, actor=actor), "The account is locked."),
    "unlock": (lambda lent, number, actor: accounts.unlock(lent, number, actor=actor), "The account is unlocked."),
    "end-sessions": (
        lambda lent, number, actor: accounts.end_sessions(lent, number, actor=actor, sent_key=sent_key()),
        "This person is signed out everywhere.",
    ),
    "untie": (
        lambda lent, number, actor: accounts.untie(lent, number, actor=actor),
        "The account is no longer tied to the department\u2019s sign-in.",
    ),
}


@pages.get("/people/")
def listed() -> str:
    """List accounts: those that are searched for, a page at a time."""
    group, state = request.args.get("group", ""), request.args.get("state", "")
    sought = accounts.Sought(
        words=" ".join(request.args.get("q", "").replace("\0", "").split())[:MAX_SEARCH],
        group=group if group in world().groups else "",
        state=state if state in STATES else "",
    )
    with world().db.read() as connection:
        found = accounts.find_accounts(connection, sought, page=row_number(request.args.get("page", "")) or 1)
    return render_template("people/listed.html", found=found, sought=sought, groups=world().groups, states=STATES)


@pages.get("/people/add")
def add_form() -> str:
    """Ask for a new account."""
    return _form(None, {}, [], {})


@pages.post("/people/add")
def add() -> ResponseReturnValue:
    """Add an account, and show the link with which its person chooses a password."""
    typed, chosen, problems = _sent()
    username = typed["username"]
    key = sent_key(typed, chosen)
    with world().db.read() as connection:
        if was_sent(connection, key):
            return _added_already(connection, username)
    try:
        check_account(world(), username, ())
    except RedressError as refused:
        problems["username"] = str(refused)
    if problems:
        return _form(None, typed, chosen, problems), 422
    told = {name: typed[name] for name in ("username", "name", "job_title", "email")}
    try:
        person_id = accounts.add(world(), groups=chosen, actor=person(), sent_key=key, **told)
    except SentBefore:
        with world().db.read() as connection:
            return _added_already(connection, username)
    except ValuesRefused as refused:
        return _form(None, typed, chosen, refused.problems), 422
    if not world().settings.local_sign_in:
        flash(f"{typed['name']} is added, and signs in with {world().settings.oidc_name}.")
        return redirect(url_for("people.page", person_id=person_id))
    return _link(person_id)


def _added_already(connection: Connection, username: str) -> ResponseReturnValue:
    """Answer the second press of the form that adds somebody: a link is shown once."""
    person_id = connection.execute(select(Person.person_id).where(Person.username == username)).scalar_one()
    flash("This account was added already, and its link shown once. If it is lost, make another.")
    return redirect(url_for("people.page", person_id=person_id))


@pages.get("/people/<int:person_id>")
def page(person_id: int) -> str:
    """Show an account and what was done to it."""
    with world().db.read() as connection:
        found = accounts.account(connection, person_id)
    typed = {"name": found.name, "job_title": found.job_title, "email": found.email}
    return _form(person_id, typed, list(found.groups), {})


@pages.post("/people/<int:person_id>")
def change(person_id: int) -> ResponseReturnValue:
    """Change an account."""
    typed, chosen, problems = _sent()
    try:
        if not problems:
            accounts.change(world(), person_id, typed, chosen, actor=person())
    except ValuesRefused as refused:
        problems = refused.problems
    if problems:
        return _form(person_id, typed, chosen, problems), 422
    flash("The account is changed.")
    return redirect(url_for("people.page", person_id=person_id))


@pages.post("/people/<int:person_id>/link")
def link(person_id: int) -> ResponseReturnValue:
    """Show a new link with which somebody chooses their password."""
    if not world().settings.local_sign_in:
        raise NotFound("Passwords are not used here.")
    try:
        return _link(person_id)
    except SentBefore:
        flash("A link was made already, and shown once. If it is lost, make another: only the newest one works.")
        return redirect(url_for("people.page", person_id=person_id))


@pages.post("/people/<int:person_id>/<verb>")
def act(person_id: int, verb: str) -> ResponseReturnValue:
    """Lock, unlock, sign out everywhere, untie."""
    if verb not in ACTS:
        raise NotFound
    doing, done = ACTS[verb]
    with suppress(SentBefore):
        doing(world(), person_id, person())
    flash(done)
    return redirect(url_for("people.page", person_id=person_id))


@pages.route("/sign-in/choose/<token>", methods=["GET", "POST"])
def choose(token: str) -> ResponseReturnValue:
    """Let whoever has a link choose the password of its account, once."""
    with world().db.read() as connection:
        somebody = _whose(connection, token)
    if somebody is None or not world().settings.local_sign_in:
        raise NotFound(_SPENT)
    if request.method != "POST":
        return _choosing(token, somebody, {})
    password = request.form.get("password", "")
    try:
        checked(somebody.username, password)
    except RedressError as refused:
        return _choosing(token, somebody, {"password": str(refused)}), 422
    if request.form.get("again", "") != password:
        return _choosing(token, somebody, {"again": "Type the same password twice"}), 422
    try:
        people.choose_password(world(), somebody, password)
    except NotFound as used:
        raise NotFound(_SPENT) from used
    with world().db.write() as connection:
        accounts.note(world(), connection, somebody.person_id, "Chose a password", actor=somebody)
    session.clear()
    flash("Your password is set. Sign in with it.")
    return redirect(url_for("session.sign_in"))


def _link(person_id: int) -> str:
    mark = accounts.begin_link(world(), person_id, actor=person(), sent_key=sent_key())
    with world().db.read() as connection:
        found = accounts.account(connection, person_id)
    address = url_for("people.choose", token=_signer().dumps([person_id, mark]), _external=True)
    return render_template("people/link.html", account=found, address=address, hours=LINK_HOURS)


def _whose(connection: Connection, token: str) -> Somebody | None:
    """Return whose link this is; None for one that is old, used, replaced or none of ours."""
    try:
        person_id, mark = _signer().loads(token, max_age=LINK_HOURS * 3600)
        somebody = people.get_person(connection, int(person_id))
    except (BadData, NotFound, TypeError, ValueError):
        return None
    return somebody if somebody.session_mark == mark else None


def _signer() -> URLSafeTimedSerializer:
    key = current_app.secret_key
    assert key is not None
    return URLSafeTimedSerializer(key, salt="choose a password")


def _choosing(token: str, somebody: Somebody, problems: dict[str, str]) -> str:
    return render_template("people/choose.html", token=token, username=somebody.username, problems=problems)


def _sent() -> tuple[dict[str, str], list[str], dict[str, str]]:
    """Return what was typed, the groups that were ticked, and what is wrong with it."""
    typed = {
        name: request.form.get(name, "").replace("\0", "").strip()
        for name in ("username", "name", "job_title", "email")
    }
    problems = {}
    for name, most in (("name", 120), ("job_title", 120), ("email", 254)):
        if len(typed[name]) > most:
            problems[name] = f"This must be {most} characters or fewer"
    if typed["email"] and not _EMAIL.fullmatch(typed["email"]):
        problems["email"] = "Enter an email address, such as name@example.com"
    return typed, [key for key in world().groups if key in request.form.getlist("groups")], problems


def _form(person_id: int | None, typed: dict[str, Any], chosen: list[str], problems: dict[str, str]) -> str:
    found, changes = None, []
    if person_id is not None:
        with world().db.read() as connection:
            found = accounts.account(connection, person_id)
            changes = accounts.changes_of(connection, person_id)
    return render_template(
        "people/page.html",
        account=found,
        changes=changes,
        typed=typed,
        chosen=chosen,
        problems=problems,
        groups=[(key, group.title, str(role_of(group))) for key, group in world().groups.items()],
        local=world().settings.local_sign_in,
        provider=world().settings.oidc_name if world().settings.oidc_issuer else "",
        is_self=person_id == person().person_id,
    )
