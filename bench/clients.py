"""People at their browsers: one and eight at once, each with a connection of their own: `python -m bench.clients`.

The service runs in a process of its own, as `make run` starts it, so that those who measure do not slow it down.
"""

from __future__ import annotations

import http.client
import logging
import multiprocessing
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from lxml import html

from bench.office import bring_to_task, leader_and_values, open_office
from bench.report import Fact, Figure, told
from tests.serving import serving
from tests.world import open_world
from web.app import create_app

CLIENTS = 8
EACH = 25


@dataclass(frozen=True, slots=True)
class Form:
    """A form that is filled in and not yet sent."""

    path: str
    body: str


class Visitor:
    """A person with a connection and cookies of their own."""

    def __init__(self, address: str) -> None:
        self._connection = http.client.HTTPConnection(address.removeprefix("http://"))
        self._cookies: dict[str, str] = {}

    def sign_in(self, username: str) -> None:
        """Sign in; the password of everybody in the tests is their user name."""
        self.submit(self.form("/sign-in", {"username": username, "password": username}))

    def form(self, path: str, answers: dict[str, str]) -> Form:
        """Fetch a page and fill in its form that asks for these answers."""
        page = html.document_fromstring(self.get(path))
        names = set(answers)
        form: Any = next(each for each in page.forms if names <= {field.name for field in each.inputs})
        return Form(form.get("action") or path, urlencode({**dict(form.form_values()), **answers}))

    def get(self, path: str) -> str:
        """Fetch a page. Raises: SystemExit when it is refused."""
        return self._send("GET", path)

    def submit(self, form: Form) -> float:
        """Send a form; return the seconds until the answer was there. Raises: SystemExit when it is refused."""
        begun = time.perf_counter()
        self._send("POST", form.path, form.body)
        return time.perf_counter() - begun

    def _send(self, method: str, path: str, body: str | None = None) -> str:
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items())}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self._connection.request(method, path, body, headers)
        response = self._connection.getresponse()
        text = response.read().decode()
        for cookie in response.headers.get_all("Set-Cookie") or ():
            name, _, value = cookie.partition(";")[0].partition("=")
            self._cookies[name] = value
        if response.status >= 400:
            raise SystemExit(f"{method} {path} was answered with {response.status}.")
        return text


@contextmanager
def service(folder: Path, now: Any) -> Iterator[str]:
    """Serve a world's folder from a process of its own; lends the address."""
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(folder, now, there), daemon=True)
    process.start()
    try:
        yield here.recv()
    finally:
        here.send("stop")
        process.join(timeout=20)


def _serve(folder: Path, now: Any, pipe: Connection) -> None:
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # eight clients wait for four threads, as they should
    with serving(create_app(world=open_world(folder, at=now))) as address:
        pipe.send(address)
        pipe.recv()


def measure(name: str) -> tuple[list[Figure], list[Fact]]:
    """Complete as many tasks with one client as with eight; compare the rates and the times."""
    with open_office() as world:
        task_ids = bring_to_task(world, EACH + CLIENTS * EACH)
        actor, values = leader_and_values(world)
        answers = {key: str(value) for key, value in values.items()}
        folder, now = world.settings.data_dir, world.clock.now()
        world.db.close()
        with service(folder, now) as address:
            visitors = []
            for _ in range(CLIENTS):
                visitors.append(Visitor(address))
                visitors[-1].sign_in(actor.username)
            forms = [visitors[0].form(f"/tasks/{task_id}", answers) for task_id in task_ids[:EACH]]
            alone, rate_alone = _all_at_once([(visitors[0], forms)])
            work = []
            for number, visitor in enumerate(visitors):
                theirs = task_ids[EACH + number * EACH : EACH + (number + 1) * EACH]
                work.append((visitor, [visitor.form(f"/tasks/{task_id}", answers) for task_id in theirs]))
            together, rate_together = _all_at_once(work)
    slowest = (statistics.quantiles(together, n=20)[-1] / statistics.quantiles(alone, n=20)[-1], 15.0)
    return [], [
        Fact(f"complete over HTTP, {name}: one client", rate_alone, "a second"),
        Fact(f"complete over HTTP, {name}: eight clients", rate_together, "a second"),
        Fact(f"rate of one client to that of eight, {name}", rate_alone / rate_together, "times", 1 / 0.9),
        Fact(f"p95 of eight clients to that of one, {name}", slowest[0], "times", slowest[1]),
    ]


def _all_at_once(work: list[tuple[Visitor, list[Form]]]) -> tuple[list[float], float]:
    """Let each visitor send their forms one after the other; return all times and the rate a second."""
    taken: list[float] = []
    ready = threading.Barrier(len(work) + 1)

    def send(visitor: Visitor, forms: list[Form]) -> None:
        ready.wait()
        for form in forms:
            taken.append(visitor.submit(form))

    threads = [threading.Thread(target=send, args=one) for one in work]
    for thread in threads:
        thread.start()
    ready.wait()
    begun = time.perf_counter()
    for thread in threads:
        thread.join()
    if len(taken) != sum(len(forms) for _, forms in work):
        raise SystemExit("A client was refused.")
    return taken, len(taken) / (time.perf_counter() - begun)


def main() -> None:
    """Print the figures."""
    print(told(*measure("SQLite")))


if __name__ == "__main__":
    main()
