"""A submit as a browser sends it, to waitress over a real socket: `python -m bench.http`.

Aims: at most 15 SQL statements and one commit. The form is fetched first; only the answer to it is timed.
"""

from __future__ import annotations

import http.client
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

from lxml import html
from sqlalchemy import event

from bench.office import bring_to_task, judged, leader_and_values, open_office, said
from engine.world import World
from tests.serving import serving
from web.app import create_app

SUBMITS = 40


class Visitor:
    """A person with a connection and cookies of their own."""

    def __init__(self, address: str) -> None:
        self._connection = http.client.HTTPConnection(address.removeprefix("http://"))
        self._cookies: dict[str, str] = {}

    def get(self, path: str) -> str:
        """Fetch a page."""
        return self._send("GET", path)[1]

    def answer(self, page: str, path: str, answers: dict[str, str]) -> tuple[int, float]:
        """Send the form of a page that asks for these answers; return the status and how long it took."""
        names = set(answers)
        form: Any = next(f for f in html.document_fromstring(page).forms if names <= {i.name for i in f.inputs})
        body = urlencode({**dict(form.form_values()), **answers})
        start = time.perf_counter()
        status, _ = self._send("POST", form.get("action") or path, body)
        return status, time.perf_counter() - start

    def _send(self, method: str, path: str, body: str | None = None) -> tuple[int, str]:
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items())}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self._connection.request(method, path, body, headers)
        response = self._connection.getresponse()
        text = response.read().decode()
        for cookie in response.headers.get_all("Set-Cookie") or ():
            name, _, value = cookie.partition(";")[0].partition("=")
            self._cookies[name] = value
        return response.status, text


@contextmanager
def _counted(world: World) -> Iterator[dict[str, int]]:
    """Count the statements and the commits of writes."""
    counts = {"statements": 0, "commits": 0}

    def statement(*_: Any) -> None:
        counts["statements"] += 1

    def commit(_connection: Any) -> None:
        counts["commits"] += 1

    event.listen(world.db.engine, "before_cursor_execute", statement)
    event.listen(world.db.engine, "commit", commit)
    try:
        yield counts
    finally:
        event.remove(world.db.engine, "before_cursor_execute", statement)
        event.remove(world.db.engine, "commit", commit)


def main() -> None:
    """Measure submits of one Review task."""
    with open_office() as world:
        task_ids = bring_to_task(world, SUBMITS)
        actor, values = leader_and_values(world)
        answers = {name: str(value) for name, value in values.items()}
        taken, statements, commits = [], [], []
        with serving(create_app(world=world)) as address:
            visitor = Visitor(address)
            sign_in = {"username": actor.username, "password": actor.username}
            visitor.answer(visitor.get("/sign-in"), "/sign-in", sign_in)
            for task_id in task_ids:
                page = visitor.get(f"/tasks/{task_id}")
                with _counted(world) as counts:
                    status, seconds = visitor.answer(page, f"/tasks/{task_id}", answers)
                if status not in (302, 303):
                    raise RuntimeError(f"The submit was answered with {status}.")
                taken.append(seconds)
                statements.append(counts["statements"])
                commits.append(counts["commits"])
        print(f"A submit over HTTP; median of {SUBMITS}")
        print(f"  answered in                             {said(taken)}")
        print(f"  SQL statements: {judged(max(statements), 15)}; commits: {judged(max(commits), 1)}")


if __name__ == "__main__":
    main()
