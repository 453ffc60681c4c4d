"""The command `send-message`: a message that arrived elsewhere goes to whoever waits for it, or to what it starts."""

from __future__ import annotations

import sys
from datetime import UTC, datetime

import click
from flask import Flask
from sqlalchemy import select

from engine import messages
from engine.clock import LONDON
from engine.errors import NotFound, RedressError
from engine.models import Person
from engine.people import Somebody, get_person
from engine.values import loads
from engine.world import World


def register(app: Flask, here: World) -> None:
    """Add the command."""

    @app.cli.command("send-message")
    @click.argument("name")
    @click.option("--by", "username", required=True, help="The account that it is recorded for.")
    @click.option("--key", default="", help="What says which instance it belongs to; none where it only starts one.")
    @click.option("--id", "sender_id", help="The sender's own id of it: sent again with the same id, it counts once.")
    @click.option("--with", "payload", default="{}", help="What it brings: a JSON object.")
    @click.option("--received-on", type=click.DateTime(["%Y-%m-%d"]), help="The day that it reached us, if not today.")
    def send_message(
        name: str, username: str, key: str, sender_id: str | None, payload: str, received_on: datetime | None
    ) -> None:
        """Hand a message in; exits 1 when it was kept because nothing took it, 2 when it was refused."""
        day = received_on.replace(tzinfo=UTC) if received_on else here.clock.now().astimezone(LONDON)
        try:
            values = loads(payload)
            if not isinstance(values, dict):
                raise ValueError('it is no JSON object such as {"amount": 5}')
            actor = _person(here, username)
            sent = messages.correlate(here, name, key, values, received_on=day.date(), actor=actor, sender_id=sender_id)
        except (ValueError, RecursionError) as fault:
            click.echo(f"What the message brings cannot be read: {fault}.", err=True)
            sys.exit(2)
        except RedressError as refused:
            click.echo(str(refused), err=True)
            sys.exit(2)
        before = "" if sent.is_new else " It had arrived before and was not counted again."
        if sent.status == "delivered":
            click.echo(f"Message {sent.message_id} is delivered to instance {sent.instance_id}.{before}")
        else:
            click.echo(f"Message {sent.message_id} is kept. {sent.why}{before}")
        sys.exit(0 if sent.status == "delivered" else 1)


def _person(world: World, username: str) -> Somebody:
    with world.db.read() as connection:
        person_id = connection.execute(select(Person.person_id).where(Person.username == username)).scalar_one_or_none()
        if person_id is None:
            raise NotFound(f"There is no account {username!r}.")
        return get_person(connection, person_id)
