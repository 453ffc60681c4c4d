"""A table of small diagrams with what BPMN 2.0 says of each: the order of elements, the data, the waits, the end.

The expectations are written by hand from the standard (chapters 10 and 13), for plain files and for Camunda 8 ones.
What is not run must be refused by the name of the element.
"""

from __future__ import annotations

import copy
import random
from dataclasses import dataclass, field
from typing import Any

import pytest
from lxml import etree

from engine.markup import BPMN
from engine.runner import run
from tests.engine.spiff_world import (
    HEAD,
    TERMINATE,
    diagram,
    end,
    extend,
    flow,
    io,
    job,
    many,
    node,
    on_error,
    on_escalation,
    on_message,
    on_signal,
    process,
    seq,
    service,
    start,
    timer,
    user,
)

ROOTS = (
    '<bpmn:message id="M1" name="Hi"/><bpmn:message id="M2" name="Ho"/><bpmn:signal id="S1" name="sig"/>'
    '<bpmn:error id="E1" name="e1" errorCode="E1"/><bpmn:error id="E2" name="e2" errorCode="E2"/>'
    '<bpmn:escalation id="X1" name="x1" escalationCode="X1"/><bpmn:escalation id="X2" name="x2" escalationCode="X2"/>'
)
PLAIN_HEAD = HEAD.partition("xmlns:modeler")[0] + 'id="D" targetNamespace="x">'


def plain(*parts: str) -> bytes:
    return (PLAIN_HEAD + ROOTS + "".join(parts) + "</bpmn:definitions>").encode()


def p(*body: str) -> bytes:
    """Return a plain file of one process."""
    return plain(process("p", *body))


def z(*body: str, more: str = "") -> bytes:
    """Return a Camunda 8 file of one process."""
    return diagram(process("p", *body), more)


def xor(element_id: str, **attributes: str) -> str:
    return node("exclusiveGateway", element_id, **attributes)


def par(element_id: str) -> str:
    return node("parallelGateway", element_id)


def inc(element_id: str, **attributes: str) -> str:
    return node("inclusiveGateway", element_id, **attributes)


def task(element_id: str) -> str:
    return node("task", element_id)


def ut(element_id: str, *inner: str) -> str:
    return node("userTask", element_id, *inner)


def catch(element_id: str, *inner: str) -> str:
    return node("intermediateCatchEvent", element_id, *inner)


def throw(element_id: str, *inner: str) -> str:
    return node("intermediateThrowEvent", element_id, *inner)


def on(element_id: str, host: str, *inner: str, also: bool = False) -> str:
    """Return a boundary event; `also` makes it non-interrupting."""
    return node("boundaryEvent", element_id, *inner, attachedToRef=host, cancelActivity=str(not also).lower())


def sub(element_id: str, *inner: str, **attributes: str) -> str:
    return node("subProcess", element_id, *inner, **attributes)


def handler(element_id: str, *definition: str, inner: str = "", also: bool = False) -> str:
    """Return an event sub-process whose start, task and end are named after it."""
    begins = start(f"{element_id}s", *definition, isInterrupting=str(not also).lower())
    body = inner or task(f"{element_id}t")
    parts = begins, body, end(f"{element_id}e"), seq(f"{element_id}s", f"{element_id}t", f"{element_id}e")
    return sub(element_id, *parts, triggeredByEvent="true")


def script(element_id: str, text: str) -> str:
    return node("scriptTask", element_id, f"<bpmn:script>{text}</bpmn:script>")


def feel(element_id: str, text: str, result: str) -> str:
    return node("scriptTask", element_id, extend(f'<zeebe:script expression="={text}" resultVariable="{result}"/>'))


def link(name: str) -> str:
    return f'<bpmn:linkEventDefinition name="{name}"/>'


def call(element_id: str, process_id: str, *extensions: str, children: bool = True) -> str:
    attributes = f'processId="{process_id}" propagateAllChildVariables="{str(children).lower()}"'
    return node("callActivity", element_id, extend(f"<zeebe:calledElement {attributes}/>", *extensions))


def do(*names: str, **last: Any) -> list[dict[str, Any]]:
    """Return steps that complete user tasks; the last one submits values."""
    return [{"complete": name, "with": last if name == names[-1] else {}} for name in names]


@dataclass(frozen=True)
class Row:
    """One row. `done` is the order of completed elements, as one text; None is not looked at."""

    name: str
    xml: bytes
    done: str | None = None
    status: str = "completed"
    steps: list[dict[str, Any]] = field(default_factory=list)
    given: dict[str, Any] = field(default_factory=dict)
    data: dict[str, Any] | None = None
    tasks: str | None = None
    waits: str | None = None
    at: str = ""
    jobs: dict[str, Any] = field(default_factory=dict)
    process: str | None = None


LOOP = (
    start(),
    script("n", "{n: n + 1}"),
    xor("in"),
    xor("out", default="d"),
    end(),
    seq("s", "in", "n", "out"),
    flow("out", "in", "n < 3", "back"),
    flow("out", "e", flow_id="d"),
)
FORK = (start(), par("f"), par("j"), end(), seq("s", "f"), seq("j", "e"))
CHOICE = (start(), task("a"), task("b"), xor("j"), end(), seq("j", "e"), seq("a", "j"), seq("b", "j"))
RACE = (
    start(),
    node("eventBasedGateway", "g"),
    catch("m", on_message()),
    catch("t", timer("PT1H")),
    catch("x", on_signal()),
    xor("j"),
    end(),
    seq("s", "g"),
    seq("g", "m", "j"),
    seq("g", "t", "j"),
    seq("g", "x", "j"),
    seq("j", "e"),
)


def bounded(event: str, *, host: str = "", also: bool = False) -> tuple[str, ...]:
    """Return a process whose task `u` has a boundary event `b` that leads to the task `h`."""
    return (
        start(),
        host or ut("u"),
        on("b", "u", event, also=also),
        task("h"),
        end(),
        end("e2"),
        seq("s", "u", "e"),
        seq("b", "h", "e2"),
    )


def inside(*body: str, event: str = "", also: bool = False) -> tuple[str, ...]:
    """Return a sub-process `u` with a boundary event."""
    return bounded(event, host=sub("u", *body), also=also)


WAIT_INSIDE = (start("si"), ut("w"), end("ei"), seq("si", "w", "ei"))

ROWS = [
    # Sequence, tasks, data
    Row("an empty process", p(start(), end(), seq("s", "e")), "s e"),
    Row("tasks in a row", p(start(), task("a"), node("manualTask", "b"), end(), seq("s", "a", "b", "e")), "s a b e"),
    Row("throw events without a kind", p(start(), throw("a"), end(), seq("s", "a", "e")), "s a e"),
    Row("a user task waits", p(start(), ut("u"), end(), seq("s", "u", "e")), "s", "waiting", tasks="u"),
    Row(
        "a user task gives its answers",
        p(start(), ut("u"), end(), seq("s", "u", "e")),
        "s u e",
        steps=do("u", ok=True),
        given={"a": 1},
        data={"a": 1, "ok": True},
    ),
    Row(
        "a script reads and writes",
        p(start(), script("a", "{b: a * 2}"), end(), seq("s", "a", "e")),
        "s a e",
        given={"a": 2},
        data={"a": 2, "b": 4},
    ),
    Row(
        "a script's value is named by its task",
        p(start(), script("a", "=1 + 1"), end(), seq("s", "a", "e")),
        data={"a": 2},
    ),
    Row(
        "a service task gives what its job returns",
        p(start(), node("serviceTask", "a", implementation="pay"), end(), seq("s", "a", "e")),
        jobs={"pay": {"returns": {"paid": True}}},
        data={"paid": True},
    ),
    Row(
        "a job that fails is an incident, and a retry goes on",
        p(start(), ut("u"), node("serviceTask", "a"), end(), seq("s", "u", "a", "e")),
        "s u a e",
        steps=[*do("u", x=1), {"retry": True}],
        jobs={"a": [{"fails": "down"}, {"returns": {}}]},
        data={"x": 1},
    ),
    Row(
        "a job that fails for good",
        p(start(), node("serviceTask", "a"), end(), seq("s", "a", "e")),
        "",
        "incident",
        jobs={"a": {"fails": "down"}},
        at="a",
    ),
    Row(
        "a send task throws its message",
        plain(
            process("p", start(), node("sendTask", "a", messageRef="M1"), end(), seq("s", "a", "e")),
            process("q", start("qs", on_message()), task("qt"), end("qe"), seq("qs", "qt", "qe")),
        ),
        "s a e qs qt qe",
    ),
    Row(
        "a receive task takes its message",
        p(start(), node("receiveTask", "a", messageRef="M1"), end(), seq("s", "a", "e")),
        "s a e",
        steps=[{"message": "Hi", "with": {"x": 1}}],
        data={"x": 1},
    ),
    Row(
        "an end without its gateway's partner",
        p(start(), par("f"), end(), end("e2"), seq("s", "f", "e"), seq("f", "e2")),
    ),
    Row(
        "decimals stay exact",
        p(start(), script("a", "{b: a + 0.1}"), end(), seq("s", "a", "e")),
        given={"a": 0.2},
        data={"a": 0.2, "b": 0.3},
    ),
    # Exclusive gateways
    Row(
        "the first true condition wins",
        p(*CHOICE, xor("g"), seq("s", "g"), flow("g", "a", "x > 1"), flow("g", "b", "x > 0")),
        "s g a j e",
        given={"x": 2},
    ),
    Row(
        "the next condition",
        p(*CHOICE, xor("g"), seq("s", "g"), flow("g", "a", "=x > 1"), flow("g", "b", "=x > 0")),
        "s g b j e",
        given={"x": 1},
    ),
    Row(
        "the default flow is last, wherever it is drawn",
        p(*CHOICE, xor("g", default="d"), seq("s", "g"), flow("g", "a", flow_id="d"), flow("g", "b", "x > 0")),
        "s g b j e",
        given={"x": 1},
    ),
    Row(
        "the default flow",
        p(*CHOICE, xor("g", default="d"), seq("s", "g"), flow("g", "a", flow_id="d"), flow("g", "b", "x > 0")),
        "s g a j e",
        given={"x": 0},
    ),
    Row(
        "no flow is true: an incident",
        p(*CHOICE, xor("g"), seq("s", "g"), flow("g", "a", "x > 1"), flow("g", "b", "x > 0")),
        None,
        "incident",
        given={"x": 0},
        at="g",
    ),
    Row(
        "a condition that is null: an incident",
        p(*CHOICE, xor("g", default="d"), seq("s", "g"), flow("g", "a", "x > 1"), flow("g", "b", flow_id="d")),
        None,
        "incident",
        at="g",
    ),
    Row("a loop", p(*LOOP), "s in n out in n out in n out e", given={"n": 0}, data={"n": 3}),
    Row(
        "a loop through a person",
        p(
            start(),
            xor("in"),
            ut("u"),
            xor("out", default="d"),
            end(),
            seq("s", "in", "u", "out"),
            flow("out", "in", "again"),
            flow("out", "e", flow_id="d"),
        ),
        "s in u out in u out e",
        steps=[*do("u", again=True), *do("u", again=False)],
    ),
    Row(
        "an exclusive merge lets each token through",
        p(
            start(),
            par("f"),
            task("a"),
            task("b"),
            xor("j"),
            task("c"),
            end(),
            seq("s", "f", "a", "j", "c", "e"),
            seq("f", "b", "j"),
        ),
        "s f a b j j c c e e",
    ),
    Row(
        "a task with two ways in takes each token",
        p(start(), par("f"), task("a"), task("b"), task("c"), end(), seq("s", "f", "a", "c", "e"), seq("f", "b", "c")),
        "s f a b c c e e",
    ),
    Row(
        "a loop without a wait and without an end",
        p(
            start(),
            xor("a"),
            task("b"),
            xor("g", default="d"),
            end(),
            seq("s", "a", "b", "g"),
            flow("g", "a", flow_id="d"),
            flow("g", "e", "false"),
        ),
        None,
        "incident",
    ),
    # Parallel gateways
    Row(
        "a join waits for all",
        p(*FORK, ut("a"), ut("b"), seq("f", "a", "j"), seq("f", "b", "j")),
        "s f b",
        "waiting",
        steps=do("b"),
        tasks="a",
    ),
    Row(
        "a join goes on when all are there",
        p(*FORK, ut("a"), ut("b"), seq("f", "a", "j"), seq("f", "b", "j")),
        "s f b a j e",
        steps=do("b", "a"),
    ),
    Row(
        "a fork in a loop joins anew in each lap",
        p(
            start(),
            xor("in"),
            par("f"),
            ut("a"),
            ut("b"),
            par("j"),
            xor("out", default="d"),
            end(),
            seq("s", "in", "f", "a", "j", "out"),
            seq("f", "b", "j"),
            flow("out", "in", "again"),
            flow("out", "e", flow_id="d"),
        ),
        "s in f a b j out in f b a j out e",
        steps=[*do("a"), *do("b", again=True), *do("b"), *do("a", again=False)],
    ),
    Row(
        "forks in forks",
        p(
            *FORK,
            par("f2"),
            par("j2"),
            task("a"),
            ut("b"),
            ut("c"),
            seq("f", "a", "j"),
            seq("f", "f2", "b", "j2", "j"),
            seq("f2", "c", "j2"),
        ),
        steps=do("c", "b"),
        done=None,
    ),
    Row(
        "what branches write stands for all",
        p(*FORK, ut("a"), ut("b"), seq("f", "a", "j"), seq("f", "b", "j")),
        steps=[*do("a", x=1), *do("b", y=2)],
        data={"x": 1, "y": 2},
    ),
    # Inclusive gateways
    *(
        Row(
            f"an inclusive split of {x}",
            p(
                start(),
                inc("f", default="d"),
                task("a"),
                task("b"),
                task("c"),
                inc("j"),
                end(),
                seq("s", "f"),
                seq("j", "e"),
                flow("f", "a", "x > 1"),
                flow("f", "b", "x > 0"),
                flow("f", "c", flow_id="d"),
                seq("a", "j"),
                seq("b", "j"),
                seq("c", "j"),
            ),
            done,
            given={"x": x},
        )
        for x, done in ((2, "s f a b j e"), (1, "s f b j e"), (0, "s f c j e"))
    ),
    Row(
        "an inclusive join waits for those that can still come",
        p(
            start(),
            inc("f"),
            ut("a"),
            ut("b"),
            inc("j"),
            end(),
            seq("s", "f"),
            seq("j", "e"),
            flow("f", "a", "x > 1"),
            flow("f", "b", "x > 0"),
            seq("a", "j"),
            seq("b", "j"),
        ),
        "s f b",
        "waiting",
        steps=do("b"),
        given={"x": 2},
        tasks="a",
    ),
    # Event-based gateways
    Row("an event gateway waits for all", p(*RACE), "s", "waiting", waits="m t x"),
    Row("the message comes first", p(*RACE), "s g m j e", steps=[{"message": "Hi", "with": {"a": 1}}], data={"a": 1}),
    Row("the time comes first", p(*RACE), "s g t j e", steps=[{"wait": "PT1H"}, {"message": "Hi"}]),
    Row("the signal comes first", p(*RACE), "s g x j e", steps=[{"wait": "PT59M"}, {"signal": "sig"}]),
    Row(
        "an event gateway in a loop waits anew",
        p(
            start(),
            xor("in"),
            node("eventBasedGateway", "g"),
            catch("m", on_message()),
            catch("t", timer("PT1H")),
            end(),
            seq("s", "in", "g"),
            seq("g", "m", "in"),
            seq("g", "t", "e"),
        ),
        "s in g m in g t e",
        steps=[{"wait": "PT50M"}, {"message": "Hi"}, {"wait": "PT50M"}, {"wait": "PT10M"}],
    ),
    # Boundary events on tasks
    *(
        Row(f"a boundary {kind} ends its task", p(*bounded(event)), "s b h e2", steps=[step])
        for kind, event, step in (
            ("timer", timer("P1D"), {"wait": "P1D"}),
            ("message", on_message(), {"message": "Hi"}),
            ("signal", on_signal(), {"signal": "sig"}),
        )
    ),
    *(
        Row(f"a boundary {kind} beside its task", p(*bounded(event, also=True)), "s b h e2 u e", steps=[step, *do("u")])
        for kind, event, step in (
            ("timer", timer("P1D"), {"wait": "P1D"}),
            ("message", on_message(), {"message": "Hi"}),
            ("signal", on_signal(), {"signal": "sig"}),
        )
    ),
    Row("a boundary timer that does not come", p(*bounded(timer("P1D"))), "s u e", steps=[*do("u"), {"wait": "P2D"}]),
    Row(
        "a boundary message beside its task comes twice",
        p(*bounded(on_message(), also=True)),
        "s b h e2 b h e2 u e",
        steps=[{"message": "Hi"}, {"message": "Hi"}, *do("u")],
    ),
    Row(
        "a boundary cycle comes as often as it says",
        p(*bounded(timer("R2/PT1H", "timeCycle"), also=True)),
        "s b h e2 b h e2 u e",
        steps=[{"wait": "PT9H"}, *do("u")],
    ),
    Row(
        "a boundary error catches its code",
        p(*bounded(on_error(), host=node("serviceTask", "u"))),
        "s b h e2",
        jobs={"u": {"error": {"code": "E1"}}},
    ),
    Row(
        "a boundary error without a code catches all",
        p(*bounded(on_error(""), host=node("serviceTask", "u"))),
        "s b h e2",
        jobs={"u": {"error": {"code": "ANY"}}},
    ),
    Row(
        "a boundary error of another code",
        p(*bounded(on_error(), host=node("serviceTask", "u"))),
        None,
        "incident",
        jobs={"u": {"error": {"code": "E2"}}},
        at="u",
    ),
    Row(
        "an error of a job that waited",
        p(*bounded(on_error(), host=node("serviceTask", "u"))),
        "s b h e2",
        jobs={"u": {"waits": True}},
        steps=[{"job": "u", "error": {"code": "E1", "variables": {"why": "no"}}}],
        data={"why": "no"},
    ),
    # Sub-processes
    Row(
        "a sub-process",
        p(start(), sub("u", start("si"), task("a"), end("ei"), seq("si", "a", "ei")), end(), seq("s", "u", "e")),
        "s si a ei u e",
    ),
    Row(
        "a sub-process ends when all its tokens have",
        p(
            start(),
            sub(
                "u",
                start("si"),
                par("f"),
                ut("a"),
                end("ea"),
                ut("b"),
                end("eb"),
                seq("si", "f", "a", "ea"),
                seq("f", "b", "eb"),
            ),
            end(),
            seq("s", "u", "e"),
        ),
        "s si f a ea b eb u e",
        steps=do("a", "b"),
    ),
    Row(
        "a sub-process shares the variables",
        p(
            start(),
            sub("u", start("si"), script("a", "{x: x + 1}"), end("ei"), seq("si", "a", "ei")),
            end(),
            seq("s", "u", "e"),
        ),
        given={"x": 1},
        data={"x": 2},
    ),
    Row(
        "a terminate end ends its sub-process only",
        p(
            start(),
            sub(
                "u",
                start("si"),
                par("f"),
                ut("a"),
                end("ea"),
                end("et", TERMINATE),
                seq("si", "f", "a", "ea"),
                seq("f", "et"),
            ),
            task("t"),
            end(),
            seq("s", "u", "t", "e"),
        ),
        "s si f et u t e",
    ),
    Row(
        "a terminate end ends the process",
        p(start(), par("f"), ut("a"), end("ea"), end("et", TERMINATE), seq("s", "f", "a", "ea"), seq("f", "et")),
        "s f et",
    ),
    *(
        Row(f"a boundary {kind} ends a sub-process", p(*inside(*WAIT_INSIDE, event=event)), "s si b h e2", steps=[step])
        for kind, event, step in (
            ("timer", timer("P1D"), {"wait": "P1D"}),
            ("message", on_message(), {"message": "Hi"}),
            ("signal", on_signal(), {"signal": "sig"}),
        )
    ),
    Row(
        "a boundary timer beside a sub-process",
        p(*inside(*WAIT_INSIDE, event=timer("P1D"), also=True)),
        "s si b h e2 w ei u e",
        steps=[{"wait": "P1D"}, *do("w")],
    ),
    Row(
        "an error end leaves its sub-process",
        p(*inside(start("si"), end("ei", on_error()), seq("si", "ei"), event=on_error())),
        "s si ei b h e2",
    ),
    Row(
        "an error goes up through sub-processes",
        p(
            *inside(
                start("si"),
                sub("v", start("sv"), end("ev", on_error()), seq("sv", "ev")),
                end("ei"),
                seq("si", "v", "ei"),
                event=on_error(),
            )
        ),
        "s si sv ev b h e2",
    ),
    Row(
        "an error that nothing catches",
        p(start(), end("e", on_error()), seq("s", "e")),
        None,
        "incident",
        at="e",
    ),
    Row(
        "an escalation end, interrupting",
        p(*inside(start("si"), end("ei", on_escalation()), seq("si", "ei"), event=on_escalation())),
        "s si ei b h e2",
    ),
    Row(
        "an escalation thrown, not interrupting",
        p(
            *inside(
                start("si"),
                throw("x", on_escalation()),
                ut("w"),
                end("ei"),
                seq("si", "x", "w", "ei"),
                event=on_escalation(),
                also=True,
            )
        ),
        "s si x b h e2 w ei u e",
        steps=do("w"),
    ),
    Row(
        "an escalation thrown, interrupting",
        p(
            *inside(
                start("si"),
                throw("x", on_escalation()),
                ut("w"),
                end("ei"),
                seq("si", "x", "w", "ei"),
                event=on_escalation(),
            )
        ),
        "s si x b h e2",
    ),
    Row(
        "an escalation that nothing catches",
        p(start(), throw("x", on_escalation()), end(), seq("s", "x", "e")),
        "s x e",
    ),
    Row(
        "a signal from inside ends the sub-process",
        p(
            *inside(
                start("si"), throw("x", on_signal()), ut("w"), end("ei"), seq("si", "x", "w", "ei"), event=on_signal()
            )
        ),
        "s si x b h e2",
    ),
    # Event sub-processes
    *(
        Row(
            f"an event sub-process of a {kind}, interrupting",
            p(start(), ut("u"), end(), seq("s", "u", "e"), handler("h", event)),
            "s hs ht he h",
            steps=[step],
        )
        for kind, event, step in (
            ("timer", timer("P1D"), {"wait": "P1D"}),
            ("message", on_message(), {"message": "Hi"}),
            ("signal", on_signal(), {"signal": "sig"}),
        )
    ),
    *(
        Row(
            f"an event sub-process of a {kind}, beside",
            p(start(), ut("u"), end(), seq("s", "u", "e"), handler("h", event, also=True)),
            "s hs ht he h u e",
            steps=[step, *do("u")],
        )
        for kind, event, step in (
            ("timer", timer("P1D"), {"wait": "P1D"}),
            ("message", on_message(), {"message": "Hi"}),
            ("signal", on_signal(), {"signal": "sig"}),
        )
    ),
    Row(
        "an event sub-process of an error",
        p(start(), node("serviceTask", "u"), end(), seq("s", "u", "e"), handler("h", on_error())),
        "s hs ht he h",
        jobs={"u": {"error": {"code": "E1"}}},
    ),
    Row(
        "an event sub-process of an escalation, beside",
        p(start(), throw("x", on_escalation()), end(), seq("s", "x", "e"), handler("h", on_escalation(), also=True)),
        None,
    ),
    Row(
        "the process lasts as long as its event sub-process",
        p(start(), ut("u"), end(), seq("s", "u", "e"), handler("h", on_message(), inner=ut("ht"), also=True)),
        "s hs u e",
        "waiting",
        steps=[{"message": "Hi"}, *do("u")],
        tasks="ht",
    ),
    Row(
        "an event sub-process inside a sub-process",
        p(start(), sub("u", *WAIT_INSIDE, handler("h", on_message())), end(), seq("s", "u", "e")),
        "s si hs ht he h u e",
        steps=[{"message": "Hi"}],
    ),
    Row(
        "an event sub-process whose timer cannot be worked out",
        p(start(), ut("u"), end(), seq("s", "u", "e"), handler("h", timer("=wait"))),
        None,
        "incident",
        at="h",
    ),
    # Links
    Row(
        "a link",
        p(start(), throw("a", link("L")), catch("b", link("L")), end(), seq("s", "a"), seq("b", "e")),
        "s a b e",
    ),
    Row(
        "two links to one target",
        p(
            start(),
            xor("g", default="d"),
            throw("a", link("L")),
            throw("c", link("L")),
            catch("b", link("L")),
            end(),
            seq("s", "g"),
            flow("g", "a", "x"),
            flow("g", "c", flow_id="d"),
            seq("b", "e"),
        ),
        "s g c b e",
        given={"x": False},
    ),
    # Timers
    Row(
        "a timer waits",
        p(start(), catch("t", timer("P1D")), end(), seq("s", "t", "e")),
        "s",
        "waiting",
        steps=[{"wait": "PT23H"}],
        waits="t",
    ),
    Row(
        "a timer comes due",
        p(start(), catch("t", timer("P1D")), end(), seq("s", "t", "e")),
        "s t e",
        steps=[{"wait": "P1D"}],
    ),
    Row("a timer of no time", p(start(), catch("t", timer("PT0S")), end(), seq("s", "t", "e")), "s t e"),
    Row(
        "a date",
        p(start(), catch("t", timer("2026-01-06T09:00:00Z", "timeDate")), end(), seq("s", "t", "e")),
        "s t e",
        steps=[{"wait_until": "2026-01-06T09:00:00Z"}],
    ),
    Row(
        "a date that has passed",
        p(start(), catch("t", timer("2020-01-06T09:00:00+01:00", "timeDate")), end(), seq("s", "t", "e")),
        "s t e",
    ),
    Row(
        "a duration from a variable",
        p(start(), catch("t", timer("=wait")), end(), seq("s", "t", "e")),
        "s t e",
        given={"wait": "PT5M"},
        steps=[{"wait": "PT5M"}],
    ),
    Row(
        "a process that a date starts waits for it",
        p(start("s", timer("2026-01-06T09:00:00Z", "timeDate")), end(), seq("s", "e")),
        "",
        "waiting",
        steps=[{"wait": "PT1H"}],
        waits="s",
    ),
    Row(
        "a process that a cycle starts",
        p(start("s", timer("R3/PT1H", "timeCycle")), end(), seq("s", "e")),
        "s e s e",
        steps=[{"wait": "PT2H"}],
    ),
    # Messages and signals between instances
    Row(
        "a process that a message starts",
        p(start("s", on_message()), task("a"), end(), seq("s", "a", "e")),
        "s a e",
        steps=[{"message": "Hi", "with": {"x": 1}}],
        data={"x": 1},
    ),
    Row(
        "a process that a message starts, twice",
        p(start("s", on_message()), ut("a"), end(), seq("s", "a", "e")),
        "s s",
        "waiting",
        steps=[{"message": "Hi"}, {"message": "Hi"}],
        tasks="a a",
    ),
    Row(
        "a process that a signal starts",
        p(start("s", on_signal()), end(), seq("s", "e")),
        "s e",
        steps=[{"signal": "sig"}],
    ),
    Row(
        "a message that nobody waits for is lost",
        p(start(), ut("u"), catch("m", on_message()), end(), seq("s", "u", "m", "e")),
        "s u",
        "waiting",
        steps=[{"message": "Hi"}, *do("u")],
        waits="m",
    ),
    Row(
        "a message of another name",
        p(start(), catch("m", on_message()), end(), seq("s", "m", "e")),
        "s",
        "waiting",
        steps=[{"message": "Ho"}],
        waits="m",
    ),
    Row(
        "a signal is not kept",
        p(start(), throw("x", on_signal()), catch("c", on_signal()), end(), seq("s", "x", "c", "e")),
        "s x",
        "waiting",
        waits="c",
    ),
    Row(
        "a signal is heard in a parallel branch",
        p(*FORK, catch("c", on_signal()), throw("x", on_signal()), seq("f", "c", "j"), seq("f", "x", "j")),
        "s f x c j e",
    ),
    Row(
        "a signal end reaches other instances",
        plain(
            process("p", start(), end("e", on_signal()), seq("s", "e")),
            process("q", start("qs", on_signal()), end("qe"), seq("qs", "qe")),
        ),
        "s e qs qe",
    ),
    Row(
        "instances answer each other",
        plain(
            process(
                "p",
                start(),
                throw("ask", on_message("M1")),
                catch("hear", on_message("M2")),
                end(),
                seq("s", "ask", "hear", "e"),
            ),
            process("q", start("qs", on_message("M1")), task("qt"), end("qe", on_message("M2")), seq("qs", "qt", "qe")),
        ),
        "s ask qs qt qe hear e",
    ),
    Row(
        "a join that an interrupted branch never reaches is an incident, and what was done stays",
        p(
            *FORK,
            ut("a"),
            ut("c"),
            on("b", "a", timer("PT1H")),
            end("e2"),
            seq("f", "a", "j"),
            seq("f", "c", "j"),
            seq("b", "e2"),
        ),
        "s f b e2 c",
        "incident",
        steps=[{"wait": "PT2H"}, *do("c", x=1)],
        data={"x": 1},
        at="j",
    ),
    Row(
        "an error in a handler goes outwards",
        p(
            start(),
            sub(
                "u",
                start("si"),
                end("ei", on_error()),
                seq("si", "ei"),
                handler("h", on_error(), inner=sub("ht", start("hi"), end("ho", on_error()), seq("hi", "ho"))),
            ),
            on("b", "u", on_error()),
            end("e2"),
            end(),
            seq("s", "u", "e"),
            seq("b", "e2"),
        ),
        "s si ei hs hi ho b e2",
    ),
    Row(
        "the code wins over the catch-all",
        p(
            start(),
            node("serviceTask", "u"),
            on("b", "u", on_error("")),
            on("c", "u", on_error()),
            end("e1"),
            end("e2"),
            end(),
            seq("s", "u", "e"),
            seq("b", "e1"),
            seq("c", "e2"),
        ),
        "s c e2",
        jobs={"u": {"error": {"code": "E1"}}},
    ),
    Row(
        "the nearer catch-all wins over the code further out",
        p(
            start(),
            sub(
                "v",
                start("sv"),
                sub("u", start("si"), end("ei", on_error()), seq("si", "ei")),
                on("b", "u", on_error("")),
                end("e1"),
                end("ev"),
                seq("sv", "u", "ev"),
                seq("b", "e1"),
            ),
            on("c", "v", on_error()),
            end("e2"),
            end(),
            seq("s", "v", "e"),
            seq("c", "e2"),
        ),
        "s sv si ei b e1 v e",
    ),
    Row(
        "the earlier of two timers",
        p(
            start(),
            node("eventBasedGateway", "g"),
            catch("a", timer("P2D")),
            catch("b", timer("P1D")),
            end(),
            end("e2"),
            seq("s", "g"),
            seq("g", "a", "e"),
            seq("g", "b", "e2"),
        ),
        "s g b e2",
        steps=[{"wait": "P3D"}],
    ),
    Row(
        "one message reaches one of two",
        p(*FORK, catch("a", on_message()), catch("b", on_message()), seq("f", "a", "j"), seq("f", "b", "j")),
        "s f a",
        "waiting",
        steps=[{"message": "Hi"}],
        waits="b",
    ),
    Row(
        "a signal reaches every instance",
        p(start("s", on_message()), catch("c", on_signal()), end(), seq("s", "c", "e")),
        "s s c e c e",
        steps=[{"message": "Hi"}, {"message": "Hi"}, {"signal": "sig"}],
    ),
    Row(
        "a terminate end in a called process ends that one",
        plain(
            process(
                "p", start(), node("callActivity", "c", calledElement="q"), task("t"), end(), seq("s", "c", "t", "e")
            ),
            process(
                "q",
                start("qs"),
                par("f"),
                ut("a"),
                end("ea"),
                end("et", TERMINATE),
                seq("qs", "f", "a", "ea"),
                seq("f", "et"),
            ),
        ),
        "s qs f et c t e",
    ),
    Row(
        "an escalation leaves a call",
        plain(
            process("p", *bounded(on_escalation(), host=node("callActivity", "u", calledElement="q"), also=True)),
            process("q", start("qs"), throw("x", on_escalation()), ut("w"), end("qe"), seq("qs", "x", "w", "qe")),
        ),
        "s qs x b h e2 w qe u e",
        steps=do("w"),
    ),
    Row(
        "a link inside a sub-process",
        p(
            start(),
            sub(
                "u",
                start("si"),
                throw("a", link("L")),
                catch("b", link("L")),
                end("ei"),
                seq("si", "a"),
                seq("b", "ei"),
            ),
            end(),
            seq("s", "u", "e"),
        ),
        "s si a b ei u e",
    ),
    Row(
        "two marks of time on one task",
        p(
            start(),
            ut("u"),
            on("b", "u", timer("PT1H"), also=True),
            on("c", "u", timer("PT2H")),
            end("e1"),
            end("e2"),
            end(),
            seq("s", "u", "e"),
            seq("b", "e1"),
            seq("c", "e2"),
        ),
        "s b e1 c e2",
        steps=[{"wait": "PT3H"}],
    ),
    # Calls
    Row(
        "a plain call shares and returns",
        plain(
            process("p", start(), node("callActivity", "c", calledElement="q"), end(), seq("s", "c", "e")),
            process("q", start("qs"), script("qt", "{y: x + 1}"), end("qe"), seq("qs", "qt", "qe")),
        ),
        "s qs qt qe c e",
        given={"x": 1},
        data={"x": 1, "y": 2},
    ),
    Row(
        "an error leaves a call",
        plain(
            process("p", *bounded(on_error(), host=node("callActivity", "u", calledElement="q"))),
            process("q", start("qs"), end("qe", on_error()), seq("qs", "qe")),
        ),
        "s qs qe b h e2",
    ),
    Row(
        "a boundary timer ends a call",
        plain(
            process("p", *bounded(timer("P1D"), host=node("callActivity", "u", calledElement="q"))),
            process("q", start("qs"), ut("w"), end("qe"), seq("qs", "w", "qe")),
        ),
        "s qs b h e2",
        steps=[{"wait": "P1D"}],
    ),
    # Camunda 8
    Row(
        "zeebe: a user task",
        z(start(), user("u"), end(), seq("s", "u", "e")),
        "s u e",
        steps=do("u", a=1),
        data={"a": 1},
    ),
    Row(
        "zeebe: a user task without a form",
        z(start(), node("userTask", "u", extend("<zeebe:userTask/>")), end(), seq("s", "u", "e")),
        "s u e",
        steps=do("u"),
    ),
    Row(
        "zeebe: a service task's mappings",
        z(start(), service("a", "pay", io({"n": "=x + 1"}, {"paid": "=ok"})), end(), seq("s", "a", "e")),
        "s a e",
        given={"x": 1},
        jobs={"pay": {"returns": {"ok": True, "noise": 1}}},
        data={"x": 1, "paid": True},
    ),
    Row(
        "zeebe: a script",
        z(start(), feel("a", "x + 1", "y"), end(), seq("s", "a", "e")),
        given={"x": 1},
        data={"x": 1, "y": 2},
    ),
    Row(
        "zeebe: a message by its key",
        z(start(), catch("m", on_message()), end(), seq("s", "m", "e")),
        "s m e",
        given={"k": "A"},
        steps=[{"message": "Hi", "key": "B"}, {"message": "Hi", "key": "A"}],
    ),
    Row(
        "zeebe: a message of another key",
        z(start(), catch("m", on_message()), end(), seq("s", "m", "e")),
        "s",
        "waiting",
        given={"k": "A"},
        steps=[{"message": "Hi", "key": "B"}],
        waits="m",
    ),
    Row(
        "zeebe: a key of null is an incident",
        z(start(), catch("m", on_message()), end(), seq("s", "m", "e")),
        None,
        "incident",
        at="m",
    ),
    Row(
        "zeebe: a thrown message carries its key",
        diagram(
            process(
                "p",
                start(),
                node("intermediateThrowEvent", "x", extend(job("send")), on_message("M1")),
                end(),
                seq("s", "x", "e"),
            ),
            process("q", start("qs", on_message()), end("qe"), seq("qs", "qe")),
        ),
        "s x e qs qe",
        given={"k": "A"},
        process="p",
    ),
    Row(
        "zeebe: a call returns only what it maps",
        diagram(
            process(
                "p", start(), call("c", "q", io({"a": "=x"}, {"z": "=y"}), children=False), end(), seq("s", "c", "e")
            ),
            process("q", start("qs"), feel("qt", "a + 1", "y"), end("qe"), seq("qs", "qt", "qe")),
        ),
        given={"x": 1},
        data={"x": 1, "z": 2},
        process="p",
    ),
    Row(
        "zeebe: a user task that a worker would ask",
        z(start(), node("userTask", "u"), end(), seq("s", "u", "e")),
        "s u e",
        steps=do("u"),
    ),
    Row(
        "zeebe: a boundary timer ends every instance",
        z(
            start(),
            sub("u", many("=l", "i"), start("si"), user("w"), end("ei"), seq("si", "w", "ei")),
            on("b", "u", timer("P1D")),
            end("e2"),
            end(),
            seq("s", "u", "e"),
            seq("b", "e2"),
        ),
        "s si si b e2",
        given={"l": [1, 2]},
        steps=[{"wait": "P1D"}],
    ),
    Row(
        "zeebe: a sub-process's mappings",
        z(
            start(),
            sub(
                "u",
                extend(io({"a": "=x"}, {"y": "=b"})),
                start("si"),
                feel("t", "a + 1", "b"),
                end("ei"),
                seq("si", "t", "ei"),
            ),
            end(),
            seq("s", "u", "e"),
        ),
        given={"x": 1},
        data={"x": 1, "b": 2, "y": 2},
    ),
    Row(
        "zeebe: a message's mappings",
        z(
            start(),
            node("intermediateCatchEvent", "m", extend(io({}, {"y": "=x"})), on_message()),
            end(),
            seq("s", "m", "e"),
        ),
        given={"k": "K"},
        steps=[{"message": "Hi", "key": "K", "with": {"x": 5, "noise": 2}}],
        data={"k": "K", "y": 5},
    ),
    Row(
        "zeebe: a multi-instance in parallel",
        z(start(), user("u", inner=many("=l", "i", "r", "=i * f")), end(), seq("s", "u", "e")),
        None,
        given={"l": [1, 2]},
        steps=[*do("u", f=10), *do("u", f=100)],
        data={"l": [1, 2], "r": [10, 200]},
    ),
    Row(
        "zeebe: a multi-instance one after the other",
        z(start(), user("u", inner=many("=l", "i", "r", "=i", sequential=True)), end(), seq("s", "u", "e")),
        None,
        "waiting",
        given={"l": [1, 2]},
        tasks="u",
    ),
    Row(
        "zeebe: a multi-instance that is done early",
        z(
            start(),
            user("u", inner=many("=l", "i", "r", "=i", until="=numberOfCompletedInstances >= 1")),
            end(),
            seq("s", "u", "e"),
        ),
        None,
        given={"l": [1, 2, 3]},
        steps=do("u"),
    ),
    Row(
        "zeebe: a multi-instance of nothing",
        z(start(), user("u", inner=many("=l", "i", "r", "=i")), end(), seq("s", "u", "e")),
        None,
        given={"l": []},
        data={"l": [], "r": []},
    ),
    Row(
        "zeebe: a multi-instance of no list",
        z(start(), user("u", inner=many("=l", "i", "r", "=i")), end(), seq("s", "u", "e")),
        None,
        "incident",
        at="u",
    ),
    Row(
        "zeebe: a decision that is not there",
        z(
            start(),
            node("businessRuleTask", "r", extend('<zeebe:calledDecision decisionId="no" resultVariable="x"/>')),
            end(),
            seq("s", "r", "e"),
        ),
        None,
        "refused",
    ),
    Row(
        "zeebe: a business rule task as a job",
        z(start(), node("businessRuleTask", "r", extend(job("rate"))), end(), seq("s", "r", "e")),
        "s r e",
        jobs={"rate": {"returns": {"x": 1}}},
        data={"x": 1},
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_diagram_does_what_the_standard_says(row: Row) -> None:
    case = {"variables": row.given, "jobs": row.jobs, "step": row.steps}
    result = run(row.xml, case | ({"process": row.process} if row.process else {}))
    told = result.as_json()
    assert result.status == row.status, told
    assert result.stopped is None, told
    if row.done is not None:
        assert " ".join(result.completed) == row.done
    if row.data is not None:
        assert {name: _number(value) for name, value in result.data.items()} == row.data
    if row.tasks is not None:
        assert " ".join(result.tasks) == row.tasks
    if row.waits is not None:
        assert " ".join(sorted(wait["element"] for wait in result.waits)) == row.waits
    if row.at:
        assert result.incident is not None
        assert result.incident["element"] == row.at


def _number(value: Any) -> Any:
    return value if isinstance(value, str | bool | list) or value is None else float(value)


@dataclass(frozen=True)
class Refused:
    """A diagram that is not run; `element` is the one that the findings must name."""

    name: str
    xml: bytes
    element: str


def doubtful(inner: str, *more: str) -> bytes:
    """Return a plain process with one element `g` between start and end."""
    return p(start(), inner, end(), seq("s", "g", "e"), *more)


REFUSED = [
    Refused("a complex gateway", doubtful(node("complexGateway", "g")), "g"),
    Refused("a transaction", doubtful(node("transaction", "g")), "g"),
    Refused("an ad-hoc sub-process", doubtful(node("adHocSubProcess", "g", task("a"))), "g"),
    Refused("a standard loop", doubtful(node("task", "g", "<bpmn:standardLoopCharacteristics/>")), "g"),
    Refused(
        "compensation",
        p(start(), task("g"), on("b", "g", "<bpmn:compensateEventDefinition/>"), end(), seq("s", "g", "e")),
        "b",
    ),
    Refused("a compensation throw", doubtful(throw("g", "<bpmn:compensateEventDefinition/>")), "g"),
    Refused("a cancel end", p(start(), end("g", "<bpmn:cancelEventDefinition/>"), seq("s", "g")), "g"),
    Refused(
        "a conditional event",
        doubtful(
            catch(
                "g",
                "<bpmn:conditionalEventDefinition><bpmn:condition>x</bpmn:condition></bpmn:conditionalEventDefinition>",
            )
        ),
        "g",
    ),
    Refused(
        "a definition by reference", doubtful(catch("g", "<bpmn:eventDefinitionRef>x</bpmn:eventDefinitionRef>")), "g"
    ),
    Refused("several definitions", doubtful(catch("g", on_message(), on_signal())), "g"),
    Refused("a start quantity", doubtful(node("task", "g", startQuantity="2")), "g"),
    Refused("a completion quantity", doubtful(node("task", "g", completionQuantity="2")), "g"),
    Refused(
        "a parallel multiple event",
        doubtful(node("intermediateCatchEvent", "g", on_signal(), parallelMultiple="true")),
        "g",
    ),
    Refused(
        "an instantiating receive task",
        p(node("receiveTask", "g", messageRef="M1", instantiate="true"), end(), seq("g", "e")),
        "g",
    ),
    Refused("a process without a start", p(task("g"), end(), seq("g", "e")), "p"),
    Refused("a dead end", p(start(), task("g"), seq("s", "g")), "g"),
    Refused("an element that nothing reaches", p(start(), task("g"), end(), seq("s", "e"), seq("g", "e")), "g"),
    Refused("an id used twice", p(start(), task("g"), task("g"), end(), seq("s", "g", "e")), "g"),
    Refused(
        "a flow across a border",
        p(start(), sub("u", start("a"), end("b"), seq("a", "b")), end(), seq("s", "u", "e"), flow("a", "e", "", "g")),
        "g",
    ),
    Refused("an event without its message", doubtful(catch("g", "<bpmn:messageEventDefinition/>")), "g"),
    Refused("an event of a message that is not there", doubtful(catch("g", on_message("M9"))), "g"),
    Refused("an end event with a way out", p(start(), end("g"), end(), seq("s", "g", "e")), "g"),
    Refused(
        "a boundary event with a way in",
        p(start(), ut("u"), on("g", "u", timer("P1D")), end(), seq("s", "u", "e"), seq("s", "g", "e")),
        "g",
    ),
    Refused(
        "a boundary event on nothing", p(start(), on("g", "zz", timer("P1D")), end(), seq("s", "e"), seq("g", "e")), "g"
    ),
    Refused("a link without a partner", p(start(), throw("g", link("L")), end(), seq("s", "g")), "g"),
    Refused("a timer that cannot be read", doubtful(catch("g", timer("tomorrow"))), "g"),
    Refused(
        "a condition of another engine",
        p(*CHOICE, xor("x"), seq("s", "x"), flow("x", "a", "${x}", "g"), flow("x", "b", "y")),
        "g",
    ),
    Refused(
        "a condition that cannot be read",
        p(*CHOICE, xor("x"), seq("s", "x"), flow("x", "a", "1 +", "g"), flow("x", "b", "y")),
        "g",
    ),
    Refused(
        "a script in another language",
        doubtful(node("scriptTask", "g", "<bpmn:script>x = 1</bpmn:script>", scriptFormat="python")),
        "g",
    ),
    Refused(
        "a call that never ends",
        p(start(), node("callActivity", "g", calledElement="p"), end(), seq("s", "g", "e")),
        "g",
    ),
    Refused("a call of nothing", doubtful(node("callActivity", "g", calledElement="zz")), "g"),
    Refused("an event sub-process without an event", p(start(), end(), seq("s", "e"), handler("g")), "gs"),
    Refused(
        "a join that can never be",
        p(
            *CHOICE[:3],
            xor("x", default="d"),
            par("g"),
            end(),
            seq("s", "x"),
            flow("x", "a", "y"),
            flow("x", "b", flow_id="d"),
            seq("a", "g", "e"),
            seq("b", "g"),
        ),
        "g",
    ),
    Refused(
        "a listener",
        z(
            start(),
            user(
                "g",
                '<zeebe:taskListeners><zeebe:taskListener eventType="creating" type="x"/></zeebe:taskListeners>',
            ),
            end(),
            seq("s", "g", "e"),
        ),
        "g",
    ),
    Refused(
        "an extension of another engine",
        doubtful(ut("g", extend('<c:x xmlns:c="http://camunda.org/schema/1.0/bpmn"/>'))),
        "g",
    ),
    Refused("a file that is no BPMN", b"<html/>", "line 1"),
]


@pytest.mark.parametrize("row", REFUSED, ids=lambda row: row.name)
def test_what_is_not_run_is_refused_by_name(row: Refused) -> None:
    result = run(row.xml)
    assert result.status == "refused"
    errors = [finding for finding in result.findings if finding.severity == "error"]
    assert row.element in {finding.element for finding in errors}
    assert not result.completed


WORDS = (
    "",
    "x y",
    "=",
    "=1",
    "${x}",
    "true",
    "false",
    "-1",
    "#",
    "ünï",
    "Start",
    "=null",
    "PT0S",
    "R/PT1S",
    "9" * 60,
    "=x +",
)
NAMES = (
    "id",
    "name",
    "default",
    "attachedToRef",
    "cancelActivity",
    "triggeredByEvent",
    "sourceRef",
    "targetRef",
    "{u:x}z",
    "messageRef",
    "errorRef",
    "calledElement",
    "isExecutable",
    "instantiate",
    "processRef",
    "implementation",
    "xyz",
)


def spoilt(xml: bytes, rng: random.Random) -> bytes:
    """Return a file with a few things removed, doubled, moved, renamed or overwritten."""
    root = etree.fromstring(xml)
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        nodes = list(root.iter())
        node, other = rng.choice(nodes[1:]), rng.choice(nodes)
        parent = node.getparent()
        assert parent is not None
        words = [*(str(n.get("id")) for n in nodes if n.get("id")), *WORDS]
        attribute = str(rng.choice([*node.attrib, *NAMES]))
        match rng.randrange(8):
            case 0:
                parent.remove(node)
            case 1:
                node.addnext(copy.deepcopy(node))
            case 2:
                node.attrib.pop(attribute, None)
            case 3:
                node.set(attribute, rng.choice(words))
            case 4:
                node.tag = rng.choice([*(n.tag for n in nodes), f"{{{BPMN}}}transaction", "{u:x}y"])
            case 5 if node not in other.iterancestors() and node is not other:
                other.append(node)
            case 6:
                node.text = rng.choice(words)
            case _:
                node.set(rng.choice(NAMES), node.attrib.pop(attribute, "x"))
    return etree.tostring(root)


@pytest.mark.parametrize("seed", range(4))
def test_a_spoilt_file_is_run_or_refused_and_never_a_fault_of_ours(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(60):
        row = rng.choice(ROWS)
        xml = spoilt(row.xml, rng)
        result = run(xml, {"variables": row.given, "jobs": row.jobs, "step": row.steps})
        assert result.status in ("completed", "waiting", "incident", "refused"), xml
        assert "check-failed" not in {finding.rule for finding in result.findings}, xml
        assert (result.status == "refused") == any(f.severity == "error" for f in result.findings), xml
