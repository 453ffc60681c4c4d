"""What operations do to accounts, each with a line of who did it: add, change, lock, unlock, end sessions, untie.

An account that is new has a password that nobody knows; its person chooses one by a link (`web.people`), or signs in
through the department's provider.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, exists, func, insert, or_, select, update
from sqlalchemy.orm import aliased

from engine import people
from engine.errors import NotAllowed, NotFound, ValuesRefused
from engine.holds import hold_name
from engine.models import AccountChange, Membership, Person
from engine.people import Somebody
from engine.roles import roles_of
from engine.sent_forms import note_sent
from engine.world import World

log = logging.getLogger(__name__)
OPERATIONS = "operations"
PAGE = 50
MOST_WORDS = 10


@dataclass(frozen=True, slots=True)
class Account:
    """An account as operations see it."""

    person_id: int
    username: str
    name: str
    job_title: str
    email: str
    is_active: bool
    identity: str
    groups: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """One line of what was done to an account; `by` is empty for a command on the server."""

    what: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Sought:
    """Which accounts are looked for: those that have all `words`, are in a `group`, and are `open` or `locked`."""

    words: str = ""
    group: str = ""
    state: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """One page of the accounts that were looked for, and how many there are in all."""

    accounts: list[Account]
    count: int
    page: int
    pages: int


def find_accounts(connection: Connection, sought: Sought, *, page: int = 1) -> Found:
    """Return the accounts that fit, by name, a page of them; a page that is not there is the last one."""
    fits = _conditions(sought)
    count = connection.execute(select(func.count()).select_from(Person).where(*fits)).scalar_one()
    pages = max(-(-count // PAGE), 1)
    page = min(max(page, 1), pages)
    by_name = select(*_COLUMNS).where(*fits).order_by(func.lower(Person.name), Person.person_id)
    rows = connection.execute(by_name.offset((page - 1) * PAGE).limit(PAGE)).all()
    groups: dict[int, list[str]] = {}
    of_these = Membership.person_id.in_([row.person_id for row in rows])
    for person_id, group in connection.execute(
        select(Membership.person_id, Membership.group_key).where(of_these).order_by(Membership.group_key)
    ):
        groups.setdefault(person_id, []).append(group)
    return Found([_account(row, groups.get(row.person_id, ())) for row in rows], count, page, pages)


def _conditions(sought: Sought) -> list[Any]:
    said = (Person.name, Person.username, Person.email, Person.job_title)
    fits: list[Any] = [
        or_(*(column.icontains(word, autoescape=True) for column in said)) for word in sought.words.split()[:MOST_WORDS]
    ]
    if sought.group:
        fits.append(Person.person_id.in_(select(Membership.person_id).where(Membership.group_key == sought.group)))
    if sought.state:
        fits.append(Person.is_active.is_(sought.state == "open"))
    return fits


def account(connection: Connection, person_id: int) -> Account:
    """Return one account. Raises: NotFound."""
    row = connection.execute(select(*_COLUMNS).where(Person.person_id == person_id)).one_or_none()
    if row is None:
        raise NotFound("There is no such account.")
    own = select(Membership.group_key).where(Membership.person_id == person_id).order_by(Membership.group_key)
    return _account(row, connection.execute(own).scalars().all())


def changes_of(connection: Connection, person_id: int) -> list[Change]:
    """Return what was done to an account, the newest first."""
    by = aliased(Person)
    rows = connection.execute(
        select(AccountChange.what, by.name, AccountChange.at)
        .outerjoin(by, by.person_id == AccountChange.by_id)
        .where(AccountChange.person_id == person_id)
        .order_by(AccountChange.change_id.desc())
        .limit(100)
    )
    return [Change(row[0], row[1] or "", row[2]) for row in rows]


def add(
    world: World,
    *,
    username: str,
    name: str,
    job_title: str,
    email: str,
    groups: Collection[str],
    actor: Somebody,
    sent_key: str | None = None,
) -> int:
    """Add an account whose password nobody knows yet, and return its person's id. Raises: ValuesRefused, SentBefore."""
    with world.db.write() as connection:
        hold_name(connection, "accounts")
        note_sent(connection, sent_key, now=world.clock.now())
        _check(world, connection, None, name=name, email=email, groups=groups)
        person_id = people.add_person(
            connection,
            username=username,
            name=name,
            job_title=job_title,
            password=secrets.token_urlsafe(32),
            groups=groups,
        )
        connection.execute(update(Person).where(Person.person_id == person_id).values(email=email or None))
        note(world, connection, person_id, f"Added, in {_said(groups)}", actor=actor)
    return person_id


def change(world: World, person_id: int, told: Mapping[str, str], groups: Collection[str], *, actor: Somebody) -> None:
    """Change name, job title, email address (`told`) and groups; another role or a lost group signs out.

    Raises: NotFound, NotAllowed, ValuesRefused.
    """
    with world.db.write() as connection:
        hold_name(connection, "accounts")
        was = account(connection, person_id)
        _check(world, connection, person_id, name=told["name"], email=told["email"], groups=groups)
        if OPERATIONS in was.groups and OPERATIONS not in groups:
            _check_others_operate(connection, person_id)
        changed = [name for name in ("name", "job_title", "email") if getattr(was, name) != told[name]]
        values: dict[str, object] = {name: told[name] for name in changed}
        if "email" in values:
            values["email"] = told["email"] or None
        lost, gained = set(was.groups) - set(groups), set(groups) - set(was.groups)
        if lost or roles_of(world.groups, was.groups) != roles_of(world.groups, groups):
            values["session_mark"] = Person.session_mark + 1
        if values:
            connection.execute(update(Person).where(Person.person_id == person_id).values(values))
        people.set_groups(connection, person_id, groups)
        told_of = [f"changed {name.replace('_', ' ')}" for name in changed]
        told_of += [f"added to {_said(gained)}"] if gained else []
        told_of += [f"taken out of {_said(lost)}"] if lost else []
        if told_of:
            note(world, connection, person_id, _sentence("; ".join(told_of)), actor=actor)


def lock(world: World, person_id: int, *, actor: Somebody) -> None:
    """Keep somebody from signing in and end their sessions; who is locked stays so. Raises: NotFound, NotAllowed."""
    with world.db.write() as connection:
        hold_name(connection, "accounts")
        was = account(connection, person_id)
        if person_id == actor.person_id:
            raise NotAllowed("You cannot lock your own account. Ask somebody else of operations.")
        if OPERATIONS in was.groups:
            _check_others_operate(connection, person_id)
        if not was.is_active:
            return
        _set(connection, person_id, is_active=False)
        note(world, connection, person_id, "Locked, and signed out everywhere", actor=actor)


def unlock(world: World, person_id: int, *, actor: Somebody) -> None:
    """Let somebody sign in again. Raises: NotFound."""
    with world.db.write() as connection:
        if account(connection, person_id).is_active:
            return
        _set(connection, person_id, is_active=True)
        note(world, connection, person_id, "Unlocked", actor=actor)


def end_sessions(world: World, person_id: int, *, actor: Somebody, sent_key: str | None = None) -> None:
    """Sign somebody out everywhere. Raises: NotFound, SentBefore."""
    with world.db.write() as connection:
        account(connection, person_id)
        note_sent(connection, sent_key, now=world.clock.now())
        _set(connection, person_id)
        note(world, connection, person_id, "Signed out everywhere", actor=actor)


def untie(world: World, person_id: int, *, actor: Somebody) -> None:
    """Forget who somebody is at the department's sign-in: their next sign-in there is found by the email address.

    Raises: NotFound.
    """
    with world.db.write() as connection:
        if not account(connection, person_id).identity:
            return
        _set(connection, person_id, identity=None)
        note(world, connection, person_id, "Untied from the department\u2019s sign-in", actor=actor)


def begin_link(world: World, person_id: int, *, actor: Somebody, sent_key: str | None = None) -> int:
    """Make every earlier link to choose a password worthless, and return the mark that the next one carries.

    Raises: NotFound, NotAllowed for a locked account, SentBefore.
    """
    with world.db.write() as connection:
        note_sent(connection, sent_key, now=world.clock.now())
        if not account(connection, person_id).is_active:
            raise NotAllowed("This account is locked. Unlock it first.")
        _set(connection, person_id)
        note(world, connection, person_id, "Given a link to choose a password", actor=actor)
        mark = select(Person.session_mark).where(Person.person_id == person_id)
        return int(connection.execute(mark).scalar_one())


def note(world: World, connection: Connection, person_id: int, what: str, *, actor: Somebody | None) -> None:
    """Write down what was done to an account, and tell the log."""
    by_id = actor.person_id if actor is not None else None
    said = {"person_id": person_id, "by_id": by_id, "what": what[:400], "at": world.clock.now()}
    connection.execute(insert(AccountChange).values(said))
    log.info("Changed an account", extra={"person_id": person_id, "by_id": by_id})


_COLUMNS = (
    Person.person_id,
    Person.username,
    Person.name,
    Person.job_title,
    Person.email,
    Person.is_active,
    Person.identity,
)


def _account(row: Any, groups: Collection[str]) -> Account:
    return Account(
        row.person_id,
        row.username,
        row.name,
        row.job_title,
        row.email or "",
        row.is_active,
        row.identity or "",
        tuple(groups),
    )


def _set(connection: Connection, person_id: int, **values: object) -> None:
    """Change an account, and end every session of its person."""
    values["session_mark"] = Person.session_mark + 1
    connection.execute(update(Person).where(Person.person_id == person_id).values(values))


def _check(
    world: World, connection: Connection, person_id: int | None, *, name: str, email: str, groups: Collection[str]
) -> None:
    problems = {}
    if not name:
        problems["name"] = "Enter the name, as colleagues read it"
    if not groups or set(groups) - set(world.groups):
        problems["groups"] = "Choose one group or more"
    if email:
        taken = exists().where(func.lower(Person.email) == email.lower(), Person.person_id != (person_id or 0))
        if connection.execute(select(taken)).scalar_one():
            problems["email"] = "Another account has this email address already"
    if problems:
        raise ValuesRefused(problems)


def _check_others_operate(connection: Connection, person_id: int) -> None:
    others = exists().where(
        Membership.group_key == OPERATIONS,
        Membership.person_id != person_id,
        Membership.person_id == Person.person_id,
        Person.is_active,
    )
    if not connection.execute(select(others)).scalar_one():
        raise NotAllowed("Nobody else belongs to operations. Add somebody to that group first.")


def _said(groups: Collection[str]) -> str:
    return ", ".join(sorted(groups))


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
