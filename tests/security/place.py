"""A place to attack: cases at many stages, somebody of every role signed in, and a way back to the beginning.

What the pages link to and ask is read from the pages themselves, so that a new route or form is attacked untold.
"""

from __future__ import annotations

import dataclasses
import logging
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from flask import Flask
from lxml.html import FormElement
from sqlalchemy import insert, select, update
from werkzeug.exceptions import HTTPException

from engine import absences, cases, messages, people, saved_views, worker
from engine.clock import MovableClock
from engine.file_kinds import specimen
from engine.incidents import raise_incident
from engine.models import Base, Case, Definition, Notification, Person, ProcessInstance
from engine.world import World
from tests.page import Browser
from tests.scratch import scratch
from tests.web.journeys import (
    accept,
    allocate,
    call,
    claim,
    decide_no_further_action,
    open_task,
    refer,
    write_letter,
)
from tests.world import START, close_whole, copy_database, deployed_world, put_database_back, somebody
from web.app import create_app

ROLES = (
    "owning_team",
    "owning_team_leader",
    "review_caseworker",
    "review_team_leader",
    "redress_authority",
    "manager",
    "operations",
    "analyst",
    "auditor",
)
LINKS_OF_A_KIND = 4
ANSWERS = {
    **{
        "day": "10",
        "month": "10",
        "year": "2026",
        "password": "river lantern copper seven",
        "email": "n@redress.example",
    },
    **{"username": "nia.new", "value": '"Words"', "cover_id": "", "case.phone": "01632 960002"},
}
TODAY = {"received_on-day": "1", "received_on-month": "10", "received_on-year": "2026"}
CLIENT = {"client_address": "1 Sample Street\nExampletown\nEX1 1EX", "language": "en", "letter_format": "standard"}


@dataclasses.dataclass(frozen=True, slots=True)
class Seen:
    """A form of a page as somebody saw it: where it leads, what it sends as it stands, the names of its files."""

    role: str
    path: str
    is_post: bool
    values: tuple[tuple[str, str], ...]
    buttons: tuple[tuple[str, str], ...]
    files: tuple[str, ...]
    filled: tuple[tuple[str, str], ...]
    """What it sends when whoever sees it answers every question."""


class Place:
    """The application on a database that goes back to the beginning before each attack."""

    def __init__(self, folder: Path) -> None:
        self.world = deployed_world(folder)
        self.world.settings = dataclasses.replace(self.world.settings, demo=True)
        self.app: Flask = create_app(world=self.world)
        self.app.config["PROPAGATE_EXCEPTIONS"] = False
        self._addresses = [_play(self.app, self.world)]
        self.browsers = {role: Browser(self.app).sign_in(role) for role in ROLES}
        self.known = self._rows()
        self.forms: list[Seen] = []
        self.refused: list[str] = []
        self._kept = Counter[tuple[str, str]]()
        self.queries: set[str] = {"q", "page", "next", "preview"}
        self._look_around()
        self._offset = self.world.clock.offset
        self._folder, self._beginning = folder, scratch("beginning")
        close_whole(self.world)
        copy_database(folder, self._beginning)

    def begin_again(self) -> None:
        """Put everything back as it was."""
        self.world.db.close()
        put_database_back(self._beginning, self._folder)
        self.world.clock = MovableClock(frozen_at=START, offset=self._offset)

    def _rows(self) -> dict[str, list[str]]:
        """Return values that addresses may hold: the keys of rows by the name of their column, and of procedures."""
        found: dict[str, list[str]] = {"number": ["1", "2"]}
        with self.world.db.read() as connection:
            for table in Base.metadata.tables.values():
                for column in table.primary_key:
                    values = connection.execute(select(column).distinct().order_by(column).limit(6)).scalars()
                    found[column.name] = [str(value) for value in values]
            found["key"] = sorted(connection.execute(select(Definition.key)).scalars())
        return found

    def _look_around(self) -> None:
        """Follow the links from everybody's first page, a few of each kind, and note what pages ask and lead to.

        A link that leads to a refusal is noted too: nobody is offered what they may not do.
        """
        for role, browser in self.browsers.items():
            pending, taken = [("", address) for address in self._first_pages()], Counter[str]()
            known: set[str] = set()
            while pending:
                origin, address = pending.pop(0)
                browser.visit(address)
                if origin and browser.status != 200:
                    self.refused.append(f"{role} is led from {origin} to {address}: {browser.status}")
                if browser.status != 200 or not browser.body.startswith(b"<!DOCTYPE html>"):
                    continue
                self._note_forms(role, browser)
                for link in browser.page.iter("a"):
                    parts = urlsplit(str(link.get("href") or ""))
                    self.queries |= {name for name, _ in parse_qsl(parts.query)}
                    endpoint = self._endpoint(parts.path)
                    if endpoint is None or parts.path in known or taken[endpoint] >= LINKS_OF_A_KIND:
                        continue
                    known.add(parts.path)
                    taken[endpoint] += 1
                    pending.append((browser.path, str(link.get("href"))))

    def _first_pages(self) -> Iterator[str]:
        """Yield the addresses that name no row, and a search."""
        for rule in self.app.url_map.iter_rules():
            if not rule.arguments and "GET" in (rule.methods or ()):
                yield rule.rule
        yield "/contacts/?q=Nobody"
        yield from self._addresses

    def _endpoint(self, path: str) -> str | None:
        """Return what page of ours an address leads to, and note what its parts are."""
        if not path.startswith("/"):
            return None
        try:
            endpoint, arguments = self.app.url_map.bind("localhost").match(path, method="GET")
        except HTTPException:
            return None
        for name, value in arguments.items():
            if str(value) not in self.known.setdefault(name, []):
                self.known[name].append(str(value))
        return str(endpoint)

    def _note_forms(self, role: str, browser: Browser) -> None:
        for form in browser.page.forms:
            path = form.get("action") or browser.path
            buttons = [(str(b.get("name")), str(b.get("value", ""))) for b in form.iter("button") if b.get("name")]
            seen = Seen(
                role=role,
                path=path,
                is_post=(form.get("method") or "get").lower() == "post",
                values=tuple(_values(form)),
                filled=tuple(_filled(form)),
                buttons=tuple(buttons),
                files=tuple(str(i.get("name")) for i in form.iter("input") if i.get("type") == "file"),
            )
            endpoint = self._endpoint(path.partition("?")[0]) if not seen.is_post else form.get("action")
            if self._kept[role, str(endpoint)] < LINKS_OF_A_KIND and seen not in self.forms:
                self._kept[role, str(endpoint)] += 1
                self.forms.append(seen)
                if draft := form.get("data-draft"):  # where a script sends the same answers as they are typed
                    self.forms.append(dataclasses.replace(seen, path=draft, buttons=(), files=()))


def _values(form: FormElement) -> Iterator[tuple[str, str]]:
    """Yield what a form sends as it stands; a list of choices is sent with its first one."""
    sent = dict(form.form_values())
    for element in form.inputs:
        name = element.get("name")
        if name and element.get("type") not in ("file", "submit"):
            value = sent.get(name)
            yield str(name), str(value if value is not None else element.get("value") or "")


def _filled(form: FormElement) -> Iterator[tuple[str, str]]:
    """Yield what a form sends when each question that is empty has been answered, with today's date and plain words."""
    sent = dict(form.form_values())
    for element in form.inputs:
        name, kind = str(element.get("name") or ""), element.get("type")
        if not name or kind in ("file", "submit"):
            continue
        value = sent.get(name) or ""
        if element.tag == "select" and not value:
            value = next((str(o.get("value")) for o in element.iter("option") if o.get("value")), "")
        elif kind in ("radio", "checkbox"):
            value = value or str(element.get("value"))
        yield (
            name,
            str(value or ANSWERS.get(name.rpartition("-")[2]) or ANSWERS.get(kind) or ANSWERS.get(name, "Words")),
        )


def _play(app: Flask, world: World) -> str:
    """Take three cases as far as they show different pages: closed, waiting for a reply, a letter to be written.

    Returns an address that no page links to: that of a link with which somebody chooses a password.
    """
    owner, leader = Browser(app).sign_in("owning_team"), Browser(app).sign_in("review_team_leader")
    caseworker = Browser(app).sign_in("review_caseworker")
    allocated_to = str(somebody(world, "review_caseworker").person_id)
    opened = [_open_case(world, number) for number in range(1, 5)]
    for case_id, days in ((opened[0], 9), (opened[1], 0), (opened[2], 0)):
        call(refer(owner, case_id))
        allocate(leader, allocated_to)
        accept(caseworker)
        decide_no_further_action(caseworker)
        if case_id != opened[2]:
            write_letter(caseworker, update="We looked at it again and can do no more.")
            open_task(caseworker, "Check the letter").press("Complete this task", {"letter_check": "confirm"})
            worker.work_until_rest(world)
        world.clock.move_to(world.clock.now() + timedelta(days=days))
        worker.work_until_rest(world)
    open_task(caseworker, "11 No reply").press("Complete this task", {"no_reply_confirmed": "yes"})
    worker.work_until_rest(world)
    claim(refer(owner, opened[3]), "Call the client")
    refer(owner, _open_case(world, 5))
    _open_case(world, 6)
    caseworker.visit(f"/cases/{opened[2]}").follow("Record what the client writes")
    caseworker.press("Record", {"client_says": "I shall write again."} | TODAY)
    owner.visit(f"/cases/{opened[0]}/documents")
    owner.press("Attach", {"title": "Scan"}, {"file": (specimen("a.pdf"), "a.pdf")})
    with world.db.write() as connection:
        instance_id = connection.execute(select(ProcessInstance.instance_id)).scalars().all()[-1]
        now = world.clock.now()
        raise_incident(
            connection, instance_id=instance_id, element_id=None, kind="HandlerFailed", message="It failed.", now=now
        )
        connection.execute(update(Case).values(lock_flag=True))
        for role in ROLES:
            connection.execute(
                insert(Notification).values(case_id=opened[0], group_key=role, subject="Look at this", sent_at=now)
            )
        connection.execute(update(Person).values(email="somebody@example.com"))
    return _settle_in(app, world)


def _settle_in(app: Flask, world: World) -> str:
    """Have somebody away with a colleague, a saved view, a message about no case, an account without a password yet."""
    away, cover = (somebody(world, role) for role in ("review_caseworker", "redress_authority"))
    with world.db.write() as connection:
        people.set_groups(connection, cover.person_id, ["redress_authority", "review_caseworker"])
    today = absences.today(world)
    absences.record(world, away.person_id, first_on=today, last_on=today, cover_id=cover.person_id, actor=away)
    saved_views.save_view(world, "All of mine", "", owner=away)
    messages.correlate(
        world, "client_withdraws", "SR-999999", {"withdrawal_note": "No."}, actor=away, received_on=today
    )
    operations = Browser(app).sign_in("operations").visit("/people/add")
    operations.press("Add", {"username": "newcomer", "name": "Nora Newcomer", "groups": ["owning_team"]})
    return urlsplit(operations.page.xpath("string(//p[contains(@class, 'app-mono')])").strip()).path


def _open_case(world: World, number: int) -> int:
    with world.db.write() as connection:
        case_id = cases.open_case(
            connection,
            world,
            reference=f"CM-200000{number}",
            client_name="Robin Example",
            nation="england_wales",
            facts=CLIENT | {"phone": "01632 960001"},
        )
        now = world.clock.now()
        fields = {
            "kind": "Resolution",
            "status": "Closed",
            "sub_status": "Complete",
            "resolution_code": "No Action Taken",
            "owner_group": "owning_team",
            "closed_at": now.replace(month=8),
        }
        cases.open_request(connection, world, case_id=case_id, number=f"SR-00090{number}", fields=fields)
    return case_id


@lru_cache(maxsize=1)
def place() -> Place:
    """Return the place, made once in a run."""
    return Place(scratch("attacked"))


class Heard(logging.Handler):
    """Keeps every record that is logged, of any level."""

    def __init__(self) -> None:
        super().__init__(level=logging.DEBUG)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a record."""
        self.records.append(record)

    def text(self) -> str:
        """Return everything that was logged, with tracebacks and the extra fields, as one text."""
        made = logging.Formatter("%(levelname)s %(name)s %(message)s")
        return "\n".join(f"{made.format(record)} {record.__dict__!r}" for record in self.records)


@contextmanager
def listening(level: int = logging.WARNING) -> Iterator[Heard]:
    """Hear what is logged meanwhile by any part of the program."""
    heard, root = Heard(), logging.getLogger()
    before = root.level
    root.addHandler(heard)
    root.setLevel(level)
    try:
        yield heard
    finally:
        root.setLevel(before)
        root.removeHandler(heard)
