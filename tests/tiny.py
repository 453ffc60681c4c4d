"""Small process folders for tests, as text: a builder for diagrams in the dialect, and what a folder needs besides."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import pairwise
from xml.sax.saxutils import escape, quoteattr

_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"'
    ' xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
    ' xmlns:modeler="http://camunda.org/schema/modeler/1.0" id="definitions_tiny"'
    ' targetNamespace="http://bpmn.io/schema/bpmn" modeler:executionPlatform="Camunda Cloud"'
    ' modeler:executionPlatformVersion="8.8.0">\n'
)


def diagram(*body: str, process_id: str = "tiny", roots: str = "") -> str:
    """Return a diagram with one process."""
    inner = "\n".join(body)
    return (
        f'{_HEAD}<bpmn:process id="{process_id}" name="Tiny" isExecutable="true">\n{inner}\n</bpmn:process>\n'
        f"{roots}</bpmn:definitions>\n"
    )


def node(tag: str, element_id: str, *inner: str, name: str | None = None, **attributes: str) -> str:
    """Return an element; `inner` is its content."""
    extra = "".join(f" {key}={quoteattr(value)}" for key, value in attributes.items())
    label = quoteattr(name or element_id)
    return f"<bpmn:{tag} id={quoteattr(element_id)} name={label}{extra}>{''.join(inner)}</bpmn:{tag}>"


def extensions(*inner: str) -> str:
    """Return extension elements."""
    return f"<bpmn:extensionElements>{''.join(inner)}</bpmn:extensionElements>"


def mapping(inputs: Mapping[str, str] | None = None, outputs: Mapping[str, str] | None = None) -> str:
    """Return input and output mappings, target to source."""
    rows = [f"<zeebe:input source={quoteattr(s)} target={quoteattr(t)} />" for t, s in (inputs or {}).items()]
    rows += [f"<zeebe:output source={quoteattr(s)} target={quoteattr(t)} />" for t, s in (outputs or {}).items()]
    return f"<zeebe:ioMapping>{''.join(rows)}</zeebe:ioMapping>"


def properties(**values: str) -> str:
    """Return zeebe properties."""
    rows = "".join(f"<zeebe:property name={quoteattr(k)} value={quoteattr(v)} />" for k, v in values.items())
    return f"<zeebe:properties>{rows}</zeebe:properties>"


def user_task(element_id: str, *, form: str, group: str = "review_caseworker", extra: str = "", **props: str) -> str:
    """Return a user task with a form and a group."""
    return node(
        "userTask",
        element_id,
        extensions(
            "<zeebe:userTask />",
            f'<zeebe:formDefinition formId="{form}" bindingType="deployment" />',
            f'<zeebe:assignmentDefinition candidateGroups="{group}" />',
            extra,
            properties(**props) if props else "",
        ),
    )


def service_task(element_id: str, job: str, inputs: Mapping[str, str] | None = None, retries: int = 3) -> str:
    """Return a service task of a job type."""
    return node(
        "serviceTask",
        element_id,
        extensions(f'<zeebe:taskDefinition type="{job}" retries="{retries}" />', mapping(inputs)),
    )


def flow(source: str, target: str, condition: str | None = None) -> str:
    """Return a sequence flow, with a condition if one is given."""
    inner = ""
    if condition is not None:
        inner = (
            '<bpmn:conditionExpression xsi:type="bpmn:tFormalExpression">'
            f"{escape(condition)}</bpmn:conditionExpression>"
        )
    ends = f'id="{source}_to_{target}" sourceRef="{source}" targetRef="{target}"'
    return f"<bpmn:sequenceFlow {ends}>{inner}</bpmn:sequenceFlow>"


def chain(*ids: str) -> str:
    """Return the flows from each element to the next."""
    return "".join(flow(a, b) for a, b in pairwise(ids))


def timer(text: str, kind: str = "timeDuration") -> str:
    """Return a timer event definition."""
    return (
        f'<bpmn:timerEventDefinition><bpmn:{kind} xsi:type="bpmn:tFormalExpression">{escape(text)}</bpmn:{kind}>'
        "</bpmn:timerEventDefinition>"
    )


def form(form_id: str, *components: Mapping[str, object]) -> str:
    """Return a form."""
    schema = {
        "id": form_id,
        "type": "default",
        "schemaVersion": 19,
        "executionPlatform": "Camunda Cloud",
        "executionPlatformVersion": "8.8.0",
        "components": [{"id": f"field_{number}", **component} for number, component in enumerate(components)],
    }
    return json.dumps(schema, indent=2)


def folder(
    bpmn: str, forms: Mapping[str, str], *, dictionary: str = "", extra: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Return the files of a process folder called ``tiny``, with the lists at the root of the processes."""
    files = {
        "tiny/process.toml": 'key = "tiny"\ntitle = "Tiny"\nprocess = "tiny"\nowner = "Tests"\n',
        "tiny/tiny.bpmn": bpmn,
        "dictionary.toml": dictionary,
        "groups.toml": '[groups.review_caseworker]\ntitle = "Review caseworkers"\n'
        '[groups.review_team_leader]\ntitle = "Review team leaders"\n',
    }
    files |= {f"tiny/forms/{form_id}.form": text for form_id, text in forms.items()}
    return files | dict(extra or {})
