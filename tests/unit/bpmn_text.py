"""Small BPMN files for tests, written as text: only what a test is about has to be said."""

from __future__ import annotations

from itertools import pairwise
from xml.sax.saxutils import quoteattr

_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"
  xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI" xmlns:dc="http://www.omg.org/spec/DD/20100524/DC"
  xmlns:di="http://www.omg.org/spec/DD/20100524/DI" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0"
  xmlns:modeler="http://camunda.org/schema/modeler/1.0" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
  xmlns:camunda="http://camunda.org/schema/1.0/bpmn" id="definitions" targetNamespace="http://example.org/redress" """
DIALECT = 'modeler:executionPlatform="Camunda Cloud" modeler:executionPlatformVersion="8.8.0"'


def file(*parts: str, plain: bool = False) -> str:
    """Return a whole file: processes, messages and whatever else stands at the root."""
    return f"{_HEAD}{'' if plain else DIALECT}>{''.join(parts)}</bpmn:definitions>"


def process(*parts: str, id: str = "p") -> str:
    """Return a process."""
    return f'<bpmn:process id="{id}" isExecutable="true">{"".join(parts)}</bpmn:process>'


def diagram(*parts: str, root: str = "", plain: bool = False) -> str:
    """Return a file with one process and what stands beside it."""
    return file(process(*parts), root, plain=plain)


def node(kind: str, id: str, inner: str = "", **attributes: str) -> str:
    """Return one element; attributes as keywords."""
    written = "".join(f" {name}={quoteattr(value)}" for name, value in attributes.items())
    return f'<bpmn:{kind} id="{id}"{written}>{inner}</bpmn:{kind}>'


def start(id: str = "start") -> str:
    """Return a plain start event."""
    return node("startEvent", id)


def end(id: str = "end", inner: str = "") -> str:
    """Return an end event."""
    return node("endEvent", id, inner)


def extensions(inner: str) -> str:
    """Return extension elements; `z` stands for the zeebe prefix in what follows."""
    written = inner.replace("<z:", "<zeebe:").replace("</z:", "</zeebe:")
    return f"<bpmn:extensionElements>{written}</bpmn:extensionElements>"


def user(id: str, inner: str = "", more: str = "", form: str = "", group: str = "review_caseworker") -> str:
    """Return a user task with a group; a form only where it is named."""
    form_text = f'<z:formDefinition formId="{form}"/>' if form else ""
    assigned = f'<z:assignmentDefinition candidateGroups="{group}"/>' if group else ""
    return node("userTask", id, extensions(f"<z:userTask/>{form_text}{assigned}{more}") + inner)


def service(
    id: str, type: str = "add_note", inputs: str = '<z:input source="x" target="text"/>', more: str = ""
) -> str:
    """Return a service task."""
    text = f'<z:taskDefinition type="{type}"/><z:ioMapping>{inputs}</z:ioMapping>{more}'
    return node("serviceTask", id, extensions(text))


def script(id: str, expression: str = "=1", result: str = "x") -> str:
    """Return a script task with a FEEL expression."""
    return node(
        "scriptTask", id, extensions(f'<z:script expression={quoteattr(expression)} resultVariable="{result}"/>')
    )


def flow(source: str, target: str, condition: str | None = None, id: str = "") -> str:
    """Return a sequence flow, named source_target unless it is given an id."""
    text = f"<bpmn:conditionExpression>{_escaped(condition)}</bpmn:conditionExpression>" if condition else ""
    return node(
        "sequenceFlow",
        id or f"{source}_{target}".replace("__", "_").replace(" ", ""),
        text,
        sourceRef=source,
        targetRef=target,
    )


def chain(*ids: str) -> str:
    """Return the flows that lead from each to the next."""
    return "".join(flow(first, second) for first, second in pairwise(ids))


def timer(kind: str, text: str) -> str:
    """Return a timer definition: kind is timeDuration, timeDate or timeCycle."""
    return f"<bpmn:timerEventDefinition><bpmn:{kind}>{_escaped(text)}</bpmn:{kind}></bpmn:timerEventDefinition>"


def definition(kind: str, **attributes: str) -> str:
    """Return an event definition: message, error, signal ..."""
    written = "".join(f" {name}={quoteattr(value)}" for name, value in attributes.items())
    return f"<bpmn:{kind}EventDefinition{written}/>"


def message(id: str = "m", name: str = "reply", key: str = "=request.number") -> str:
    """Return a message at the root of a file."""
    subscription = extensions(f"<z:subscription correlationKey={quoteattr(key)}/>") if key else ""
    return node("message", id, subscription, name=name)


def straight(*nodes: tuple[str, str], root: str = "", plain: bool = False, more: str = "") -> str:
    """Return a file whose process runs straight through the given (id, text) nodes, from a start to an end."""
    ids = [identity for identity, _ in nodes]
    texts = "".join(text for _, text in nodes)
    return diagram(start(), texts, end(), chain("start", *ids, "end"), more, root=root, plain=plain)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
