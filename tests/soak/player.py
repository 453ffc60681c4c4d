"""One instance in the engine, and what of it can be seen; the token game is looked at in the same terms."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from engine.spiff import BpmnError, Deferred, Happening, Job, Program, Workflow
from tests.engine.spiff_world import World
from tests.soak.game import frozen
from tests.soak.rules import Game

Picture = dict[str, object]


class SoakWorld(World):
    """A host that knows one decision, and keeps the messages that are sent."""

    def __init__(self, now: datetime, shown: set[str]) -> None:
        super().__init__({"log": self._done, "send": self._send, "risky": self._risk})
        self.now, self.shown = now, shown
        self.sent: list[tuple[str, object, Mapping[str, object]]] = []

    def decide(self, decision_id: str, names: Mapping[str, object]) -> object:
        return self.evaluate("n + m", names)

    def happened(self, event: Happening) -> None:
        super().happened(event)
        if event.kind == "completed" and event.element_id in self.shown:
            self.trace.append(event.element_id)

    def _done(self, job: Job) -> Mapping[str, object] | Deferred:
        return {}

    def _risk(self, job: Job) -> Mapping[str, object] | Deferred:
        risk = job.inputs["risk"]
        assert isinstance(risk, int | Decimal)
        if risk > int(job.headers["most"]):
            raise BpmnError("E1", "It went wrong.", {"m": risk})
        return {}

    def _send(self, job: Job) -> Mapping[str, object] | Deferred:
        self.sent.append((job.headers["message"], job.inputs["to"], {"n": job.inputs["said"]}))
        return {}


class Player:
    """One instance. When `stored`, it is written down and read back after every action and before it runs on."""

    def __init__(
        self,
        program: Program,
        process_id: str,
        start: str,
        variables: Mapping[str, object],
        now: datetime,
        shown: set[str],
        *,
        stored: bool,
    ) -> None:
        self.program, self.stored = program, stored
        self.world = SoakWorld(now, shown)
        self.thrown: list[tuple[str, Any]] = []
        self.workflow = Workflow.start(program, variables, self.world, process_id=process_id, start_element=start)
        self.go_on()

    def go_on(self) -> None:
        """Run to rest after something happened."""
        self.reload()
        before = len(self.workflow.thrown)
        self.workflow.run_to_rest()
        self.thrown += self.workflow.thrown[before:]
        self.reload()

    def reload(self) -> None:
        if self.stored:
            self.written = self.workflow.store()
            self.workflow = Workflow.restore(self.program, self.written, self.world)
            assert self.workflow.store() == self.written, "what was restored is written down in another way"

    def waits(self) -> Iterator[tuple[str, tuple[object, ...]]]:
        """Yield the token of everything that is waited for, with what can be seen of it."""
        for task in self.workflow.open_tasks():
            yield task.token, (task.element_id, "task", "", "", None, self._names(task.token))
        for wait in self.workflow.open_waits():
            name = "" if wait.kind == "job" else wait.name
            yield wait.token, (wait.element_id, wait.kind, name, wait.key, wait.due_at, self._names(wait.token))

    def _names(self, token: str) -> object:
        names = self.workflow.names(token)
        return frozen({name: value for name, value in names.items() if name not in self.world.facts})

    def token(self, seen: tuple[object, ...]) -> str:
        """Return the token of what looks like this."""
        return next(token for token, other in self.waits() if other == seen)

    def picture(self) -> Picture:
        """Return what the engine shows."""
        return {
            "waits": Counter(seen for _, seen in self.waits()),
            "variables": frozen(self.workflow.variables),
            "trace": Counter(self.world.trace),
            "thrown": Counter(map(frozen, self.thrown)),
            "sent": Counter(map(frozen, self.world.sent)),
            "ended": self.workflow.is_completed,
        }


def picture_of(game: Game) -> Picture:
    """Return what the token game shows."""
    return {
        "waits": Counter(wait.seen for wait in game.live("task", "job", "timer", "message", "signal")),
        "variables": frozen(game.env.data),
        "trace": Counter(game.trace),
        "thrown": Counter(map(frozen, game.thrown)),
        "sent": Counter(map(frozen, game.sent)),
        "ended": game.ended,
    }
