"""One process instance in memory: SpiffWorkflow's workflow and sub-workflow, with our loop and without its scripts."""

from __future__ import annotations

from typing import Any

from SpiffWorkflow.bpmn import BpmnWorkflow
from SpiffWorkflow.bpmn.util.subworkflow import BpmnSubWorkflow
from SpiffWorkflow.util.task import TaskState

from engine.spiff.host import Happening, HappeningKind, Host, StepBudgetExceeded
from engine.spiff.kernel import LIVE, Node, NoScripts, ProcessSpec, withdraw_all
from engine.spiff.normalise import INNER
from engine.spiff.program import Program

_NO_SCRIPTS = NoScripts()


class Tree:
    """What a process and a sub-process have in common: the live tokens, and an end when there are none."""

    tasks: dict[Any, Any]
    spec: ProcessSpec
    completed: bool

    def forget(self, task: Any) -> None:
        """Take a finished token out of the tree; the split before an activity goes with the last token below it."""
        parent = task.parent
        if parent is None or task.id not in self.tasks:
            return
        parent._children.remove(task.id)
        del self.tasks[task.id]
        if parent.task_spec.is_split and not parent._children:
            self.forget(parent)

    def end_if_empty(self) -> None:
        """End when no token is left."""
        if not self.completed and not any(task._state & LIVE for task in self.tasks.values()):
            self.completed = True
            self.ended()

    def ended(self) -> None:
        """Say so."""
        raise NotImplementedError

    def begin(self, at: str = "") -> None:
        """Set the first token on the start event, or on another one of several."""
        root: Any = self.task_tree  # type: ignore[attr-defined]
        root._set_state(TaskState.COMPLETED)
        root.internal_data.update(done=1, begins_at=at or self.spec.begins_at)
        root.task_spec._on_complete(root)


class Instance(Tree, BpmnWorkflow):
    """A process instance."""

    parent_task = None
    callers: tuple[str, ...] = ()

    def __init__(self, program: Program, process_id: str, host: Host, *, empty: bool = False) -> None:
        self.program = program
        self.host = host
        self.process_id = process_id
        self.visits: dict[str, int] = {}
        self.thrown: list[tuple[str, dict[str, Any]]] = []
        super().__init__(program.specs[process_id], program.specs, script_engine=_NO_SCRIPTS, deserializing=empty)

    def count_visit(self, spec: Node) -> int:
        """Count one more visit of an element and return how many there are."""
        visit = self.visits.get(spec.element_id, 0) + 1
        self.visits[spec.element_id] = visit
        return visit

    def tell(self, kind: HappeningKind, process_id: str) -> None:
        """Report something about a whole process."""
        self.host.happened(Happening(kind=kind, element_id=process_id, process_id=process_id))

    def ended(self) -> None:
        """Report the end."""
        self.tell("process_ended", self.process_id)

    def create_subprocess(self, my_task: Any, spec_name: str) -> SubInstance:
        """Make the workflow that runs inside an activity."""
        subprocess = SubInstance(self.subprocess_specs[spec_name], my_task)
        self.subprocesses[my_task.id] = subprocess
        return subprocess

    def workflows(self) -> list[Any]:
        """Return this workflow and all inside it, outer before inner."""
        return [self, *self.subprocesses.values()]

    def all_tasks(self) -> list[Any]:
        """Return all tokens, in the order in which they came to be within each workflow."""
        return [task for workflow in self.workflows() for task in workflow.tasks.values()]

    def run(self, budget: int) -> None:
        """Run what is ready until nothing is.

        Raises: StepBudgetExceeded.
        """
        ran = 0
        while True:
            before = ran
            for workflow in reversed(self.workflows()):
                for task in list(workflow.tasks.values()):
                    if not is_automatic(task) or task.id not in workflow.tasks:
                        continue  # it waits, or what ran before it cancelled it
                    ran += 1
                    if ran > budget:
                        raise StepBudgetExceeded(task.task_spec.element_id, budget)
                    run_task(task)
            if ran == before and not self._release_joins():
                return

    def _release_joins(self) -> bool:
        """Let an inclusive join go on that no other token can reach: known for certain only when all else rests."""
        for task in self.all_tasks():
            if task.state == TaskState.WAITING and task.task_spec.is_join and task.task_spec.may_go_on(task):
                task._ready()
                return True
        return False


class SubInstance(Tree, BpmnSubWorkflow):
    """What runs inside a sub-process or a called process."""

    def __init__(self, spec: ProcessSpec, parent_task: Any, *, empty: bool = False) -> None:
        self.parent_task = parent_task
        top: Instance = parent_task.workflow.top_workflow
        is_called = parent_task.task_spec.starts_a_root
        self.process_id = spec.name if is_called else parent_task.workflow.process_id
        # The activities that this runs inside, the nearest first: worked out once, so that every row can carry them.
        self.callers: tuple[str, ...] = (parent_task.task_spec.element_id, *parent_task.workflow.callers)
        super().__init__(spec, parent_task.id, top, deserializing=empty)

    def begin(self, at: str = "") -> None:
        """Set the first token; in the made-up body of a process with several starts, behind the one that happened."""
        if not at and self.spec.is_body and self.parent_task.workflow is self.top_workflow:
            inner = (f"{element_id}{INNER}" for element_id in self.top_workflow.visits)
            at = next((name for name in inner if name in self.spec.task_specs), "")
        super().begin(at)

    @property
    def parent_workflow(self) -> Any:
        """The workflow of the activity that this runs in."""
        return self.parent_task.workflow

    def _calculate_depth(self) -> int:
        depth: int = self.parent_task.workflow.depth + 1
        return depth

    def ended(self) -> None:
        """Hand the activity its results and make it ready to go on."""
        if self.parent_task.task_spec.starts_a_root:
            self.top_workflow.tell("process_ended", self.process_id)
        self.parent_task.task_spec.inner_ended(self.parent_task, self)

    def abandon(self) -> None:
        """Cancel everything inside."""
        self.completed = True
        withdraw_all(self)


def is_automatic(task: Any) -> bool:
    """Say whether the engine may run this token now."""
    return task._state == TaskState.READY and (not task.task_spec.manual or "done" in task.internal_data)


def run_task(task: Any) -> None:
    """Run one ready token. Stock `Task.run` overwrites the state of one that was cancelled by what it did itself."""
    if "done" in task.internal_data:
        task.complete()
        return
    result = task.task_spec._run(task)
    if not task.has_state(LIVE):
        return
    if result is None:
        task._set_state(TaskState.STARTED)
    else:
        task.complete()
