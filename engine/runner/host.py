"""What the engine is lent for an instance of a run: the case's clock, FEEL, decisions and jobs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache

from engine.calendar import Calendar, seed_holidays
from engine.decisions import Decision
from engine.due import work_out_due
from engine.evaluation import holds, values_read
from engine.feel import compile_expression
from engine.spiff import Deferred, Due, EvaluationFailed, Happening, Job
from engine.spiff.host import TimerKind

RunJob = Callable[["Host", Job], Mapping[str, object] | Deferred]


class Clock:
    """The time of a run, and a count that puts what happens in all instances in one order."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.count = 0

    def next(self) -> int:
        """Return the next number."""
        self.count += 1
        return self.count


class Host:
    """Lent to the engine (see its `Host` protocol). `happenings` are numbered and dated."""

    def __init__(self, clock: Clock, decisions: Mapping[str, Decision], run_job: RunJob) -> None:
        self.facts: dict[str, dict[str, object]] = {}
        self.happenings: list[tuple[int, datetime, Happening]] = []
        self._clock = clock
        self._decisions = decisions
        self._run_job = run_job

    @property
    def now(self) -> datetime:
        """The instant of the case."""
        return self._clock.now

    def evaluate(self, expression: str, names: Mapping[str, object]) -> object:
        """Evaluate an expression of a mapping; null where FEEL says null."""
        return compile_expression(expression).evaluate(names, now=self.now, calendar=calendar())

    def condition(self, expression: str, names: Mapping[str, object]) -> bool:
        """Evaluate a condition. Raises: EvaluationFailed when it is neither true nor false."""
        return holds(expression, names, now=self.now, calendar=calendar())

    def reading(self, texts: Sequence[str], names: Mapping[str, object]) -> str:
        """Return what expressions read."""
        return values_read(texts, names)

    def due(self, kind: TimerKind, text: str, names: Mapping[str, object]) -> Due:
        """Work out when a timer is due. Raises: EvaluationFailed."""
        return work_out_due(kind, text.strip(), names, now=self.now, calendar=calendar())

    def decide(self, decision_id: str, names: Mapping[str, object]) -> object:
        """Evaluate a decision of a file beside."""
        if decision_id not in self._decisions:
            raise EvaluationFailed(f"There is no decision {decision_id!r} beside the diagram.")
        decision = self._decisions[decision_id]
        return decision.evaluate(names, now=self.now, calendar=calendar(), decisions=self._decisions)

    def run_job(self, job: Job) -> Mapping[str, object] | Deferred:
        """Do what the case says of a job."""
        return self._run_job(self, job)

    def happened(self, event: Happening) -> None:
        """Note what the diagram did."""
        self.happenings.append((self._clock.next(), self.now, event))


@lru_cache(maxsize=1)
def calendar() -> Calendar:
    """Return a calendar of the years around a case, made when an expression is first evaluated."""
    table: dict[str, dict[date, str]] = {}
    for nation, day, title, _ in seed_holidays(2020, 2035):
        table.setdefault(nation, {})[day] = title
    return Calendar(table)
