"""The commands for accounts: the only way to the first one outside a demonstration, and to lock somebody out.

A password is read from a prompt or from standard input, never from the command line, where others could read it.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from typing import Any

import click
from flask import Flask
from sqlalchemy import select

from engine import accounts as changes
from engine import people
from engine.errors import RedressError
from engine.models import Membership, Person
from engine.schema import migrate
from engine.world import World

SHORTEST = 12
LONGEST = 200


class AccountRefused(RedressError):
    """The account was not changed."""


def register(app: Flask, here: World) -> None:
    """Add the commands."""

    @app.cli.command("add-person")
    @click.argument("username")
    @click.option("--name", required=True, help="The person's name, as colleagues read it.")
    @click.option("--job-title", default="", help="What the person does.")
    @click.option("--group", "groups", multiple=True, required=True, help="A group of groups.toml; may be repeated.")
    def add_person(username: str, name: str, job_title: str, groups: tuple[str, ...]) -> None:
        """Add a person who may sign in. The password is asked for, or read from standard input."""

        def act() -> str:
            check_account(here, username, groups)
            add(here, username, name=name, job_title=job_title, groups=groups, password=_password())
            return f"{name} may sign in as {username}."

        _say(here, act)

    @app.cli.command("change-password")
    @click.argument("username")
    def change_password(username: str) -> None:
        """Give an account another password and end its sessions. It is asked for, or read from standard input."""

        def act() -> str:
            person = _account(here, username)
            people.change_password(here, person.person_id, checked(username, _password()))
            _note(here, person.person_id, "Given another password")
            return f"{person.name} signs in with the new password from now on."

        _say(here, act)

    @app.cli.command("lock-person")
    @click.argument("username")
    def lock_person(username: str) -> None:
        """Keep somebody from signing in, and end their sessions. What they hold stays theirs until it is reassigned."""

        def act() -> str:
            person = _account(here, username)
            people.lock(here, person.person_id)
            _note(here, person.person_id, "Locked, and signed out everywhere")
            return f"{person.name} can no longer sign in. Tasks that they hold are still theirs: hand them over."

        _say(here, act)

    @app.cli.command("unlock-person")
    @click.argument("username")
    def unlock_person(username: str) -> None:
        """Let somebody sign in again."""

        def act() -> str:
            person = _account(here, username)
            people.unlock(here, person.person_id)
            _note(here, person.person_id, "Unlocked")
            return f"{person.name} may sign in as {username} again."

        _say(here, act)

    @app.cli.command("list-people")
    def list_people() -> None:
        """Print who may sign in: user name, name, groups, and whether the account is locked."""
        _say(here, lambda: "\n".join(_lines(here)) or "There are no accounts. Add one: add-person")


def check_account(world: World, username: str, groups: tuple[str, ...]) -> None:
    """Check what an account is made of, before a password is asked for. Raises: AccountRefused."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9._-]{1,39}", username):
        raise AccountRefused("A user name has 2 to 40 small letters, digits, dots or hyphens.")
    unknown = [group for group in groups if group not in world.groups]
    if unknown:
        raise AccountRefused(f"There is no group {', '.join(unknown)}. There are: {', '.join(world.groups)}.")
    with world.db.read() as connection:
        if connection.execute(select(Person.person_id).where(Person.username == username)).first() is not None:
            raise AccountRefused(f"There is an account {username} already.")


def add(world: World, username: str, *, name: str, job_title: str, groups: tuple[str, ...], password: str) -> None:
    """Add an account. Raises: AccountRefused when its password will not do."""
    checked(username, password)
    with world.db.write() as connection:
        person_id = people.add_person(
            connection, username=username, name=name, job_title=job_title, password=password, groups=set(groups)
        )
        changes.note(world, connection, person_id, f"Added, in {', '.join(sorted(groups))}", actor=None)


def _note(world: World, person_id: int, what: str) -> None:
    with world.db.write() as connection:
        changes.note(world, connection, person_id, what, actor=None)


def checked(username: str, password: str) -> str:
    """Return a password that will do. Raises: AccountRefused."""
    if len(password) < SHORTEST:
        raise AccountRefused(f"The password must have {SHORTEST} characters or more.")
    if len(password) > LONGEST:
        raise AccountRefused(f"The password must have {LONGEST} characters or fewer.")
    if len(set(password.casefold().replace(username, ""))) < SHORTEST // 3:
        raise AccountRefused("The password is too easy to guess: it repeats itself or the user name. Choose another.")
    return password


def _account(world: World, username: str) -> Any:
    with world.db.read() as connection:
        row = connection.execute(select(Person.person_id, Person.name).where(Person.username == username)).one_or_none()
    if row is None:
        raise AccountRefused(f"There is no account {username}. list-people names them all.")
    return row


def _lines(world: World) -> list[str]:
    with world.db.read() as connection:
        rows = connection.execute(select(Person.person_id, Person.username, Person.name, Person.is_active))
        found = sorted(rows, key=lambda row: row.username)
        groups: dict[int, list[str]] = {}
        for row in connection.execute(select(Membership.person_id, Membership.group_key)):
            groups.setdefault(row.person_id, []).append(row.group_key)
    return [
        f"{row.username}  {row.name}  {', '.join(sorted(groups.get(row.person_id, ())))}"
        f"{'' if row.is_active else '  locked'}"
        for row in found
    ]


def _say(here: World, act: Callable[[], str]) -> None:
    """Do something to accounts and print what was done; what is refused is printed, and the program ends with 1."""
    migrate(here.db)
    try:
        click.echo(act())
    except RedressError as error:
        click.echo(str(error))
        sys.exit(1)


def _password() -> str:
    if sys.stdin.isatty():
        return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))
    return sys.stdin.readline().rstrip("\r\n")
