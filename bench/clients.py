"""People at their browsers: one and eight at once, each with a connection of their own: `python -m bench clients`.

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
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from lxml import html

from bench.office import bring_to_task, leader_and_values, open_office
from bench.report import Fact, Measured
from bench.scale import scale
from tests.serving import serving
from tests.world import open_world
from web.app import create_app

CLIENTS = 8
ROUNDS = 4


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
        form = self.form("/sign-in", {"username": username, "password": username})
        self._send("POST", form.path, form.body)

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
        """Send a form; return the seconds until the answer was there. Raises: SystemExit when it is refused.

        The answer's cookies are not kept: they hold what the next page is to say, and no page is fetched in between.
        Forty answers in a row would pile up what no browser ever carries.
        """
        cookies = dict(self._cookies)
        begun = time.perf_counter()
        self._send("POST", form.path, form.body)
        seconds = time.perf_counter() - begun
        self._cookies = cookies
        return seconds

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


def measure(database: str) -> Measured:
    """Complete tasks with one client and with eight, in turn; compare the rates and the times."""
    alone = scale().alone
    with open_office() as world:
        task_ids = bring_to_task(world, 2 * ROUNDS * alone)
        actor, values = leader_and_values(world)
        answers = {key: str(value) for key, value in values.items()}
        folder, now = world.settings.data_dir, world.clock.now()
        world.db.close()
        with service(folder, now) as address:
            visitors = [Visitor(address) for _ in range(CLIENTS)]
            for visitor in visitors:
                visitor.sign_in(actor.username)
            waiting = iter(task_ids)

            def forms(visitor: Visitor, count: int) -> tuple[Visitor, list[Form]]:
                return visitor, [visitor.form(f"/tasks/{next(waiting)}", answers) for _ in range(count)]

            one, eight = Pace(), Pace()
            for _ in range(ROUNDS):
                one.add(*_all_at_once([forms(visitors[0], alone)]))
                eight.add(*_all_at_once([forms(visitor, alone // CLIENTS) for visitor in visitors]))
    slowest = statistics.quantiles(eight.taken, n=20)[-1] / statistics.quantiles(one.taken, n=20)[-1]
    return Measured(
        facts=[
            Fact(f"complete over HTTP, {database}: one client", one.rate, "a second", at_least=200),
            Fact(f"complete over HTTP, {database}: eight clients", eight.rate, "a second", at_least=200),
            Fact(f"rate of eight clients to that of one, {database}", eight.rate / one.rate, "times", at_least=0.9),
            Fact(f"p95 of eight clients to that of one, {database}", slowest, "times", 15),
        ]
    )


@dataclass(slots=True)
class Pace:
    """What tasks took, and how long it took in all."""

    taken: list[float] = field(default_factory=list)
    seconds: float = 0

    @property
    def rate(self) -> float:
        """Tasks a second."""
        return len(self.taken) / self.seconds

    def add(self, taken: list[float], seconds: float) -> None:
        """Add a round."""
        self.taken += taken
        self.seconds += seconds


def _all_at_once(work: list[tuple[Visitor, list[Form]]]) -> tuple[list[float], float]:
    """Let each visitor send their forms one after the other; return all times and the seconds in all."""
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
    seconds = time.perf_counter() - begun
    if len(taken) != sum(len(forms) for _, forms in work):
        raise SystemExit("A client was refused.")
    return taken, seconds
