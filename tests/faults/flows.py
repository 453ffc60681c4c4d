"""Flows: small plays, each of which takes one way through the product, from a person's act to what leaves the house.

A flow is set up once, then played by a process that may be killed anywhere. What a client was told to be done is noted
beside the database, as the client's own memory; played again, a client repeats only what nobody confirmed.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import select

from engine import bank_holidays, cases, definitions, documents, intake, jobs, messages, notifications, tasks
from engine.documents import Upload
from engine.drafts import save_draft
from engine.errors import RedressError
from engine.models import Case, Incident, Notification, UserTask
from engine.schema import migrate
from engine.worker import work_until_rest
from engine.world import DEPLOYMENT, World
from tests import tiny
from tests.stage import Stage
from tests.world import START, close_whole, deployed_world, open_world, somebody

CONFIRMED = "confirmed"  # the client's memory, in the folder of the play
LATER = timedelta(minutes=10)  # how long after a kill the next process starts: any lease has run out
_TODAY = START.date()
_NOBODY = "http://127.0.0.1:9"  # where no provider listens
_NAMES = "".join(
    f'[fields.{name}]\ntype = "{kind}"\nlabel = "{name}"\n'
    for name, kind in (("payment", "text"), ("payment_request", "text"), ("approved_amount", "money"))
)
_SIGNAL = '<bpmn:signal id="office_closed" name="office_closed" />\n'
_SIGNAL_REF = '<bpmn:signalEventDefinition signalRef="office_closed" />'
_MESSAGE = (
    '<bpmn:message id="m_reply" name="reply"><bpmn:extensionElements>'
    '<zeebe:subscription correlationKey="=request.number" /></bpmn:extensionElements></bpmn:message>\n'
)
_MAKE = tiny.service_task("make", "create_request", {"kind": "Review", "main": "=true"})
_NOTE = tiny.service_task("note", "add_note", {"text": "=answer"})
_CHECK = tiny.user_task("check", form="ask")
_LETTER = tiny.service_task("send", "issue_letter", {"letter": "CMSL5829", "facts": "={contact_days: 10}"})
_EMAIL = tiny.service_task(
    "mail", "send_email", {"to": "team@redress.example", "subject": "Hello", "text": "Dear team"}
)
_WEEK = tiny.node("intermediateCatchEvent", "week", tiny.timer("P7D"))
_REPLY = tiny.node("intermediateCatchEvent", "reply", '<bpmn:messageEventDefinition messageRef="m_reply" />')
_TELL = tiny.service_task("tell", "notify_group", {"group": "review_team_leader", "subject": "New"})
_PAYMENT = {
    "draft": tiny.service_task("draft", "draft_payment", {"amount": "=5000", "reason": "Redress"}),
    "approve": tiny.service_task("approve", "approve_payment", {"payment": "=payment", "amount": "=4000"}),
    "pay": tiny.service_task("pay", "instruct_payment", {"payment": "=payment"}),
    "check": _CHECK,
    "paid": tiny.service_task(
        "paid", "update_payment", {"payment": "=payment", "status": "Paid", "paid_on": '=date("2026-09-30")'}
    ),
}


@dataclass(frozen=True, slots=True)
class Play:
    """A flow that is being played in a folder; `connect` opens the ways to the outside as they now are."""

    world: World
    folder: Path
    connect: Callable[[], None]

    def task(self, element_id: str) -> int:
        """Return the newest task of an element."""
        query = select(UserTask.task_id).where(UserTask.element_id == element_id).order_by(UserTask.task_id.desc())
        with self.world.db.read() as connection:
            return int(connection.execute(query.limit(1)).scalar_one())

    def first(self, column: Any) -> int:
        """Return the least value of a column of numbers."""
        with self.world.db.read() as connection:
            return int(connection.execute(select(column).order_by(column).limit(1)).scalar_one())


Act = Callable[[Play], object]


@dataclass(frozen=True, slots=True)
class Flow:
    """How a flow is set up in an empty folder, and its acts in order, each a client's or the passing of time."""

    found: Callable[[Path], None]
    acts: tuple[Act, ...]
    outside: bool = False
    """Letters, payments and emails go to a provider and a mail server instead of the spool."""
    is_slow: bool = False
    """It is set up from the product's own processes, which takes seconds."""


def start(play: Play) -> None:
    """Start the process on the case."""
    actor = somebody(play.world, "review_caseworker")
    cases.start_once(play.world, "tiny", {}, case_id=play.first(Case.case_id), actor=actor)


def claim(play: Play, element_id: str) -> None:
    """Claim a task."""
    tasks.claim(play.world, play.task(element_id), actor=somebody(play.world, "review_caseworker"))


def complete(play: Play, element_id: str) -> None:
    """Complete a task that one holds."""
    values = {"answer": f"Answer to {element_id}"}
    tasks.complete(play.world, play.task(element_id), values, actor=somebody(play.world, "review_caseworker"))


def work(play: Play, *, after: timedelta = timedelta(0)) -> None:
    """Let time pass and do what is due."""
    play.world.clock.move_to(play.world.clock.now() + after)
    work_until_rest(play.world)


def _assign(play: Play) -> None:
    leader, other = (somebody(play.world, name) for name in ("review_team_leader", "review_caseworker.2"))
    tasks.assign(play.world, play.task("ask"), to=other.person_id, actor=leader)


def _draft(play: Play) -> None:
    actor = somebody(play.world, "review_caseworker.2")
    save_draft(play.world, play.task("ask"), {"answer": ["so far"]}, actor=actor)


def _release(play: Play) -> None:
    tasks.release(play.world, play.task("ask"), actor=somebody(play.world, "review_caseworker.2"))


def _reply(play: Play) -> None:
    actor = somebody(play.world, "review_caseworker")
    said = {"answer": "We agree"}
    messages.correlate(play.world, "reply", "SR-000001", said, received_on=_TODAY, actor=actor, once=True)


def _mend(play: Play) -> None:
    (play.folder / "broken").unlink(missing_ok=True)
    play.connect()


def _retry(play: Play) -> None:
    leader = somebody(play.world, "review_team_leader")
    jobs.retry_incident(play.world, play.first(Incident.incident_id), actor=leader)


def _see(play: Play) -> None:
    actor = somebody(play.world, "review_team_leader")
    notifications.mark_seen(play.world, play.first(Notification.notification_id), actor=actor)


def _upload(play: Play) -> None:
    actor, upload = somebody(play.world, "review_caseworker"), Upload("what was said.txt", b"I never got it.")
    documents.attach_to_task(play.world, play.task("ask"), documents.ASIDE, [upload], actor=actor)


def _deploy_again(play: Play) -> None:
    folder = play.world.settings.processes_dir / "tiny"
    path = folder / "tiny.bpmn"
    path.write_text(path.read_text().replace('name="ask"', 'name="Ask again"'))
    definitions.deploy(play.world, folder, actor=DEPLOYMENT)


def _withdraw(play: Play) -> None:
    definitions.withdraw(play.world, "tiny")


def _record_contact(play: Play) -> None:
    values = {
        "case.client_name": "Nova Newcomer",
        "case.reference": "CM-7000001",
        "case.phone": "01632 960 101",
        "case.client_address": "1 Sample Street\nExampletown\nEX9 1EX",
        "case.nation": "scotland",
        "case.language": "en",
        "case.letter_format": "standard",
        "case.scheme": "2012",
        "case.is_closed": False,
        "request.source": "client",
        "request.contact_channel": "phone",
        "request.received_on": _TODAY,
        "request.identified": True,
        "request.ice_gateway": False,
        "request.issue": "Nobody answers the letters.",
        "request.issue_kind": "dissatisfied",
        "request.arrears_issue": False,
        "request.both_schemes": False,
    }
    actor = somebody(play.world, "owning_team")
    intake.record(play.world, values, case_id=None, actor=actor, groups=frozenset({"owning_team"}))


def _make_ready(play: Play) -> None:
    """Do what a first start does."""
    migrate(play.world.db)
    bank_holidays.seed(play.world)


def _stay() -> None:
    """Leave the ways to the outside as they are."""


def _stage(
    *elements: str, before: tuple[Act, ...] = (), roots: str = "", **elements_by_id: str
) -> Callable[[Path], None]:
    """Return what sets up one case, and a process that makes a request, asks, and goes on through more elements."""
    ids = ("begin", "make", "ask", *elements_by_id, "done")
    body = (
        tiny.node("startEvent", "begin"), _MAKE, tiny.user_task("ask", form="ask"), *elements,
        *elements_by_id.values(), tiny.node("endEvent", "done"), tiny.chain(*ids),
    )  # fmt: skip

    def found(folder: Path) -> None:
        stage = Stage(folder)
        add_flaky(stage.world, folder)
        (folder / "broken").touch()
        stage.deploy(*body, dictionary=_NAMES, roots=roots)
        for act in before:
            act(Play(stage.world, folder, _stay))
        close_whole(stage.world)

    return found


def _found_closer(folder: Path) -> None:
    """Set up two cases that wait for a signal, and a process that throws it."""
    stage = Stage(folder)
    stage.deploy(
        tiny.node("startEvent", "begin"), tiny.node("intermediateCatchEvent", "closed", _SIGNAL_REF),
        tiny.user_task("tell_client", form="ask"), tiny.node("endEvent", "done"),
        tiny.chain("begin", "closed", "tell_client", "done"), roots=_SIGNAL,
    )  # fmt: skip
    for _ in range(2):
        stage.start()
    stage.deploy(
        tiny.node("startEvent", "begin"), tiny.user_task("ask", form="ask"),
        tiny.node("intermediateThrowEvent", "close", _SIGNAL_REF), _CHECK, tiny.node("endEvent", "done"),
        tiny.chain("begin", "ask", "close", "check", "done"), roots=_SIGNAL, key="closer",
    )  # fmt: skip
    stage.start(key="closer")
    claim(Play(stage.world, folder, _stay), "ask")
    close_whole(stage.world)


def _found_deployed(folder: Path) -> None:
    close_whole(deployed_world(folder))


def _found_nothing(folder: Path) -> None:
    """Set up an empty folder; a server needs an empty database for it."""
    open_world(folder).db.close()


_CLAIM, _ANSWER = partial(claim, element_id="ask"), partial(complete, element_id="ask")
_CLAIM_CHECK, _CHECKED = partial(claim, element_id="check"), partial(complete, element_id="check")
_HELD = (start, _CLAIM)
_A_WEEK_LATER = partial(work, after=timedelta(days=7))
_A_MINUTE_LATER = partial(work, after=timedelta(minutes=1))
_SEND = _stage(send=_LETTER, check=_CHECK, before=_HELD)
_MAIL = _stage(mail=_EMAIL, check=_CHECK, before=_HELD)
_PAY = _stage(**_PAYMENT, before=_HELD)

FLOWS: dict[str, Flow] = {
    "migrate": Flow(_found_nothing, (_make_ready,)),
    "start": Flow(_stage(check=_CHECK), (start,)),
    "hold": Flow(_stage(check=_CHECK, before=(start,)), (_CLAIM, _assign, _draft, _release)),
    "complete": Flow(_stage(note=_NOTE, check=_CHECK, before=_HELD), (_ANSWER, _CLAIM_CHECK, _CHECKED)),
    "correlate": Flow(_stage(reply=_REPLY, check=_CHECK, roots=_MESSAGE, before=(*_HELD, _ANSWER)), (_reply,)),
    "timer": Flow(_stage(week=_WEEK, note=_NOTE, check=_CHECK, before=_HELD), (_ANSWER, _A_WEEK_LATER)),
    "job": Flow(
        _stage(flaky=tiny.service_task("flaky", "flaky"), note=_NOTE, check=_CHECK, before=_HELD),
        (_ANSWER, _mend, _A_MINUTE_LATER),
    ),
    "incident": Flow(
        _stage(flaky=tiny.service_task("flaky", "flaky", retries=0), check=_CHECK, before=(*_HELD, _ANSWER)),
        (_mend, _retry),
    ),
    "notification": Flow(_stage(tell=_TELL, check=_CHECK, before=_HELD), (_ANSWER, _see)),
    "signal": Flow(_found_closer, (_ANSWER, work)),
    "letter": Flow(_SEND, (_ANSWER, work)),
    "letter outside": Flow(_SEND, (_ANSWER, work), outside=True),
    "letter refused": Flow(_SEND, (_ANSWER, work, _mend, _A_MINUTE_LATER), outside=True),
    "email": Flow(_MAIL, (_ANSWER, work)),
    "email outside": Flow(_MAIL, (_ANSWER, work), outside=True),
    "payment": Flow(_PAY, (_ANSWER, work, _CLAIM_CHECK, _CHECKED)),
    "payment outside": Flow(_PAY, (_ANSWER, work), outside=True),
    "upload": Flow(_stage(check=_CHECK, before=_HELD), (_upload,)),
    "deploy": Flow(_stage(check=_CHECK, before=_HELD), (_deploy_again,)),
    "withdraw": Flow(_stage(check=_CHECK, before=_HELD), (_withdraw,)),
    "intake": Flow(_found_deployed, (_record_contact, work), is_slow=True),
}


def play(name: str, folder: Path, *, run: int, gateway: str = "", mail: str = "") -> None:
    """Play a flow to its end, from where the client's memory says that it stands. `run` counts from 0."""
    flow = FLOWS[name]
    world = open_play(folder, run=run)

    def connect() -> None:
        if flow.outside:
            is_closed = name == "letter refused" and (folder / "broken").exists()
            url, sender = _NOBODY if is_closed else f"{gateway}/{folder.name}", f"{folder.name}@office"
            world.settings = dataclasses.replace(
                world.settings, gateway_url=url, mail_server=mail, mail_from=sender, gateway_seconds=1
            )

    connect()
    memory = folder / CONFIRMED
    done = memory.stat().st_size if memory.exists() else 0
    for number, act in enumerate(flow.acts[done:], done):
        try:
            act(Play(world, folder, connect))
        except RedressError:
            if number > done or run == 0:
                raise  # only what the last process may have done unseen can be refused the second time
        with memory.open("ab") as confirmed:
            confirmed.write(b".")
    work_until_rest(world)
    world.db.close()


def open_play(folder: Path, *, run: int) -> World:
    """Open the world of a folder, some time after the run before."""
    processes, at = folder / "processes", START + run * LATER
    world = open_world(folder, at=at, processes=processes) if processes.is_dir() else open_world(folder, at=at)
    add_flaky(world, folder)
    return world


def add_flaky(world: World, folder: Path) -> None:
    """Let diagrams use a job that fails for as long as something is broken."""

    def flaky(_context: object) -> dict[str, object]:
        if (folder / "broken").exists():
            raise RuntimeError("it is broken")
        return {}

    Stage.add_handler(_HasWorld(world), "flaky", flaky)  # type: ignore[arg-type]


@dataclass(slots=True)
class _HasWorld:
    world: World
