"""The command that adds an account: the only way to the first one outside a demonstration.

A password is read from a prompt or from standard input, never from the command line, where others could read it.
"""

from __future__ import annotations

import re
import sys

import click
from flask import Flask
from sqlalchemy import select

from engine import people
from engine.errors import RedressError
from engine.models import Person
from engine.schema import migrate
from engine.world import World

SHORTEST = 12


class AccountRefused(RedressError):
    """The account was not added."""


def register(app: Flask, here: World) -> None:
    """Add the command."""

    @app.cli.command("add-person")
    @click.argument("username")
    @click.option("--name", required=True, help="The person's name, as colleagues read it.")
    @click.option("--job-title", default="", help="What the person does.")
    @click.option("--group", "groups", multiple=True, required=True, help="A group of groups.toml; may be repeated.")
    def add_person(username: str, name: str, job_title: str, groups: tuple[str, ...]) -> None:
        """Add a person who may sign in. The password is asked for, or read from standard input."""
        migrate(here.db)
        try:
            check_account(here, username, groups)
            add(here, username, name=name, job_title=job_title, groups=groups, password=_password())
        except RedressError as error:
            click.echo(str(error))
            sys.exit(1)
        click.echo(f"{name} may sign in as {username}.")


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
    """Add an account. Raises: AccountRefused when its password is too short."""
    if len(password) < SHORTEST:
        raise AccountRefused(f"The password must have {SHORTEST} characters or more.")
    with world.db.write() as connection:
        people.add_person(
            connection, username=username, name=name, job_title=job_title, password=password, groups=set(groups)
        )


def _password() -> str:
    if sys.stdin.isatty():
        return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))
    return sys.stdin.readline().rstrip("\r\n")
