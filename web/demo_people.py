"""The people of a demonstration: one or more for every group, all of them clearly fictional."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, select

from engine.models import Person
from engine.passwords import matches

PASSWORD = "demo"


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """An account of the demonstration."""

    username: str
    name: str
    job_title: str
    groups: tuple[str, ...]
    does: str


PEOPLE = (
    DemoPerson(
        "olive", "Olive Owning", "Caseworker, owning team", ("owning_team",), "refers a case to the review team"
    ),
    DemoPerson(
        "theo",
        "Theo Teamlead",
        "Team leader, owning team",
        ("owning_team_leader",),
        "hears of enquiries and locks",
    ),
    DemoPerson(
        "ruben",
        "Ruben Rules",
        "Caseworker, 93/03 Rules Reassessment team",
        ("rules_reassessment_team",),
        "finds legacy information that an issue needs",
    ),
    DemoPerson(
        "lena",
        "Lena Legacy",
        "Caseworker, Legacy Case Closure team",
        ("legacy_team",),
        "deals with what belongs to the 2003 and 1993 schemes",
    ),
    DemoPerson(
        "remy",
        "Remy Resolutionlead",
        "Complaint resolution team leader",
        ("complaint_resolution_team_leader",),
        "allocates complaints at Resolution and decides on plans",
    ),
    DemoPerson(
        "casey",
        "Casey Resolution",
        "Complaint resolution caseworker",
        ("complaint_resolution_caseworker",),
        "resolves complaints before any review",
    ),
    DemoPerson(
        "rita",
        "Rita Reviewlead",
        "Complaint review team leader",
        ("review_team_leader",),
        "allocates reviews and decides on plans",
    ),
    DemoPerson(
        "cara",
        "Cara Casework",
        "Complaint review caseworker",
        ("review_caseworker",),
        "reviews, plans, calls and writes",
    ),
    DemoPerson("colin", "Colin Casework", "Complaint review caseworker", ("review_caseworker",), "works beside Cara"),
    DemoPerson(
        "morgan",
        "Morgan Manager",
        "Manager",
        ("redress_authority", "manager"),
        "authorises redress above the team leader\u2019s grade, and sees the work of every team",
    ),
    DemoPerson("otis", "Otis Operations", "Operations", ("operations",), "watches instances, incidents and deliveries"),
    DemoPerson("ana", "Ana Analyst", "Business analyst", ("analyst",), "draws the procedures"),
    DemoPerson("audrey", "Audrey Auditor", "Auditor", ("auditor",), "reads every case and who looked at it"),
)


def with_known_password(connection: Connection) -> list[str]:
    """Return the user names of accounts that may sign in with the demonstration's password."""
    rows = connection.execute(
        select(Person.username, Person.password_hash)
        .where(Person.username.in_([person.username for person in PEOPLE]), Person.is_active)
        .order_by(Person.username)
    )
    return [row.username for row in rows if matches(row.password_hash, PASSWORD)]
