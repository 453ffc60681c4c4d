"""The peer: SpiffWorkflow as it comes, with its own parser, script engine and JSON serializer, on the same diagrams.

The copies are made in memory: extensions go, what called our handlers becomes a plain task, FEEL becomes Python that
takes the same way, so that the same tokens exist and the same elements are visited.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

from lxml import etree
from SpiffWorkflow.bpmn.parser.BpmnParser import BpmnParser
from SpiffWorkflow.bpmn.serializer import BpmnWorkflowSerializer
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.util.task import TaskState

_BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
_ZEEBE = "http://camunda.org/schema/zeebe/1.0"
_PLAIN_TASKS = ("serviceTask", "businessRuleTask", "sendTask", "scriptTask", "receiveTask")


def plain_copy(diagram: bytes) -> bytes:
    """Return a diagram as plain BPMN that stock SpiffWorkflow parses."""
    root = etree.fromstring(diagram)
    for call in root.iter(_tag("callActivity")):
        for called in call.iter(f"{{{_ZEEBE}}}calledElement"):
            call.set("calledElement", called.get("processId", ""))
    for name in ("extensionElements", "multiInstanceLoopCharacteristics"):
        etree.strip_elements(root, _tag(name), with_tail=False)
    for element in root.iter():
        if isinstance(element.tag, str):
            for name in [name for name in element.attrib if name.startswith(f"{{{_ZEEBE}}}")]:
                del element.attrib[name]
    for name in _PLAIN_TASKS:
        for element in root.iter(_tag(name)):
            element.tag = _tag("task")
    for condition in root.iter(_tag("conditionExpression")):
        condition.text = "False"
    for kind in ("timeDuration", "timeDate", "timeCycle"):
        for timer in root.iter(_tag(kind)):
            timer.tag = _tag("timeDuration")
            timer.text = '"P2D"'
    return etree.tostring(root)


class StockPeer:
    """One process of the copies, begun, run and stored by stock SpiffWorkflow."""

    def __init__(self, files: Mapping[str, bytes], process_id: str) -> None:
        parser = BpmnParser()
        for path, data in files.items():
            if path.endswith(".bpmn"):
                parser.add_bpmn_io(io.BytesIO(plain_copy(data)), filename=path)
        self._spec = parser.get_spec(process_id)
        self._called = parser.get_subprocess_specs(process_id)
        self._serializer = BpmnWorkflowSerializer(registry=BpmnWorkflowSerializer.configure())

    def begin(self, element_id: str) -> str:
        """Begin an instance, bring it to a user task, and return its state as JSON."""
        workflow = BpmnWorkflow(self._spec, self._called)
        workflow.do_engine_steps()
        for _ in range(50):
            ready = workflow.get_tasks(state=TaskState.READY, manual=True)
            if any(task.task_spec.bpmn_id == element_id for task in ready):
                return self._store(workflow)
            ready[0].run()
            workflow.do_engine_steps()
        raise LookupError(element_id)

    def step(self, state: str, element_id: str, values: Mapping[str, Any]) -> str:
        """Load an instance, complete a user task, run to rest and return the state."""
        workflow = self._serializer.deserialize_json(state)
        workflow.refresh_waiting_tasks()
        [task] = [
            task
            for task in workflow.get_tasks(state=TaskState.READY, manual=True)
            if task.task_spec.bpmn_id == element_id
        ]
        task.data.update(values)
        task.run()
        workflow.do_engine_steps()
        return self._store(workflow)

    def _store(self, workflow: BpmnWorkflow) -> str:
        return str(self._serializer.serialize_json(workflow))


def _tag(name: str) -> str:
    return f"{{{_BPMN}}}{name}"
