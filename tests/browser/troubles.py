"""What a demonstration does not show by itself, so that every page has something on it.

One instance is stopped, one is suspended, somebody is told something, somebody has saved a view, and a message came
that nothing waited for.
"""

from __future__ import annotations

from sqlalchemy import Connection, insert, select

from engine import incidents, interventions, messages, saved_views
from engine.clock import LONDON
from engine.models import Case, Notification, Person, ProcessInstance, ServiceRequest
from engine.people import get_person
from engine.world import World


def add_troubles(world: World) -> None:
    """Suspend one instance, stop another, tell the review team leaders something, save a view, keep a message."""
    now = world.clock.now()
    with world.db.read() as connection:
        live = connection.execute(
            select(ProcessInstance.instance_id, Case.client_name, Case.case_id)
            .join(Case, Case.case_id == ProcessInstance.case_id)
            .where(ProcessInstance.status == "active")
        ).all()
        of_client = {row.client_name: row for row in live}
        otis = get_person(connection, _person(connection, "otis"))
        cara = get_person(connection, _person(connection, "cara"))
        dana = of_client["Dana Dummy"].case_id
        number = connection.execute(
            select(ServiceRequest.number).where(ServiceRequest.case_id == dana, ServiceRequest.kind == "Review")
        ).scalar_one()
    interventions.suspend(
        world, of_client["Leslie Legacycase"].instance_id, reason="The legacy system is being moved.", actor=otis
    )
    with world.db.write() as connection:
        incidents.raise_incident(
            connection,
            instance_id=of_client["Darcy Duty"].instance_id,
            element_id="do_duty",
            kind="failed",
            message="The condition “request.amount > 100” has no answer: request.amount is null.",
            now=now,
        )
        connection.execute(
            insert(Notification).values(
                case_id=of_client["Paula Planned"].case_id,
                group_key="review_team_leader",
                subject="A plan waits for a decision",
                text="The plan for Paula Planned has waited for two days.",
                sent_at=now,
            )
        )
    saved_views.save_view(world, "In Scotland", "mine?nation=scotland", owner=cara)
    reply = {"reply_channel": "post", "reply_text": "I have found the letter that you asked for."}
    received_on = now.astimezone(LONDON).date()
    messages.correlate(world, "client_reply", number, reply, actor=otis, received_on=received_on)


def _person(connection: Connection, username: str) -> int:
    return int(connection.execute(select(Person.person_id).where(Person.username == username)).scalar_one())
