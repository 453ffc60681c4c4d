"""A small world for tests of engine.spiff: diagrams in a few words, a host, a run that may be stored at every turn."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from engine.evaluation import values_read
from engine.feel import compile_expression
from engine.spiff import (
    BpmnError,
    Deferred,
    Due,
    EvaluationFailed,
    Happening,
    Job,
    Program,
    Stored,
    Workflow,
    compile_program,
)

START = datetime(2026, 11, 22, 9, tzinfo=UTC)

# Diagrams -------------------------------------------------------------------------------------------------------------

HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?><bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" '
    'xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
    'xmlns:modeler="http://camunda.org/schema/modeler/1.0" modeler:executionPlatform="Camunda Cloud" '
    'modeler:executionPlatformVersion="8.8.0" id="D" targetNamespace="x">'
)


def extend(*parts: str) -> str:
    return "<bpmn:extensionElements>" + "".join(parts) + "</bpmn:extensionElements>"


def io(inputs: Mapping[str, str] | None = None, outputs: Mapping[str, str] | None = None) -> str:
    lines = [f'<zeebe:input source={quoteattr(v)} target="{k}"/>' for k, v in (inputs or {}).items()]
    lines += [f'<zeebe:output source={quoteattr(v)} target="{k}"/>' for k, v in (outputs or {}).items()]
    return "<zeebe:ioMapping>" + "".join(lines) + "</zeebe:ioMapping>"


def job(job_type: str, **headers: str) -> str:
    lines = "".join(f'<zeebe:header key="{k}" value={quoteattr(v)}/>' for k, v in headers.items())
    return f'<zeebe:taskDefinition type="{job_type}"/>' + (
        f"<zeebe:taskHeaders>{lines}</zeebe:taskHeaders>" if lines else ""
    )


def props(**values: str) -> str:
    lines = "".join(f'<zeebe:property name="{k}" value={quoteattr(v)}/>' for k, v in values.items())
    return f"<zeebe:properties>{lines}</zeebe:properties>"


def node(tag: str, element_id: str, *inner: str, **attributes: str) -> str:
    text = " ".join(f"{k}={quoteattr(v)}" for k, v in attributes.items())
    return f'<bpmn:{tag} id="{element_id}" {text}>' + "".join(inner) + f"</bpmn:{tag}>"


def user(element_id: str, *extensions: str, inner: str = "", **attributes: str) -> str:
    form = f'<zeebe:formDefinition formId="{element_id}" bindingType="deployment"/>'
    return node("userTask", element_id, extend("<zeebe:userTask/>", form, *extensions), inner, **attributes)


def service(element_id: str, job_type: str, *extensions: str, inner: str = "") -> str:
    return node("serviceTask", element_id, extend(job(job_type), *extensions), inner)


def log(element_id: str, *extensions: str) -> str:
    """A service task that only leaves its id in the trace."""
    return service(element_id, "log", *extensions)


def start(element_id: str = "s", *inner: str, **attributes: str) -> str:
    return node("startEvent", element_id, *inner, **attributes)


def end(element_id: str = "e", *inner: str) -> str:
    return node("endEvent", element_id, *inner)


def flow(source: str, target: str, condition: str = "", flow_id: str = "") -> str:
    inner = ""
    if condition:
        text = escape(condition)
        inner = f'<bpmn:conditionExpression xsi:type="bpmn:tFormalExpression">{text}</bpmn:conditionExpression>'
    name = flow_id or f"f_{source}_{target}"
    return f'<bpmn:sequenceFlow id="{name}" sourceRef="{source}" targetRef="{target}">{inner}</bpmn:sequenceFlow>'


def seq(*element_ids: str) -> str:
    return "".join(flow(a, b) for a, b in itertools.pairwise(element_ids))


def timer(text: str, kind: str = "timeDuration") -> str:
    return (
        f'<bpmn:timerEventDefinition><bpmn:{kind} xsi:type="bpmn:tFormalExpression">{escape(text)}</bpmn:{kind}>'
        "</bpmn:timerEventDefinition>"
    )


def many(
    collection: str,
    element: str,
    out: str = "",
    out_element: str = "",
    *,
    sequential: bool = False,
    until: str = "",
) -> str:
    output = f' outputCollection="{out}" outputElement={quoteattr(out_element)}' if out else ""
    loop = f'<zeebe:loopCharacteristics inputCollection={quoteattr(collection)} inputElement="{element}"{output}/>'
    condition = f"<bpmn:completionCondition>{escape(until)}</bpmn:completionCondition>" if until else ""
    marker = f'<bpmn:multiInstanceLoopCharacteristics isSequential="{str(sequential).lower()}">'
    return marker + extend(loop) + condition + "</bpmn:multiInstanceLoopCharacteristics>"


def process(process_id: str, *body: str, **attributes: str) -> str:
    return node("process", process_id, *body, isExecutable="true", **attributes)


def message(element_id: str, name: str, key: str = "") -> str:
    inner = extend(f"<zeebe:subscription correlationKey={quoteattr(key)}/>") if key else ""
    return f'<bpmn:message id="{element_id}" name="{name}">{inner}</bpmn:message>'


def on_message(element_id: str = "M1") -> str:
    return f'<bpmn:messageEventDefinition messageRef="{element_id}"/>'


def on_signal(element_id: str = "S1") -> str:
    return f'<bpmn:signalEventDefinition signalRef="{element_id}"/>'


def on_error(element_id: str = "E1") -> str:
    reference = f' errorRef="{element_id}"' if element_id else ""
    return f"<bpmn:errorEventDefinition{reference}/>"


def on_escalation(element_id: str = "X1") -> str:
    return f'<bpmn:escalationEventDefinition escalationRef="{element_id}"/>'


TERMINATE = "<bpmn:terminateEventDefinition/>"
ROOT = (
    '<bpmn:error id="E1" name="e1" errorCode="E1"/><bpmn:error id="E2" name="e2" errorCode="E2"/>'
    '<bpmn:escalation id="X1" name="x1" escalationCode="X1"/><bpmn:escalation id="X2" name="x2" escalationCode="X2"/>'
    '<bpmn:signal id="S1" name="sig"/>' + message("M1", "Hi", "=k") + message("M2", "Ho", "=k")
)


def diagram(*parts: str) -> bytes:
    return (HEAD + "".join(parts) + ROOT + "</bpmn:definitions>").encode()


def program(*body: str, more: str = "", **attributes: str) -> Program:
    return compile_program({"p.bpmn": diagram(process("p", *body, **attributes), more)}, "p")


# A host ---------------------------------------------------------------------------------------------------------------


Handler = Callable[[Job], Mapping[str, object] | Deferred]


class World:
    """The host of a test."""

    def __init__(self, handlers: Mapping[str, Handler] | None = None) -> None:
        self.now = START
        self.facts: dict[str, dict[str, object]] = {"case": {"nation": "scotland"}, "request": {"status": "New"}}
        self.happenings: list[Happening] = []
        self.jobs: list[Job] = []
        self.trace: list[Any] = []
        self.handlers: dict[str, Handler] = {"log": self._log, "later": lambda job: Deferred(), **(handlers or {})}

    def evaluate(self, expression: str, names: Mapping[str, object]) -> object:
        return compile_expression(expression).evaluate(names, now=self.now)

    def condition(self, expression: str, names: Mapping[str, object]) -> bool:
        value = self.evaluate(expression, names)
        if not isinstance(value, bool):
            raise EvaluationFailed(f"is {value!r}")
        return value

    def reading(self, texts: Sequence[str], names: Mapping[str, object]) -> str:
        return values_read(texts, names)

    def due(self, kind: str, text: str, names: Mapping[str, object]) -> Due:
        value = self.evaluate(text[1:], names) if text.startswith("=") else text
        if isinstance(value, datetime):
            return Due(value, text)
        if isinstance(value, timedelta):
            return Due(self.now + value, text)
        assert isinstance(value, str), value
        if kind == "date":
            return Due(datetime.fromisoformat(value), value)
        repeats, every = None, None
        if kind == "cycle":
            count, value = value.split("/")
            repeats, every = int(count[1:]) if count[1:] else None, value
        found = re.fullmatch(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?", value)
        assert found, value
        days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
        step = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
        return Due(self.now + step, text, repeats, every)

    def decide(self, decision_id: str, names: Mapping[str, object]) -> object:
        return {"decided": decision_id, "amount": names.get("amount")}

    def run_job(self, job: Job) -> Mapping[str, object] | Deferred:
        self.jobs.append(job)
        return self.handlers[job.type](job)

    def happened(self, event: Happening) -> None:
        self.happenings.append(event)

    def _log(self, job: Job) -> Mapping[str, object]:
        self.trace.append(next(iter(job.inputs.values())) if job.inputs else job.element_id)
        return {}

    def seen(self, *kinds: str) -> list[str]:
        return [event.element_id for event in self.happenings if event.kind in kinds]


def fail_with(code: str, **variables: object) -> Handler:
    def handler(job: Job) -> Mapping[str, object]:
        raise BpmnError(code, "it went wrong", variables)

    return handler


# A run ----------------------------------------------------------------------------------------------------------------


class Run:
    """One instance. When `stored`, it is written down and read back after every action, and also before it runs on."""

    def __init__(
        self,
        compiled: Program,
        *,
        stored: bool = False,
        handlers: Mapping[str, Handler] | None = None,
        variables: Mapping[str, Any] | None = None,
        world: World | None = None,
        at: str | None = None,
    ) -> None:
        self.program = compiled
        self.stored = stored
        self.world = world or World(handlers)
        self.signals: list[str] = []
        self.workflow = Workflow.start(compiled, variables or {"k": "K"}, self.world, start_element=at)
        self.go_on()

    def go_on(self) -> Run:
        """Run to rest after something happened."""
        self._reload()
        self.workflow.run_to_rest()
        self.signals += self.workflow.thrown_signals
        self._reload()
        return self

    def _reload(self) -> None:
        if self.stored:
            written = self.workflow.store()
            self.workflow = Workflow.restore(self.program, written, self.world)
            again = self.workflow.store()
            assert again == written

    def save(self) -> Stored:
        return self.workflow.store()

    def do(self, element_id: str, **values: Any) -> Run:
        task = next(t for t in self.workflow.open_tasks() if t.element_id == element_id)
        self.workflow.complete_task(task.token, values)
        return self.go_on()

    def wait(self, **duration: float) -> Run:
        self.world.now += timedelta(**duration)
        self.workflow.fire_due_timers()
        return self.go_on()

    def message(self, name: str = "Hi", key: str = "K", **payload: Any) -> bool:
        delivered = self.workflow.deliver_message(name, key, payload)
        self.go_on()
        return delivered

    def job_done(self, element_id: str, **result: Any) -> Run:
        self.workflow.complete_job(self._job(element_id), result)
        return self.go_on()

    def job_failed(self, element_id: str, code: str, **variables: Any) -> Run:
        self.workflow.throw_error(self._job(element_id), code, variables)
        return self.go_on()

    def _job(self, element_id: str) -> str:
        return next(w.token for w in self.workflow.open_waits() if w.kind == "job" and w.element_id == element_id)

    @property
    def trace(self) -> list[Any]:
        return self.world.trace

    @property
    def tasks(self) -> list[str]:
        return sorted(t.element_id for t in self.workflow.open_tasks())

    @property
    def waits(self) -> list[str]:
        return sorted(w.element_id for w in self.workflow.open_waits())

    @property
    def ended(self) -> bool:
        return self.workflow.is_completed

    @property
    def variables(self) -> dict[str, Any]:
        return self.workflow.variables
