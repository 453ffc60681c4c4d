"""No name, address, password, token or text of anybody in any log: the real service is made to fail, and it is read."""

from __future__ import annotations

import io
import logging
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import update

from engine import cases
from engine.models import Note, Outbox, ProcessInstance, ServiceRequest, Wait
from engine.people import add_person
from engine.settings import ROOT
from tests import postgres
from tests.web.conftest import app, visitor  # noqa: F401 - fixtures
from tests.web.journeys import REFERRAL
from tests.wire import Visitor
from tests.world import deployed_world, open_world
from web import logs

MARK = "canary"
PASSWORD = "canary-password-7f3a"
NAME = "Canary Namewright"
STREET = "9 Canary Street"
WORDS = "The canary said that the payment was wrong."
LONGEST_START = 60


def broken(*_arguments: object, **_named: object) -> None:
    try:
        raise KeyError(f"{NAME} of {STREET}")
    except KeyError as cause:
        raise RuntimeError(WORDS) from cause


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """What the program's own log says meanwhile, at any level."""
    stream, root = io.StringIO(), logging.getLogger()
    before, level = list(root.handlers), root.level
    logs.set_up(stream)
    root.setLevel(logging.INFO)
    yield stream
    root.handlers[:] = before
    root.setLevel(level)


def test_a_page_that_fails_tells_the_log_where_and_not_with_what(app, visitor, written, monkeypatch):  # noqa: F811
    app.testing = False
    app.config["PROPAGATE_EXCEPTIONS"] = False
    page = visitor("owning_team")
    monkeypatch.setattr("engine.queries.worklists.find", broken)
    page.visit("/tasks/?q=" + MARK)
    assert page.status == 500
    assert "A page failed" in written.getvalue()
    assert "test_logs.py" in written.getvalue()
    assert "in broken" in written.getvalue()
    assert written.getvalue().index("builtins.KeyError") < written.getvalue().index("builtins.RuntimeError")
    assert MARK not in written.getvalue().lower()


def test_a_failed_statement_and_a_failed_thread_tell_no_values(deployed, written):
    import threading

    from sqlalchemy import insert

    def fail() -> None:
        with deployed.db.write() as connection:
            connection.execute(insert(Note).values(case_id=999, text=WORDS, written_at=deployed.clock.now()))

    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    assert "sqlalchemy.exc.IntegrityError" in written.getvalue()
    assert MARK not in written.getvalue().lower()


def test_background_work_that_fails_tells_no_values(deployed, written, monkeypatch):
    from engine import worker

    monkeypatch.setattr("engine.timers.fire_due", broken)
    worker.work_once(deployed)
    assert "Background work failed" in written.getvalue()
    assert MARK not in written.getvalue().lower()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data directory with somebody and a case that are marked all over."""
    world = deployed_world(tmp_path)
    with world.db.write() as connection:
        add_person(
            connection, username="canary.person", name=NAME, job_title="Canary", password=PASSWORD,
            groups=["owning_team", "operations"],
        )  # fmt: skip
        case_id = cases.open_case(
            connection, world, reference="CANARY-1", client_name=NAME, nation="england_wales",
            facts={"client_address": STREET, "phone": "canary 01632", "language": "en", "letter_format": "standard"},
        )  # fmt: skip
        fields = {
            "kind": "Resolution",
            "status": "Closed",
            "owner_group": "owning_team",
            "closed_at": world.clock.now(),
        }
        cases.open_request(connection, world, case_id=case_id, number="SR-CANARY", fields=fields)
    world.db.close()
    return tmp_path


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def ready(port: int, service: subprocess.Popen[bytes]) -> None:
    """Wait until the service takes connections."""
    ends = time.monotonic() + LONGEST_START
    while time.monotonic() < ends and service.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        service_waits(service)
    raise AssertionError("The service did not start.")


def service_waits(service: subprocess.Popen[bytes]) -> None:
    """Give the service a moment, or hear that it has ended."""
    try:
        service.wait(timeout=0.1)
    except subprocess.TimeoutExpired:
        return


def test_the_real_service_logs_nothing_of_anybody_however_it_fails(data: Path) -> None:
    port = free_port()
    environment = {name: text for name, text in os.environ.items() if not name.startswith(("REDRESS_", "DATABASE_URL"))}
    environment |= {"DATA_DIR": str(data), "PORT": str(port), "REDRESS_DEMO": "no", "PYTHONUNBUFFERED": "1"}
    environment |= {"DATABASE_URL": postgres.url_of(data)} if postgres.server_url() else {}
    log = data / "log.txt"
    with log.open("wb") as output:
        service = subprocess.Popen(
            [sys.executable, "-m", "web.serve"], cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT
        )
        try:
            ready(port, service)
            act(f"http://127.0.0.1:{port}")
            break_the_database(data)
            fail(f"http://127.0.0.1:{port}")
        finally:
            service.terminate()
            service.wait(timeout=30)
    said = log.read_text(errors="replace")
    assert "A page failed" in said
    for token in secrets_of(data):
        assert token not in said
    assert MARK not in said.lower(), said


def act(address: str) -> None:
    """Go about a day's work, with mistakes."""
    page = Visitor(address)
    page.sign_in("canary.person", "canary-password-wrong")
    assert page.status == 422
    page.sign_in("canary.person", PASSWORD)
    assert page.status == 200
    page.visit("/cases/?q=Canary").follow(NAME)
    case = page.path
    page.press("Add note", {"text": WORDS})
    page.press("Add note", {"text": WORDS * 500})
    page.visit("/contacts/?q=Canary+Street")
    page.visit(f"{case}/start/review").press("Start", REFERRAL | {"request.reason_for_review": WORDS})
    for odd in ("/tasks/canary", "/documents/canary", "/cases/1/canary?canary=canary", "/canary"):
        assert page.visit(odd).status == 404
    page.client.close()


def break_the_database(data: Path) -> None:
    """Damage what is stored, as a fault of a disk or of ours would."""
    world = open_world(data)
    with world.db.write() as connection:
        connection.execute(update(ProcessInstance).values(variables=f'{{"x": "{NAME}', state=NAME.encode()))
        connection.execute(update(Wait).values(due_at=world.clock.now()))
        connection.execute(update(Outbox).values(payload=f'{{"x": "{STREET}'))
        connection.execute(update(ServiceRequest).values(facts=f'{{"x": "{WORDS}'))
        connection.exec_driver_sql("ALTER TABLE note RENAME TO lost_note")
    world.db.close()


def fail(address: str) -> None:
    """Ask for what is broken now, signed in anew."""
    page = Visitor(address)
    page.sign_in("canary.person", PASSWORD)
    answers = [
        page.visit(path).status for path in ("/cases/1", "/cases/1/history", "/tasks/", "/operations/instances/1")
    ]
    assert 500 in answers, answers
    page.client.close()


def secrets_of(data: Path) -> list[str]:
    """Return what must never be told: the key, and hashes of passwords."""
    world_key = (data / "secret-key").read_text()
    return [world_key, "$argon2id$", PASSWORD]
