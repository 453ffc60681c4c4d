"""One case on its way: what each step lets happen, what instances throw to each other, and the time that passes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from engine import plain_bpmn
from engine.due import next_round, work_out_due
from engine.errors import RedressError
from engine.runner.answers import Answers
from engine.runner.files import Bundle
from engine.runner.host import Clock, Host
from engine.runner.instances import Instance, Instances
from engine.runner.script import Answer, CaseInvalid, NotDone, Script, Step
from engine.runner.starts import Armed, arm
from engine.spiff import OpenTask, OpenWait, Start, Workflow

MAX_TURNS = 10_000


class Play:
    """A case that is played."""

    def __init__(self, bundle: Bundle, script: Script) -> None:
        self.program = bundle.program
        self.clock = Clock(script.at)
        self.answers = Answers(bundle, script.jobs)
        self.instances = Instances(bundle, self.clock, self.answers, budget=script.budget)
        self.armed: list[Armed] = []
        self.sent: list[dict[str, Any]] = []
        self.lost: list[dict[str, Any]] = []
        self._script = script
        self._host = Host(self.clock, bundle.decisions, lambda host, job: {})
        for step in script.steps:
            if step.verb == "start" and step.what not in self.program.processes:
                there = ", ".join(self.program.process_ids)
                raise CaseInvalid(f"There is no process {step.what!r} to start; there are {there}.")

    def begin(self) -> None:
        """Start the first instance, or arm the event that is to start it. Raises: NotDone.

        A process that has a plain start as well begins there, and once more whenever an event starts it.
        """
        main = self.program.process_id
        by_events = self.program.starts.get(main, ())
        is_plain = self.program.processes[main].start_element not in {start.element_id for start in by_events}
        awaited = not is_plain and any(self._comes(start) for start in by_events)
        for process_id, starts in self.program.starts.items():
            still = [s for s in starts if process_id != main or awaited or is_plain or s.kind != "timer"]
            self.armed += [arm(process_id, start, self._host) for start in still]
        if not awaited:
            self._start(main, {})
        self._pass_time(self.clock.now)

    def _comes(self, start: Start) -> bool:
        """Tell whether the case lets the event happen that starts the process; else it has happened already."""
        if start.kind == "timer":
            return any(step.verb in ("wait", "wait_until") for step in self._script.steps)
        return any(step.verb == start.kind and step.what == start.text for step in self._script.steps)

    def act(self, step: Step) -> None:
        """Do one step of the case. Raises: NotDone."""
        until = self.clock.now
        if step.verb == "complete":
            instance, task = self._task(step)
            self._move(instance, partial(Workflow.complete_task, token=task.token, values=step.values))
        elif step.verb == "message":
            self._send_message(step.what, step.key, step.values, sender=0, to=step.instance)
        elif step.verb == "signal":
            self._send_signal(step.what, step.values, sender=0)
        elif step.verb == "job":
            self._end_job(step)
        elif step.verb == "start":
            self._start(step.what, step.values)
        elif step.verb == "retry":
            self._retry(step)
        else:
            until = step.what if step.verb == "wait_until" else self._later(step.what)
            if until < self.clock.now:
                raise NotDone(f"{until.isoformat()} has passed: it is {self.clock.now.isoformat()}.")
        self._pass_time(until)

    # Tasks and jobs

    def _task(self, step: Step) -> tuple[Instance, OpenTask]:
        found = [
            (instance, task)
            for instance in self._chosen(step.instance)
            for task in instance.tasks
            if step.what in (task.element_id, task.name)
        ]
        if len(found) < step.nth:
            there = [(i, task.element_id) for i in self.instances.live() for task in i.tasks]
            raise NotDone(f"there is no open task {_which(step)}; open are {self._listed(there)}.")
        return found[step.nth - 1]

    def _end_job(self, step: Step) -> None:
        jobs = [(i, wait) for i in self.instances.live() for wait in i.waits if wait.kind == "job"]
        found = [
            (instance, wait)
            for instance, wait in jobs
            if self.answers.fits(step.what, wait.element_id, wait.name) and step.instance in (None, instance.number)
        ]
        if len(found) < step.nth:
            there = self._listed([(instance, wait.element_id) for instance, wait in jobs])
            raise NotDone(f"no job {_which(step)} waits for its end; those that wait are {there}.")
        instance, wait = found[step.nth - 1]
        answer = step.answer or Answer({})
        self.answers.ended(wait.token, answer)
        self._move(instance, partial(_end, token=wait.token, answer=answer))

    def _retry(self, step: Step) -> None:
        failed = [i for i in self.instances.all if i.incident and step.instance in (None, i.number)]
        if not failed:
            raise NotDone("there is no incident to retry.")
        for instance in failed:
            self.instances.retry(instance)

    def _chosen(self, number: int | None) -> Iterator[Instance]:
        if number is not None and number > len(self.instances.all):
            raise NotDone(f"there is no instance {number}; there are {len(self.instances.all)}.")
        return (instance for instance in self.instances.live() if number in (None, instance.number))

    def _listed(self, there: list[tuple[Instance, str]]) -> str:
        several = len(self.instances.all) > 1
        return ", ".join(f"{name} (instance {i.number})" if several else name for i, name in there) or "none"

    # Messages and signals

    def _send_message(
        self, name: str, key: str | None, payload: Mapping[str, Any], *, sender: int, to: int | None = None
    ) -> None:
        """Deliver a message to the first that waits for it; else it starts each process that it may start.

        Without a key it fits every key. When nobody waits for it, it is lost, and the result says so.
        """
        told: dict[str, Any] = {"name": name, "key": key, "from": sender}
        for instance in self._chosen(to):
            for wait in instance.waits:
                if wait.kind == "message" and wait.name == name and _fits(wait, key):
                    self.instances.note(sender, "message_sent", **told, reached=[instance.number])
                    act = partial(Workflow.deliver_message, name=name, key=wait.key, payload=payload)
                    self._move(instance, act)
                    return
        if to is not None:
            raise NotDone(f"instance {to} does not wait for the message {name}.")
        starting = self._started_by("message", name)
        if not starting:
            self.lost.append({"kind": "message", "name": name, "key": key})
            self.instances.note(sender, "message_lost", **told)
            return
        self.instances.note(sender, "message_sent", **told, starts=[armed.process_id for armed in starting])
        for armed in starting:
            self._start(armed.process_id, payload, at=armed.start.element_id)

    def _send_signal(self, name: str, payload: Mapping[str, Any], *, sender: int) -> None:
        """Let everyone hear a signal who waits for it now; inside the instance that threw it, it was heard at once."""
        hearers = [
            instance
            for instance in self.instances.live()
            if instance.number != sender and any(w.kind == "signal" and w.name == name for w in instance.waits)
        ]
        starting = self._started_by("signal", name)
        reached = [instance.number for instance in hearers]
        starts = [armed.process_id for armed in starting]
        self.instances.note(sender, "signal_sent", **{"name": name, "from": sender}, reached=reached, starts=starts)
        for instance in hearers:
            self._move(instance, partial(Workflow.deliver_signal, name=name, payload=payload))
        for armed in starting:
            self._start(armed.process_id, payload, at=armed.start.element_id)

    def _started_by(self, kind: str, name: str) -> list[Armed]:
        return [armed for armed in self.armed if (armed.start.kind, armed.start.text) == (kind, name)]

    def _carry_over(self) -> None:
        """Bring what instances threw to the others."""
        for _ in range(MAX_TURNS):
            if not self.answers.thrown:
                return
            thrown = self.answers.thrown.pop(0)
            self.sent.append({"kind": thrown.kind, "name": thrown.name})
            if thrown.kind == "signal":
                self._send_signal(thrown.name, thrown.payload, sender=thrown.sender)
            else:
                self._send_message(thrown.name, thrown.key, thrown.payload, sender=thrown.sender)
        raise NotDone(f"more than {MAX_TURNS:,} messages and signals were thrown.")

    # Time

    def _pass_time(self, until: datetime) -> None:
        """Let time pass, one due timer after the other, in every instance; what they throw arrives at once."""
        self._carry_over()
        for _ in range(MAX_TURNS):
            due = [at for at, _ in self._timers() if at <= until]
            if not due:
                self.clock.now = max(self.clock.now, until)
                return
            self.clock.now = max(self.clock.now, min(due))
            self._fire()
            self._carry_over()
        raise NotDone(f"more than {MAX_TURNS:,} timers came due.")

    def _timers(self) -> Iterator[tuple[datetime, Armed | Instance]]:
        for armed in self.armed:
            if armed.due is not None:
                yield armed.due.at, armed
        for instance in self.instances.live():
            for wait in instance.waits:
                if wait.due_at is not None:
                    yield wait.due_at, instance

    def _fire(self) -> None:
        """Fire the timer that has been due the longest."""
        _, first = min(self._timers(), key=lambda item: item[0])
        if isinstance(first, Instance):
            self._move(first, lambda found: found.fire_due_timers(most=1))
            return
        due, first.due = first.due, None
        if due is not None:
            try:
                first.due = next_round(due)
            except RedressError as fault:
                raise NotDone(f"the timer of {first.start.element_id} cannot go on: {fault}") from fault
            self._start(first.process_id, {}, at=first.start.element_id)

    def _later(self, text: str) -> datetime:
        try:
            return work_out_due("duration", text, {}, now=self.clock.now, calendar=None).at
        except (RedressError, OverflowError, ValueError) as fault:
            raise NotDone(f"the time cannot pass: {fault}") from fault

    # How instances move

    def _start(self, process_id: str, payload: Mapping[str, Any], *, at: str | None = None) -> None:
        begins_with = self._script.variables if process_id == self.program.process_id else {}
        self.instances.start(process_id, {**begins_with, **payload}, at=at)

    def _move(self, instance: Instance, act: Any) -> None:
        self.instances.move(instance, act)


def _fits(wait: OpenWait, key: str | None) -> bool:
    return key is None or wait.key in (key, plain_bpmn.ANY_KEY)


def _which(step: Step) -> str:
    nth = f" number {step.nth}" if step.nth > 1 else ""
    return f"{step.what}{nth}" + (f" of instance {step.instance}" if step.instance else "")


def _end(workflow: Workflow, token: str, answer: Answer) -> None:
    if answer.error is not None:
        error = answer.error
        workflow.throw_error(token, error.code, error.variables, message=error.message)
    else:
        workflow.complete_job(token, answer.returns)
