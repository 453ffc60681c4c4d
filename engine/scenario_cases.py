"""What is there before a story begins: people, the client's case, and the requests of the past."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from engine import cases, people
from engine.clock import LONDON
from engine.world import World


def add_person(connection: Connection, username: str, groups: list[str]) -> None:
    """Add somebody whose password is their user name."""
    name = f"Scenario {username.replace('_', ' ')}"
    people.add_person(connection, username=username, name=name, job_title="", password=username, groups=groups)


def open_case(connection: Connection, world: World, facts: dict[str, Any]) -> int:
    """Open a case with these facts over the usual ones, and return its id."""
    return cases.open_case(
        connection,
        world,
        reference=facts.pop("reference", "CM-0000001"),
        client_name=facts.pop("client_name", "Robin Example"),
        nation=facts.pop("nation", "england_wales"),
        facts=facts,
    )


def open_earlier(connection: Connection, world: World, case_id: int, earlier: Mapping[str, Any]) -> None:
    """Add a request of the past: by default a Resolution request that was closed 30 days ago.

    ``closed_on = ""`` leaves it open.
    """
    given = dict(earlier)
    closed_on = given.pop("closed_on", (world.clock.now() - timedelta(days=30)).date())
    fields = {
        "kind": "Resolution",
        "status": "Closed",
        "sub_status": "Complete",
        "resolution_code": "No Action Taken",
        "area": "Complaints",
        "sub_area": "Resolution",
        **given,
        "closed_at": datetime.combine(closed_on, datetime.min.time(), tzinfo=LONDON) if closed_on else None,
    }
    number = fields.pop("number", "SR-000900")
    cases.open_request(connection, world, case_id=case_id, number=number, fields=fields)
