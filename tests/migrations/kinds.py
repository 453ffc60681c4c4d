"""Stories in which every kind of element that can wait does wait: the diagrams of the golden files beside the first."""

from __future__ import annotations

from tests.engine import spiff_world as write
from tests.engine.spiff_world import end, extend, io, job, log, many, node, process, seq, start, timer, user

DATE = timer("2026-12-24T09:00:00+00:00", "timeDate")
DURATION = timer("P1D")
CYCLE = timer("R2/P1D", "timeCycle")
TRIGGERS = {"message": write.on_message("M2"), "signal": write.on_signal(), "date": DATE, "duration": DURATION}
STAYS = {**TRIGGERS, "cycle": CYCLE}
ANY = '<bpmn:error id="E0" name="any"/>', '<bpmn:escalation id="X0" name="any"/>'
CALLED = process("called", start("cs"), user("cu"), end("ce"), seq("cs", "cu", "ce"))
INSIDE = start("is") + user("iu") + end("ie") + seq("is", "iu", "ie")
LOOPS = {
    "once": "",
    "parallel": many("=[1, 2]", "item", "results", "=item"),
    "sequential": many("=[1, 2]", "item", "results", "=item", sequential=True),
    "until": many("=[1, 2, 3]", "item", until="=numberOfCompletedInstances >= 2"),
    "number": (
        "<bpmn:multiInstanceLoopCharacteristics><bpmn:loopCardinality>=2</bpmn:loopCardinality>"
        "</bpmn:multiInstanceLoopCharacteristics>"
    ),
    "number_sequential": (
        '<bpmn:multiInstanceLoopCharacteristics isSequential="true"><bpmn:loopCardinality>=2</bpmn:loopCardinality>'
        "</bpmn:multiInstanceLoopCharacteristics>"
    ),
    "loop_maximum": '<bpmn:standardLoopCharacteristics loopMaximum="2"/>',
    "loop_condition": (
        "<bpmn:standardLoopCharacteristics><bpmn:loopCondition>=loopCounter &lt; 2</bpmn:loopCondition>"
        "</bpmn:standardLoopCharacteristics>"
    ),
    "loop_before": (
        '<bpmn:standardLoopCharacteristics testBefore="true"><bpmn:loopCondition>=loopCounter &lt; 2'
        "</bpmn:loopCondition></bpmn:standardLoopCharacteristics>"
    ),
}


def activities(loop: str) -> dict[str, str]:
    """Return every kind of activity that can wait, by its id."""
    later = extend(job("later"), io({"given": "=k"}))
    return {
        "user": user("user", io({"given": "=k"}), inner=loop),
        "service": node("serviceTask", "service", later, loop),
        "send": node("sendTask", "send", later, loop),
        "script": node("scriptTask", "script", later, loop),
        "rule": node("businessRuleTask", "rule", later, loop),
        "receive": node("receiveTask", "receive", loop, messageRef="M1"),
        "sub": node("subProcess", "sub", loop, INSIDE),
        "call": node("callActivity", "call", extend('<zeebe:calledElement processId="called"/>'), loop),
    }


def side_by_side(elements: dict[str, str], *more: str) -> bytes:
    """Return a process in which all the elements wait at once."""
    ways = "".join(seq("split", name, "join") for name in elements)
    gateways = node("parallelGateway", "split") + node("parallelGateway", "join")
    line = seq("s", "split") + seq("join", "e")
    return write.diagram(process("p", start(), end(), gateways, *elements.values(), ways, line), *more)


def catches() -> bytes:
    """Return every event that waits in the flow, thrown messages whose job is out, and an event-based gateway."""
    thrown = extend(job("later")), write.on_message()
    elements = {name: node("intermediateCatchEvent", name, trigger) for name, trigger in STAYS.items()}
    elements["throw"] = node("intermediateThrowEvent", "throw", *thrown)
    inner = start("ms") + node("endEvent", "thrown", *thrown) + seq("ms", "thrown")
    elements["ends"] = node("subProcess", "ends", inner)
    behind = [node("intermediateCatchEvent", f"g{name}", text) for name, text in {**STAYS, "cycle": CYCLE}.items()]
    asks = node("receiveTask", "asks", messageRef="M1") + node("intermediateCatchEvent", "or", DURATION)
    ways = seq("gs", "gate") + "".join(seq("gate", f"g{name}", "ge") for name in STAYS)
    inside = start("gs") + node("eventBasedGateway", "gate") + "".join(behind) + end("ge") + ways
    elements["gates"] = node("subProcess", "gates", inside)
    ways = seq("qs", "asking", "asks", "qe") + seq("asking", "or", "qe")
    inside = start("qs") + node("eventBasedGateway", "asking") + asks + end("qe") + ways
    elements["asked"] = node("subProcess", "asked", inside)
    return side_by_side(elements)


def attached(*, stays: bool) -> bytes:
    """Return an activity with every boundary event; some stand for every code."""
    more = {"escalation": write.on_escalation(), "every": write.on_escalation("X0")}
    more |= {} if stays else {"error": write.on_error(), "any": write.on_error("E0")}
    body = [start(), node("subProcess", "sub", INSIDE), end(), seq("s", "sub", "e")]
    for name, trigger in (STAYS | more).items():
        cancels = "false" if stays else "true"
        event = node("boundaryEvent", name, trigger, attachedToRef="sub", cancelActivity=cancels)
        body += [event, log(f"l{name}"), end(f"e{name}"), seq(name, f"l{name}", f"e{name}")]
    return write.diagram(process("p", *body), *ANY)


def handled(*, stays: bool) -> bytes:
    """Return a process and a sub-process with every event sub-process; one of those that stay runs already."""
    more = {"escalation": write.on_escalation()} | ({} if stays else {"error": write.on_error()})
    handlers = []
    for name, trigger in (STAYS | more).items():
        begins = start(name, trigger, isInterrupting="false" if stays else "true")
        inner = begins + user(f"u{name}") + end(f"e{name}") + seq(name, f"u{name}", f"e{name}")
        handlers.append(node("subProcess", f"h{name}", inner, triggeredByEvent="true"))
    sub = node("subProcess", "sub", start("bs"), user("bu"), end("be"), seq("bs", "bu", "be"), *handlers)
    return write.diagram(process("p", start(), sub, end(), seq("s", "sub", "e")))


def gateways() -> bytes:
    """Return a join of each kind that has some of its tokens, and two starts that meet in one task."""
    fork = node("inclusiveGateway", "inc") + node("inclusiveGateway", "inc_join")
    ways = [write.flow("inc", f"i{n}", "=true") + user(f"i{n}") + seq(f"i{n}", "inc_join") for n in range(3)]
    more = node("startEvent", "other", write.on_message())
    handler = node(
        "subProcess", "h", start("hs", write.on_signal(), isInterrupting="false"), user("hu"), end("he"),
        seq("hs", "hu", "he"), triggeredByEvent="true",
    )  # fmt: skip
    body = start(), more, fork, *ways, end(), seq("s", "inc"), seq("other", "inc"), seq("inc_join", "e"), handler
    return write.diagram(process("p", *body))


def kinds() -> dict[str, tuple[bytes, list[object]]]:
    """Return name -> diagram and what is done before the state is stored."""
    found: dict[str, tuple[bytes, list[object]]] = {
        f"activities_{name}": (side_by_side(activities(loop), CALLED), []) for name, loop in LOOPS.items()
    }
    found["activities_parallel_begun"] = (
        side_by_side(activities(LOOPS["parallel"]), CALLED),
        [["do", "user", {"a": 1}], ["job", "send", {"b": [1, {"c": "d"}]}], ["do", "iu", {"a": 2}]],
    )
    found["events_in_the_flow"] = (catches(), [])
    found["boundary_events_that_interrupt"] = (attached(stays=False), [])
    found["boundary_events_that_stay"] = (attached(stays=True), [["wait", 1], ["message", "Ho", {"a": 1}]])
    found["boundary_events_that_stay_armed"] = (attached(stays=True), [])
    found["event_sub_processes_that_interrupt"] = (handled(stays=False), [])
    found["event_sub_processes_that_stay"] = (handled(stays=True), [["wait", 1], ["message", "Ho", {"a": 1}]])
    found["some_ways_of_an_inclusive_gateway"] = (gateways(), [["do", "i1", {}], ["signal", "sig", {}]])
    submitted = write.diagram(process("p", start(), user("u"), user("v"), end(), seq("s", "u", "v", "e")))
    found["a_submit_that_was_kept"] = (submitted, [["keep", "u", {"x": 1}]])
    return found
