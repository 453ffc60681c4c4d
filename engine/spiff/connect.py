"""Builds the specification of one process or sub-process from its rewritten diagram."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, cast

from engine.spiff import events, gateways, tasks
from engine.spiff.extensions import PLAIN, Extensions, Node, bpmn_name, local_name, read_extensions, xpath
from engine.spiff.host import TimerKind
from engine.spiff.kernel import Branch, ProcessSpec, Split
from engine.spiff.kernel import Node as Spec
from engine.spiff.multi_instance import MultiInstance, StandardLoop
from engine.spiff.normalise import CHOICE, event_definitions
from engine.spiff.triggers import Error, Escalation, Message, Signal, Terminate, Timer, Trigger
from engine.spiff.vocabulary import FLOW_NODES

_CLASSES: dict[str, type[Spec]] = {
    "startEvent": events.StartEvent,
    "endEvent": events.EndEvent,
    "intermediateCatchEvent": events.CatchEvent,
    "intermediateThrowEvent": events.ThrowEvent,
    "boundaryEvent": events.BoundaryEvent,
    "task": tasks.PlainTask,
    "manualTask": tasks.PlainTask,
    "userTask": tasks.UserTask,
    "receiveTask": events.ReceiveTask,
    "serviceTask": tasks.JobNode,
    "sendTask": tasks.JobNode,
    "businessRuleTask": tasks.JobNode,
    "scriptTask": tasks.JobNode,
    "subProcess": tasks.SubProcess,
    "callActivity": tasks.CallActivity,
    "exclusiveGateway": gateways.ExclusiveGateway,
    "inclusiveGateway": gateways.InclusiveGateway,
    "parallelGateway": gateways.ParallelGateway,
    "eventBasedGateway": gateways.EventGateway,
}


@dataclass(frozen=True)
class Definitions:
    """What the events of a file refer to, by id."""

    messages: dict[str, Message]
    signals: dict[str, str]
    errors: dict[str, str]
    escalations: dict[str, str]
    shown_as: dict[str, str]

    @classmethod
    def read(cls, root: Node, shown_as: dict[str, str]) -> Definitions:
        """Read them from a file."""
        messages: dict[str, Message] = {}
        for item in xpath(root, "./b:message"):
            keys = xpath(item, "./b:extensionElements/z:subscription")
            key = str(keys[0].get("correlationKey", "")) if keys else ""
            messages[str(item.get("id"))] = Message("", str(item.get("name", "")), key)
        return cls(
            messages=messages,
            signals={str(item.get("id")): str(item.get("name", "")) for item in xpath(root, "./b:signal")},
            errors={str(item.get("id")): str(item.get("errorCode", "")) for item in xpath(root, "./b:error")},
            escalations={
                str(item.get("id")): str(item.get("escalationCode", "")) for item in xpath(root, "./b:escalation")
            },
            shown_as=shown_as,
        )

    def trigger(self, node: Node) -> Trigger:
        """Return what an event waits for or throws."""
        element_id = str(node.get("id"))
        if local_name(node) == "receiveTask":
            return replace(self.messages[str(node.get("messageRef"))], element_id=element_id)
        found = event_definitions(node)
        if not found:
            return Trigger(element_id)
        definition, kind = found[0], local_name(found[0])
        if kind == "timerEventDefinition":
            return _timer(element_id, definition)
        if kind == "messageEventDefinition":
            return replace(self.messages[str(definition.get("messageRef"))], element_id=element_id)
        if kind == "signalEventDefinition":
            return Signal(element_id, self.signals[str(definition.get("signalRef"))])
        if kind == "errorEventDefinition":
            return Error(element_id, self.errors.get(str(definition.get("errorRef", "")), ""))
        if kind == "escalationEventDefinition":
            return Escalation(element_id, self.escalations.get(str(definition.get("escalationRef", "")), ""))
        return Terminate(element_id)


def _timer(element_id: str, definition: Node) -> Timer:
    child = next(item for item in definition if isinstance(item.tag, str) and local_name(item).startswith("time"))
    how = cast(TimerKind, local_name(child).removeprefix("time").lower())
    return Timer(element_id, how, (child.text or "").strip())


def connect_scope(scope: Node, definitions: Definitions) -> ProcessSpec:
    """Return the specification of a process or an embedded sub-process."""
    scope_id = str(scope.get("id"))
    process = ProcessSpec(scope_id, is_body=scope_id.endswith("#body"))
    nodes = [child for child in scope if bpmn_name(child) in FLOW_NODES]
    for node in nodes:
        _make_spec(process, node, definitions)
    _connect_flows(process, scope)
    _connect_boundaries(process, nodes)
    start = next(node for node in nodes if local_name(node) == "startEvent")
    process.begins_at = str(start.get("id"))
    _prepare_joins(process)
    for spec in process.task_specs.values():
        if isinstance(spec, gateways.EventGateway):
            targets = [process.task_specs[branch.target] for branch in spec.branches]
            spec.triggers = tuple(target.trigger for target in targets)
    return process


def _make_spec(process: ProcessSpec, node: Node, definitions: Definitions) -> None:
    element_id, kind, ext = str(node.get("id")), local_name(node), read_extensions(node)
    hidden = "#" in element_id
    if ext.loop is None and ext.repeat is None:
        shown = element_id.removesuffix(CHOICE)  # so that an incident names what was drawn
        _fill(_class_of(kind, ext)(process, element_id, element_id=shown, ext=ext, hidden=hidden), node, definitions)
        return
    each = f"{element_id}#each"
    inner = _class_of(kind, ext)(process, each, element_id=element_id, ext=ext)
    _fill(inner, node, definitions)
    if ext.loop is not None:
        MultiInstance(process, element_id, each=each, loop=ext.loop, ext=PLAIN)
    elif ext.repeat is not None:
        StandardLoop(process, element_id, each=each, repeat=ext.repeat, ext=PLAIN)


def _class_of(kind: str, ext: Extensions) -> type[Spec]:
    if kind == "businessRuleTask" and ext.decision_id:
        return tasks.RuleTask
    if kind == "scriptTask" and ext.script:
        return tasks.ScriptTask
    return _CLASSES[kind]


def _fill(spec: Spec, node: Node, definitions: Definitions) -> None:
    if isinstance(spec, events.Catching | events.Throwing):
        spec.trigger = definitions.trigger(node)
    if isinstance(spec, events.Catching):
        spec.shown_id = definitions.shown_as.get(spec.element_id, "")
    if isinstance(spec, events.BoundaryEvent):
        spec.interrupting = node.get("cancelActivity", "true") == "true"
        spec.ends_scope = spec.interrupting and bool(spec.shown_id)
    if isinstance(spec, tasks.CallActivity):
        spec.inner = spec.ext.called
    elif isinstance(spec, tasks.SubProcess):
        spec.inner = spec.element_id
    if isinstance(spec, gateways.Choosing):
        spec.default_flow = str(node.get("default", ""))


def _connect_flows(process: ProcessSpec, scope: Node) -> None:
    """Connect in the order of the diagram file, which is the order in which conditions are asked."""
    for flow in xpath(scope, "./b:sequenceFlow"):
        flow_id = str(flow.get("id"))
        condition = "".join(item.text or "" for item in xpath(flow, "./b:conditionExpression")).strip()
        branch = Branch("" if "#" in flow_id else flow_id, str(flow.get("targetRef")), condition)
        process.task_specs[str(flow.get("sourceRef"))].branches.append(branch)


def _connect_boundaries(process: ProcessSpec, nodes: list[Node]) -> None:
    attached: dict[str, list[str]] = {}
    for node in nodes:
        if local_name(node) == "boundaryEvent":
            attached.setdefault(str(node.get("attachedToRef")), []).append(str(node.get("id")))
    for activity, boundaries in attached.items():
        split = Split(process, f"{activity}#split", element_id=activity, hidden=True)
        for spec in process.task_specs.values():
            spec.branches = [replace(b, target=split.name) if b.target == activity else b for b in spec.branches]
        split.branches = [Branch("", name) for name in (activity, *boundaries)]


def _prepare_joins(process: ProcessSpec) -> None:
    specs: dict[str, Any] = process.task_specs
    sources: dict[str, list[str]] = {}
    for name, spec in specs.items():
        for branch in spec.branches:
            sources.setdefault(branch.target, []).append(name)
    for name, spec in specs.items():
        if isinstance(spec, gateways.Joining):
            spec.sources = tuple(sources.get(name, ()))
        if isinstance(spec, gateways.InclusiveGateway):
            spec.upstream = {source: _upstream(source, sources, without=name) for source in spec.sources}


def _upstream(node: str, sources: dict[str, list[str]], *, without: str) -> frozenset[str]:
    found, todo = {node}, [node]
    while todo:
        for source in sources.get(todo.pop(), ()):
            if source not in found and source != without:
                found.add(source)
                todo.append(source)
    return frozenset(found)
