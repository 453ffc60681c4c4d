"""An office at work over HTTP: the service on a port, the scheduler running, people who fill in the forms they meet.

People answer what the usual answers of the procedure's scenarios say, unless a story says otherwise. The clock is moved
by the test; the scheduler alone does what is then due.
"""

from __future__ import annotations

import threading
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from apscheduler.events import EVENT_JOB_EXECUTED
from sqlalchemy import select

from engine import worker
from engine.clock import LONDON
from engine.models import (
    Definition,
    Document,
    Outbox,
    Person,
    ProcessInstance,
    RequestLink,
    ServiceRequest,
    UserTask,
    Wait,
)
from engine.world import World
from tests.serving import serving
from tests.wire import Visitor
from tests.world import PROCESSES, deployed_world, somebody
from web.app import create_app

MONEY = ("amount",)
WORDS = "We looked at everything again. We are sorry for what went wrong."


class Office:
    """The service, and everybody's screen."""

    def __init__(self, world: World, address: str) -> None:
        self.world = world
        self.address = address
        self._screens: dict[str, Visitor] = {}
        self._rounds = threading.Condition()

    def screen(self, username: str) -> Visitor:
        """Return somebody's screen; they sign in at the first look."""
        if username not in self._screens:
            self._screens[username] = Visitor(self.address)
            self._screens[username].sign_in(username)
        return self._screens[username]

    def close(self) -> None:
        """Send everybody home."""
        for screen in self._screens.values():
            screen.client.close()  # type: ignore[attr-defined]

    def worked(self, _event: object) -> None:
        """Hear that the scheduler has worked once."""
        with self._rounds:
            self._rounds.notify_all()

    def settle(self) -> None:
        """Wait until the scheduler has done all that is due."""
        with self._rounds:
            assert self._rounds.wait_for(self._is_quiet, timeout=60), "The scheduler did not come to rest in a minute."

    def _is_quiet(self) -> bool:
        due = worker.next_work_at(self.world)
        with self.world.db.read() as connection:
            under_way = connection.execute(select(Outbox.outbox_id).where(Outbox.state == "busy")).first()
        return under_way is None and (due is None or due > self.world.clock.now())

    def until(self, moment: str) -> None:
        """Move the clock to a moment of London and let the scheduler do what is then due."""
        self.world.clock.move_to(datetime.fromisoformat(moment).replace(tzinfo=LONDON))
        self.settle()

    def do(self, *elements: str, **answers: object) -> Visitor:
        """Complete open tasks, each by the person who holds it or the first of its team; return the last screen."""
        for element in elements:
            screen = self._complete(element, answers)
            self.settle()
        return screen

    def _complete(self, element: str, answers: dict[str, object]) -> Visitor:
        task = self.task(element)
        screen = self.screen(task.username or task.candidate_group).visit(f"/tasks/{task.task_id}")
        if task.username is None:
            screen.press("Claim this task")
        said = usual_answers(task.key).get(element, {}) | {name.replace("__", "."): v for name, v in answers.items()}
        self._fill(screen, said, strict=frozenset(name.replace("__", ".") for name in answers))
        assert screen.status == 200, f"{element}: {screen.text[:3000]}"
        return screen

    def _fill(self, screen: Visitor, said: dict[str, object], *, strict: frozenset[str]) -> None:
        for name, value in said.items():
            rows = value if isinstance(value, list) and value and isinstance(value[0], dict) else []
            while rows and f"{name}-{len(rows) - 1}-{next(iter(rows[0]))}" not in inputs(screen):
                screen.press(add_button(screen, name))
        shown = inputs(screen)
        sent = {
            field: ticked(screen, field, text)
            for name, value in said.items()
            for field, text in self._typed(name, value)
            if field in shown
        }
        sent |= {field: WORDS for field in shown if is_empty_box(screen, field) and field.startswith("slots.")}
        missing = {name for name in strict if not any(field.startswith(name) for field in sent)}
        assert not missing, f"The page asks nothing called {missing}: {sorted(shown)}"
        screen.press("Complete this task", sent)

    def _typed(self, name: str, value: object) -> Iterator[tuple[str, str]]:
        """Yield the inputs of an answer, as somebody types it."""
        if "[]." in name:
            name, inner = name.split("[].")
            typed = list(self._typed(inner, value))
            yield from ((f"{name}-{row}-{field}", text) for row in range(9) for field, text in typed)
        elif isinstance(value, list):
            for row, item in enumerate(value):
                for key, inside in item.items():
                    yield from ((f"{name}-{row}-{field}", text) for field, text in self._typed(key, inside))
        elif isinstance(value, bool):
            yield name, "true" if value else "false"
        elif (day := self._day(value)) is not None:
            yield from ((f"{name}-{part}", str(getattr(day, part))) for part in ("day", "month", "year"))
        elif name == "request.caseworker":
            yield name, str(somebody(self.world, str(value)).person_id)
        elif isinstance(value, int) and name.endswith(MONEY):
            yield name, f"{value / 100:.2f}"
        else:
            yield name, str(value)

    def _day(self, value: object) -> date | None:
        if isinstance(value, date):
            return value
        if isinstance(value, str) and value.lstrip("-").startswith("P") and value.endswith("D"):
            sign, days = (-1 if value.startswith("-") else 1), int(value.strip("-PD"))
            return self.world.clock.now().astimezone(LONDON).date() + sign * timedelta(days=days)
        return None

    def requests(self) -> dict[str, str]:
        """Return the service requests: number -> kind and status."""
        found = self._rows(select(ServiceRequest).order_by(ServiceRequest.request_id))
        return {row.number: f"{row.kind} {row.status}" for row in found}

    def letters(self) -> list[str]:
        """Return the letters that were dispatched, with the day, in order."""
        query = select(Document).where(Document.kind == "letter", Document.dispatched_at.is_not(None))
        found = self._rows(query.order_by(Document.document_id))
        return [f"{row.template_id} {row.dispatched_at.astimezone(LONDON):%d %B %Y}" for row in found]

    def emails(self) -> list[str]:
        """Return what was sent by email: the subjects."""
        folder = self.world.settings.spool_dir
        return sorted(str(path.relative_to(folder)) for path in folder.rglob("*.eml"))

    def dues(self) -> dict[str, str]:
        """Return the waits that come due: element -> the moment in London."""
        found = self._rows(select(Wait).where(Wait.kind == "timer"))
        return {row.element_id: f"{row.due_at.astimezone(LONDON):%d %B %Y %H:%M}" for row in found}

    def tasks(self) -> set[str]:
        """Return the open tasks."""
        return {row.element_id for row in self._rows(select(UserTask).where(UserTask.status == "open"))}

    def links(self) -> set[tuple[str, str, str]]:
        """Return which request is linked to which: (number, relation, number)."""
        numbers = {row.request_id: row.number for row in self._rows(select(ServiceRequest))}
        found = self._rows(select(RequestLink))
        return {(numbers[row.from_request_id], row.relation, numbers[row.to_request_id]) for row in found}

    def _rows(self, query: Any) -> list[Any]:
        with self.world.db.read() as connection:
            return list(connection.execute(query.with_only_columns(*query.selected_columns)))

    def task(self, element: str) -> Any:
        """Return the one open task of an element, with its holder and its procedure."""
        query = (
            select(UserTask.task_id, UserTask.candidate_group, Person.username, Definition.key)
            .join(ProcessInstance, ProcessInstance.instance_id == UserTask.instance_id)
            .join(Definition, Definition.definition_id == ProcessInstance.definition_id)
            .outerjoin(Person, Person.person_id == UserTask.assignee_id)
            .where(UserTask.status == "open", UserTask.element_id == element)
        )
        with self.world.db.read() as connection:
            found = connection.execute(query).all()
            others = connection.execute(select(UserTask.element_id).where(UserTask.status == "open")).scalars().all()
        assert len(found) == 1, f"There are {len(found)} tasks {element}; open are {others}."
        return found[0]


def usual_answers(key: str) -> dict[str, dict[str, Any]]:
    """Return what people answer in most scenarios of a procedure, by element."""
    file = PROCESSES / key / "scenarios" / "usual" / "answers.toml"
    return dict(tomllib.loads(file.read_text())["answers"])


def inputs(screen: Visitor) -> set[str]:
    """Return the names of what a page asks."""
    return {str(element.get("name")) for element in screen.page.iter("input", "select", "textarea")}


def ticked(screen: Visitor, name: str, text: str) -> str | None:
    """Return what a box sends when it is ticked, for yes; any other answer as it is."""
    box = next((e for e in screen.page.iter("input") if e.get("name") == name and e.get("type") == "checkbox"), None)
    if box is None:
        return text
    return str(box.get("value")) if text == "true" else None


def is_empty_box(screen: Visitor, name: str) -> bool:
    """Tell whether a box for text stands empty."""
    return any(e.get("name") == name and not str(e.text or "").strip() for e in screen.page.iter("textarea"))


def add_button(screen: Visitor, name: str) -> str:
    """Return the words of the button that adds a row to a list."""
    for button in screen.page.iter("button"):
        if button.get("value") == f"add:{name}":
            return " ".join(str(button.text_content()).split())
    raise AssertionError(f"Nothing adds a row to {name}: {screen.text[:1000]}")


@contextmanager
def office(folder: Path, *, at: str) -> Iterator[Office]:
    """Open the office at a moment of London, with two people in every team."""
    world = deployed_world(folder, at=datetime.fromisoformat(at).replace(tzinfo=LONDON))
    app = create_app(world=world)
    scheduler = worker.start_scheduler(world)
    try:
        with serving(app) as address:
            opened = Office(world, address)
            scheduler.add_listener(opened.worked, EVENT_JOB_EXECUTED)
            yield opened
            opened.close()
    finally:
        scheduler.shutdown(wait=True)
        world.db.close()
