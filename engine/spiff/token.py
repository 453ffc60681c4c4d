"""A token of a restored instance: SpiffWorkflow's task without its log.

Stock tells a log of every change of state, and makes the words for it also where nobody listens: a twentieth of a step.
"""

from __future__ import annotations

from typing import Any

from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState


class Token(Task):
    """A task that changes its state without a word; so do those that follow it."""

    def _set_state(self, value: int) -> None:
        self._state = value

    def _add_child(self, task_spec: Any, state: int = TaskState.FUTURE) -> Token:
        return Token(self.workflow, task_spec, self, state)
