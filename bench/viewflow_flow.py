"""The flow of the peer: a person's task, an automatic one, a choice, the next task of a person."""

from __future__ import annotations

from typing import Any

from viewflow import this
from viewflow.workflow import flow
from viewflow.workflow.models import Process


def _page(_request: Any) -> None:
    """Stand where a page would."""


class Review(flow.Flow):  # type: ignore[misc, name-defined]
    """Start, allocate, note, then one of two tasks."""

    process_class = Process
    start = flow.StartHandle(this.begin).Next(this.allocate)
    allocate = flow.View(_page).Next(this.note)
    note = flow.Function(this.write_note).Next(this.which)
    which = flow.If(lambda activation: activation.process.data.get("late")).Then(this.reject).Else(this.gate)
    gate = flow.View(_page).Next(this.end)
    reject = flow.View(_page).Next(this.end)
    end = flow.End()

    def begin(self, activation: Any) -> Any:
        """Keep what the process starts with."""
        activation.process.data = {"reason": "Payments are taken from the wrong date.", "late": False}
        return activation.process

    def write_note(self, activation: Any) -> None:
        """Do something automatic."""
        activation.process.data["noted"] = True
        activation.process.save()
