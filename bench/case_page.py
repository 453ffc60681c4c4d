"""A case of years beside a new one, as their pages open: `python -m bench case_page`.

Aim: at most twice the time, and no more statements. The new case is a review at its step 5; the other one is the same
with 200 more rows of history and 12 more service requests, half of them open. They are opened in turn, so that what
else the machine does weighs on both alike.
"""

from __future__ import annotations

import time

from flask.testing import FlaskClient
from sqlalchemy import insert, select

from bench.floor import recorded
from bench.office import bring_to_task, open_office
from bench.report import Fact, Figure, Measured
from engine import cases
from engine.models import History, ServiceRequest
from engine.world import World
from tests.page import Browser
from web.app import create_app

REQUESTS, ROWS, ROUNDS = 12, 200, 60


def measure(database: str) -> Measured:
    """Open both pages in turn, and count their statements."""
    with open_office() as world:
        new, old = _reviews(world)
        _age(world, old)
        app = create_app(world=world)
        app.testing = True
        client = Browser(app).sign_in("review_team_leader").client
        sent = {case_id: _statements(world, client, case_id) for case_id in (new, old)}  # and reads what is kept
        taken: dict[int, list[float]] = {new: [], old: []}
        for _ in range(ROUNDS):
            for case_id, times in taken.items():
                start = time.perf_counter()
                _open(client, case_id)
                times.append(time.perf_counter() - start)
    work = f"case page with {ROWS} rows and {REQUESTS} requests more, {database}"
    figure = Figure(work, taken[old], "that of a new case", taken[new], aim=2)
    return Measured([figure], [Fact(f"{work}: statements more", sent[old] - sent[new], "", 0)])


def _reviews(world: World) -> list[int]:
    """Bring two reviews to their step 5 and return their cases."""
    bring_to_task(world, 2)
    with world.db.read() as connection:
        return list(connection.execute(select(ServiceRequest.case_id).distinct()).scalars())


def _age(world: World, case_id: int) -> None:
    """Give a case the history and the requests of years."""
    with world.db.write() as connection:
        requests = select(ServiceRequest.request_id).where(ServiceRequest.case_id == case_id)
        review = max(connection.execute(requests).scalars())
        for number in range(REQUESTS):
            fields = {"kind": "Enquiry", "status": "Open" if number % 2 else "Closed", "owner_group": "owning_team"}
            made = cases.open_request(connection, world, case_id=case_id, number=f"SR-8{number:05d}", fields=fields)
            cases.link_requests(connection, review, made, "related")
        rows = select(History.__table__).where(History.case_id == case_id).order_by(History.history_id.desc())
        last = connection.execute(rows).first()
        assert last is not None
        for number in range(ROWS):
            step = f"Review {number % 25 + 1}"
            row = {**last._mapping, "seq": last.seq + 1 + number, "kind": "submitted", "step": step}
            del row["history_id"]
            connection.execute(insert(History).values(row))


def _open(client: FlaskClient, case_id: int) -> None:
    answer = client.get(f"/cases/{case_id}")
    if answer.status_code != 200:
        raise SystemExit(f"The case page answered {answer.status_code}.")


def _statements(world: World, client: FlaskClient, case_id: int) -> int:
    _open(client, case_id)
    with recorded(world) as sent:
        _open(client, case_id)
    return sent.statements
