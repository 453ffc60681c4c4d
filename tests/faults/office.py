"""A small office that works on its own: run on a data folder, it takes every case to its end, or is killed.

Whatever it finds there it goes on with, as the product does after a restart. To run it by hand:
``python -m tests.faults.office FOLDER HOURS``.
"""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select

from engine import bank_holidays, cases, definitions, scenarios, tasks
from engine.models import Case, UserTask
from engine.worker import work_until_rest
from engine.world import DEPLOYMENT, World
from tests import tiny
from tests.stage import ASK, DICTIONARY, GROUPS
from tests.world import START, make_world, somebody

WHO = "review_caseworker"
CASES = 3
NAMES = DICTIONARY + '[fields.payment]\ntype = "text"\nlabel = "Payment"\n'
BODY = (
    tiny.node("startEvent", "begin"),
    tiny.service_task("make", "create_request", {"kind": "Review", "main": "=true"}),
    tiny.user_task("ask", form="ask"),
    tiny.service_task("note", "add_note", {"text": "=answer"}),
    tiny.service_task("send", "issue_letter", {"letter": "CMSL5829", "facts": "={contact_days: 10}"}),
    tiny.service_task("draft", "draft_payment", {"amount": "=5000", "reason": "Redress"}),
    tiny.service_task("approve", "approve_payment", {"payment": "=payment", "amount": "=4000"}),
    tiny.service_task("pay", "instruct_payment", {"payment": "=payment"}),
    tiny.node("intermediateCatchEvent", "week", tiny.timer("P7D")),
    tiny.user_task("check", form="ask"),
    tiny.node("endEvent", "done"),
    tiny.chain("begin", "make", "ask", "note", "send", "draft", "approve", "pay", "week", "check", "done"),
)


def found(folder: Path) -> None:
    """Set the office up: people, holidays, the process, and cases that wait for their first answer."""
    world = make_world(folder, processes=folder / "processes")
    bank_holidays.seed(world)
    scenarios.cast(world, GROUPS)
    for path, text in tiny.folder(tiny.diagram(*BODY), {"ask": ASK}, dictionary=NAMES).items():
        target = folder / "processes" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
    definitions.deploy(world, folder / "processes" / "tiny", actor=DEPLOYMENT)
    with world.db.write() as connection:
        for number in range(1, CASES + 1):
            cases.open_case(
                connection,
                world,
                reference=f"CM-{number}",
                client_name="Robin Example",
                nation="england_wales",
                facts={"client_address": "1 Sample Street\nExampletown", "language": "en"},
            )
    _start_cases(world)
    world.db.close()


def open_office(folder: Path, hours: int) -> World:
    """Return the office's world, some hours after it was founded."""
    return make_world(folder, at=START + timedelta(hours=hours), processes=folder / "processes")


def work(world: World, *, until_due: bool) -> None:
    """Answer every question and do all background work; with `until_due` let the wait pass."""
    _answer(world)
    work_until_rest(world)
    if until_due:
        world.clock.move_to(world.clock.now() + timedelta(days=30))
        work_until_rest(world)
        _answer(world)
        work_until_rest(world)


def _start_cases(world: World) -> None:
    with world.db.read() as connection:
        case_ids = connection.execute(select(Case.case_id)).scalars().all()
    for case_id in case_ids:
        cases.start(world, "tiny", {}, case_id=case_id, actor=somebody(world, WHO))


def _answer(world: World) -> None:
    with world.db.read() as connection:
        query = select(UserTask.task_id, UserTask.element_id).where(UserTask.status == "open")
        open_tasks = connection.execute(query.order_by(UserTask.task_id)).all()
    for task in open_tasks:
        tasks.claim(world, task.task_id, actor=somebody(world, WHO))
        tasks.complete(world, task.task_id, {"answer": f"Answer {task.element_id}"}, actor=somebody(world, WHO))


if __name__ == "__main__":
    office = open_office(Path(sys.argv[1]), int(sys.argv[2]))
    print("open", flush=True)
    work(office, until_due="--to-the-end" in sys.argv)
    office.db.close()
