"""Several instances that send each other messages and signals, and share one clock."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from engine.spiff import Program
from tests.engine.spiff_world import START
from tests.soak.blocks import Block, Catch
from tests.soak.game import Endless, Unhandled, Values, frozen
from tests.soak.instance import Action, Instance, Undecided

MOST = 3
"""How many instances there are at most."""
LONGEST = 100
"""How many steps a walk has at most, answers to messages and signals included."""


class Town:
    """The instances of a file's processes, which share one clock. `said` is what happened, a line for each step."""

    def __init__(self, program: Program, processes: tuple[Block, ...], chance: random.Random) -> None:
        self.program, self.processes, self.chance = program, processes, chance
        self.now = START
        self.instances: list[Instance] = []
        self.said: list[str] = []
        self.steps = 0
        self._had: Counter[object] = Counter()
        self._starts = [(number, start) for number, block in enumerate(processes) for start in block.starts]
        self._starts += [(number, start) for number, start in self._starts if start.how == "cycle"]

    def begin(self, number: int, start: Catch, values: Values) -> None:
        """Start an instance of a process."""
        if len(self.instances) == MOST:
            return
        key = len(self.instances)
        variables = {"k": f"K{key}", "n": 0, "m": 0, **values}
        self.said.append(f"begin P{number} at {start.id} with {variables}")
        process = self.processes[number]
        try:
            made = Instance(self.program, key, f"P{number}", process, start, variables, self.now)
        except (Unhandled, Endless) as error:
            raise Undecided from error  # nothing has begun that could be compared
        self.instances.append(made)
        self.steps += 1
        made.compare()
        self._settle()

    def step(self) -> bool:
        """Let one thing happen; return whether there was anything that could."""
        found = list(self._choices())
        if not found:
            return False
        weights = [3.0 / (1 + self._had[name]) for name, _ in found]
        [(name, move)] = self.chance.choices(found, weights)
        self._had[name] += 1
        move()
        return True

    def act(self, instance: Instance, action: Action) -> None:
        """Let something happen to an instance."""
        if instance.is_over:
            return
        if self.steps == LONGEST:
            raise Undecided  # they answer each other without end
        self.said.append(f"{instance.number}: {action} at {self.now}")
        self.steps += 1
        instance.act(action, self.now)

    # What may happen

    def _choices(self) -> Iterator[tuple[object, Callable[[], None]]]:
        number = self.chance.randrange(10)
        values = {"n": number} if self.chance.random() < 0.8 else {"m": number, "n": self.chance.randrange(10)}
        open_ones = [instance for instance in self.instances if not instance.is_over]
        for instance in open_ones:
            waits = Counter(wait.seen for wait in instance.game.live("task", "job"))
            for seen in sorted((seen for seen, count in waits.items() if count == 1), key=repr):
                yield seen[0], self._moves(instance, Action(str(seen[1]), seen, values=values))
                if seen[1] == "job":
                    code = self.chance.choice(["E1", "E2", "E3"])
                    yield (seen[0], "fail"), self._moves(instance, Action("fail", seen, code, values=values))
            messages = Counter((wait.name, wait.key) for wait in instance.game.live("message"))
            for (name, key), count in sorted(messages.items()):
                if count == 1:  # else it is not said which of them gets it
                    yield (name, key), self._moves(instance, Action("message", (), name, key, values))
        if any(instance.game.live("message") for instance in open_ones) and number == 0:
            yield "lost", self._moves(open_ones[0], Action("message", (), "Hi", "nobody's", values))
        for name in sorted({wait.name for instance in open_ones for wait in instance.game.live("signal")}):
            yield name, lambda name=name: self._signal(name, values, None)  # type: ignore[misc]
        dues = [wait.due for instance in open_ones for wait in instance.game.live("timer") if wait.due]
        if dues:
            yield min(dues), lambda: self._pass(min(dues))
        for begins in self._starts if len(self.instances) < MOST else ():
            yield begins[1].id, lambda begins=begins: self._start(*begins)  # type: ignore[misc]

    def _moves(self, instance: Instance, action: Action) -> Callable[[], None]:
        def move() -> None:
            self.act(instance, action)
            self._settle()

        return move

    def _start(self, number: int, start: Catch) -> None:
        """Let the event come that starts a process."""
        self._starts.remove((number, start))
        self.begin(number, start, {})

    def _started_by(self, kind: str, name: str, values: Values) -> None:
        for number, block in enumerate(self.processes):
            for start in block.starts:
                if (start.kind, start.name) == (kind, name):
                    self.begin(number, start, values)

    def _pass(self, due: datetime) -> None:
        """Let time pass to the next timer, sometimes far beyond."""
        self.now = due + timedelta(minutes=self.chance.choice([0, 0, 0, 1441, 20_000]))
        for instance in self.instances:
            timers = [] if instance.is_over else instance.game.live("timer")
            if any(wait.due and wait.due <= self.now for wait in timers):
                self.act(instance, Action("tick"))
        self._settle()

    # What instances throw

    def _signal(self, name: str, values: Values, thrower: Instance | None) -> None:
        for instance in list(self.instances):
            if instance is not thrower:
                self.act(instance, Action("signal", (), name, values=values))
        self._started_by("signal", name, {"n": values.get("n", 0)})
        self._settle()

    def _settle(self) -> None:
        """Deliver what was thrown and sent, until nothing is left."""
        for instance in list(self.instances):
            signals, messages = instance.delivered
            thrown, sent = instance.game.thrown[signals:], instance.game.sent[messages:]
            instance.delivered = [signals + len(thrown), messages + len(sent)]
            if instance.game.ended or not instance.is_over:
                for name, values in sorted(thrown, key=lambda one: repr(frozen(one))):
                    self._signal(name, values, instance)
                for name, key, values in sorted(sent, key=lambda one: repr(frozen(one))):
                    self._message(name, str(key), values)

    def _message(self, name: str, key: str, values: Values) -> None:
        waiting = [
            instance
            for instance in self.instances
            if not instance.is_over
            for wait in instance.game.live("message")
            if (wait.name, wait.key) == (name, key)
        ]
        if len(waiting) == 1:
            self.act(waiting[0], Action("message", (), name, key, values))
            self._settle()
        elif not waiting:
            self._started_by("message", name, values)
