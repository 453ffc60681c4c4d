"""A case of years beside a new one, as their pages open: `python -m bench.case_page`.

Aim: at most twice the time, and no more statements. The new case is a review at its step 5; the other one is the same
with 200 more rows of history and 12 more service requests, half of them open. They are opened in turn, so that what
else the machine does weighs on both alike.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager

from flask.testing import FlaskClient
from sqlalchemy import event, insert, select

from bench.office import bring_to_task, judged, open_office, said
from engine import cases
from engine.models import History, ServiceRequest
from engine.world import World
from tests.page import Browser
from web.app import create_app

REQUESTS, ROWS, ROUNDS = 12, 200, 60


def main() -> None:
    """Print how long each page takes and how many statements it sends, and how they compare."""
    print("Opening a case page")
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
    print(f"  a new case                              {said(taken[new])}, {sent[new]} statements")
    print(f"  {ROWS} rows and {REQUESTS} requests more           {said(taken[old])}, {sent[old]} statements")
    print(f"  ratio: {judged(statistics.median(taken[old]) / statistics.median(taken[new]), 2)}")


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
    with _counted(world) as sent:
        _open(client, case_id)
    return len(sent)


@contextmanager
def _counted(world: World) -> Iterator[list[str]]:
    sent: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        sent.append(statement)

    event.listen(world.db.engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(world.db.engine, "before_cursor_execute", note)


if __name__ == "__main__":
    main()
